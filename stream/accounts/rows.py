"""State rows of an account: a chunk of its ledger each, small however large the account is."""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.ordinary import shared_source
from schemas.rows import ROW_VERSION, ChunkRow, UnreadableRow, body_of, stamp
from schemas.types import ACTIVITY_TYPES
from stream.accounts.account import Account
from stream.accounts.attaching import attach
from stream.accounts.entry import Entry
from stream.accounts.ledger import EVERY_BIT, restore_entry, weight

SHAPES = {int(row.kind): row.struct for row in ACTIVITY_TYPES}
CHUNK_MARK = b"\0"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ChunkRow).decode


def chunk_key(account_key: bytes, chunk: int) -> bytes:
    """The state key of a chunk: the account's record key, a NUL (which no id holds), the chunk's number."""
    return account_key + CHUNK_MARK + b"%d" % chunk


def split_chunk_key(key: bytes) -> tuple[bytes, int]:
    """The account's record key and the chunk's number."""
    account_key, _, chunk = key.rpartition(CHUNK_MARK)
    return account_key, int(chunk)


def encode_chunk(account: Account, chunk: int, offset: int) -> bytes:
    """A chunk as a state row that reflects every record below ``offset``."""
    entries = [entry.packed() for entry in account.chunks[chunk]]
    forgotten = [mark for mark, at in account.forgotten.items() if at == chunk]
    return stamp(offset, _encode(ChunkRow(ROW_VERSION, account.settled, entries, forgotten)))


def decode_account(tenant: str, subject: str, rows: dict[int, bytes]) -> Account:
    """An account from its rows, by chunk number. Raises UnreadableRow for rows of another version."""
    account = Account(tenant, subject)
    account.chunks = [[] for _ in range(max(rows) + 1)]
    for chunk, raw in sorted(rows.items()):
        row = _decode(body_of(raw))
        if row.version != ROW_VERSION:
            raise UnreadableRow(f"row of {tenant}/{subject} has version {row.version}; this build reads {ROW_VERSION}")
        if row.settled is not None and (account.settled is None or row.settled > account.settled):
            account.settled = row.settled
        if row.forgotten:
            account.forgotten = {**account.forgotten, **dict.fromkeys(row.forgotten, chunk)}
            account.seen = EVERY_BIT  # only fingerprints are left of them
        for packed in row.entries:
            entry = _entry(packed, chunk)
            account.chunks[chunk].append(entry)
            restore_entry(account, entry)
            if not entry.voided:
                attach(account, entry)
    if account.settled is not None:
        account.settled_ms = account.settled[0]
        account.calm_after_ms = max(account.calm_after_ms, account.settled_ms)
    account.last_weight = sum(weight(entry) for entry in account.chunks[-1])
    return account


def _entry(packed: list[Any], chunk: int) -> Entry:
    kind, time_ms, source, event_id, revision, voided, backfill, received_ms, _, fields = packed
    data = None if fields is None else msgspec.convert(fields, SHAPES[kind])
    return Entry(kind, time_ms, shared_source(source), event_id, revision, voided, backfill, received_ms, chunk, data)
