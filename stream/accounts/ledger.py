"""The ledger: which events an account remembers by identity, in which row each is stored, and when some settle.

Events that open, price or close something are remembered for ever. Touches, e-mails, tickets and the like settle: from
the first in order, each until the first whose time or receipt is younger than the horizon on the log clock, or whose
deal is still open. One that sorts before the settled ones is too old, so nothing admissible is ever forgotten.
Settling never changes what the account contributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final

from mypy_extensions import i64

from stream.accounts.account import FOREVER_MS, NONE_FORGOTTEN, Account, Deal
from stream.accounts.entry import Entry, entry_key, insert_sorted
from stream.accounts.history import earliest_deal
from stream.accounts.identities import hold, indexed, let_go
from stream.accounts.kinds import KEPT_KINDS, LONG_KINDS, SETTLING_KINDS

CHUNK_WEIGHT = 64
"""A row is full at this weight; a write stays small however large the account is, and however long its orders."""

LINES_PER_WEIGHT = 4

FINGERPRINT_BYTES = 8
SEEN_BITS: Final = 61
EVERY_BIT = 2**SEEN_BITS - 1


def seen_bit(event_id: str) -> i64:
    """The bit in `Account.seen` of an event's id: one in 61."""
    mixed: i64 = hash(event_id)
    one: i64 = 1
    return one << (mixed % SEEN_BITS)


def remember(account: Account, entry: Entry) -> None:
    """Store a new identity in the last row that has room."""
    account.seen |= seen_bit(entry.id)
    account.unindexed += 1
    _store(account, entry)
    note_unsettled(account, entry)


def weight(entry: Entry) -> int:
    """How much of a row an entry takes: 1, and 1 for every few lines or splits."""
    if entry.kind not in LONG_KINDS or entry.voided:
        return 1
    lines = getattr(entry.data, "lines", None) or ()
    splits = getattr(entry.data, "splits", None) or ()
    return 1 + (len(lines) + len(splits)) // LINES_PER_WEIGHT


def _store(account: Account, entry: Entry) -> None:
    """Put an entry into the last row, or into a new one where that is full."""
    chunks = account.chunks
    if not chunks or account.last_weight >= CHUNK_WEIGHT:
        chunks.append([])
        account.last_weight = 0
    entry.chunk = len(chunks) - 1
    chunks[-1].append(entry)
    account.last_weight += weight(entry)
    account.dirty_chunks |= 1 << entry.chunk


def restore_entry(account: Account, entry: Entry) -> None:
    """Note an entry read back from its row; a settled touch has no identity left."""
    account.unindexed += 1
    if entry.source:
        account.seen |= seen_bit(entry.id)
        note_unsettled(account, entry)


def replace(account: Account, old: Entry, new: Entry) -> None:
    """Store a higher revision in the place of the one it replaces, or anew where it is larger."""
    hold(account, new)
    chunk = account.chunks[old.chunk]
    account.dirty_chunks |= 1 << old.chunk
    is_last = chunk is account.chunks[-1]
    if weight(new) <= weight(old):
        new.chunk = old.chunk
        chunk[_place(chunk, old)] = new
        account.last_weight += (weight(new) - weight(old)) * is_last
    else:  # a row may be full of entries that all grow
        del chunk[_place(chunk, old)]
        account.last_weight -= weight(old) * is_last
        _store(account, new)
    if old.kind in SETTLING_KINDS and not old.voided:
        if account.unsettled is not None:
            account.unsettled.remove(old)
        if account.first_touch is old:
            account.first_touch = min(_remembered(account), key=entry_key, default=None)
    note_unsettled(account, new)


def is_settled(account: Account, entry: Entry) -> bool:
    """Whether an event that settles sorts before the settled ones, or one repeats the identity of one of them."""
    if entry.kind in SETTLING_KINDS and account.settled is not None and entry_key(entry) <= account.settled:
        return True
    if not account.forgotten or not account.seen & seen_bit(entry.id):
        return False
    return fingerprint(entry.identity) in account.forgotten


def fingerprint(identity: str) -> int:
    """64 bits by which a settled identity is known again, should it come back with a later time."""
    return int.from_bytes(blake2b(identity.encode(), digest_size=FINGERPRINT_BYTES).digest(), "big")


def settle(account: Account, before_ms: int) -> None:
    """Settle events whose time and receipt lie before ``before_ms``: the log clock less the horizon.

    All of them are indexed and attached.
    """
    account.settle_from_ms = FOREVER_MS  # unless the first that is left is only too young
    if account.unsettled is None:
        account.unsettled = sorted(_remembered(account), key=entry_key)
    due = 0
    for entry in account.unsettled:
        if not _is_due(account, entry, before_ms):
            break
        _forget(account, entry)
        due += 1
    del account.unsettled[:due]
    account.first_touch = account.unsettled[0] if account.unsettled else None
    first = account.first_touch
    if first is not None and (first.time_ms >= before_ms or first.received_ms >= before_ms):
        account.settle_from_ms = max(first.time_ms, first.received_ms)


def look_again(account: Account) -> None:
    """An event came that may have closed a deal: the first touch may settle now."""
    first = account.first_touch
    account.settle_from_ms = FOREVER_MS if first is None else max(first.time_ms, first.received_ms)


def _remembered(account: Account) -> Iterator[Entry]:
    """What settles and is still in the ledger with its identity."""
    return (entry for entry in indexed(account) if entry.kind in SETTLING_KINDS and not entry.voided)


def _is_due(account: Account, entry: Entry, before_ms: int) -> bool:
    if entry.time_ms >= before_ms or entry.received_ms >= before_ms:
        return False
    deal_id, lead_id = getattr(entry.data, "deal", None), getattr(entry.data, "lead", None)
    deal: Deal | None = None
    if deal_id is not None:
        deal = account.deals.get(deal_id)
        if deal is None:
            return False  # a deal that was only mentioned is open
    elif lead_id is not None:
        deal = earliest_deal(account, lead_id, FOREVER_MS)
    return deal is None or deal.close_at(FOREVER_MS) is not None


def _forget(account: Account, entry: Entry) -> None:
    """Drop an entry's identity, and all of one that contributes nothing; what the account contributes stays."""
    account.settled = entry_key(entry)
    account.settled_ms = entry.time_ms
    account.calm_after_ms = max(account.calm_after_ms, entry.time_ms)
    if account.forgotten is NONE_FORGOTTEN:
        account.forgotten = {}
    account.forgotten[fingerprint(entry.identity)] = entry.chunk
    let_go(account, entry)
    account.dirty_chunks |= 1 << entry.chunk
    if entry.kind not in KEPT_KINDS:
        chunk = account.chunks[entry.chunk]
        del chunk[_place(chunk, entry)]
        if chunk is account.chunks[-1]:
            account.last_weight -= weight(entry)
    entry.source = entry.id = ""


def _place(chunk: list[Entry], entry: Entry) -> int:
    return next(at for at, candidate in enumerate(chunk) if candidate is entry)


def note_unsettled(account: Account, entry: Entry) -> None:
    """Let an event that settles do so in its turn."""
    if entry.kind in SETTLING_KINDS and not entry.voided:
        if account.unsettled is not None:
            insert_sorted(account.unsettled, entry)
        first = account.first_touch
        if first is None or (entry.time_ms <= first.time_ms and entry_key(entry) < entry_key(first)):
            account.first_touch = entry
            account.settle_from_ms = max(entry.time_ms, entry.received_ms)
