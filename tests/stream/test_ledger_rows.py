"""Rows of the ledger stay small, whatever an account holds."""

from __future__ import annotations

import json

from schemas.event import Event, decode
from stream.accounts.account import Account
from stream.accounts.entry import PackedEntry
from stream.accounts.fold import fold
from stream.accounts.identities import indexed
from stream.accounts.rows import decode_account, encode_chunk
from stream.accounts.tail import index_tail

NEVER_MS = -(2**62)
ROW_BYTES_MAX = 262_144
LINES = 1_000
ORDERS = 100


def order(number: int, lines: int, revision: int = 0) -> Event:
    """An order of so many lines."""
    raw = {
        "specversion": "1.0",
        "id": f"o{number}",
        "source": "shop",
        "type": "sales.order.placed",
        "time": f"2026-03-02T10:{number % 60:02}:00Z",
        "subject": "A-1",
        "revision": revision,
        "data": {
            "order": f"O-{number}",
            "currency": "EUR",
            "lines": [{"product": f"product-{n}", "qty": 1, "unit_price_minor": n} for n in range(lines)],
        },
    }
    event = decode(json.dumps(raw).encode())
    assert isinstance(event, Event)
    return event


def rows_of(account: Account) -> dict[int, bytes]:
    """All rows of an account."""
    return {chunk: encode_chunk(account, chunk, 0) for chunk in range(len(account.chunks))}


def remembered(account: Account) -> dict[str, PackedEntry]:
    """Every remembered event by identity."""
    index_tail(account)
    return {entry.identity: entry.packed() for entry in indexed(account)}


def test_many_long_orders_make_many_rows() -> None:
    account = Account("default", "A-1")
    for number in range(ORDERS):
        fold(account, order(number, LINES), 0, settle_before_ms=NEVER_MS)
    rows = rows_of(account)
    assert max(map(len, rows.values())) < ROW_BYTES_MAX
    assert remembered(decode_account("default", "A-1", rows)) == remembered(account)


def test_short_orders_that_grow_by_revision_leave_their_row() -> None:
    account = Account("default", "A-1")
    for number in range(ORDERS):
        fold(account, order(number, 1), 0, settle_before_ms=NEVER_MS)
    for number in range(ORDERS):
        fold(account, order(number, LINES, revision=1), 0, settle_before_ms=NEVER_MS)
    rows = rows_of(account)
    assert max(map(len, rows.values())) < ROW_BYTES_MAX
    assert remembered(decode_account("default", "A-1", rows)) == remembered(account)


def test_which_row_an_event_goes_to_hangs_on_what_the_rows_hold_alone() -> None:
    """An account that was read back in between writes the same rows as one that never was."""
    kept, read_back = Account("default", "A-1"), Account("default", "A-1")
    for number in range(ORDERS):
        lines, again = (40, 4) if number % 2 else (4, 40)
        for event in (order(number, lines), order(number, again, revision=1)):
            for account in (kept, read_back):
                fold(account, event, 0, settle_before_ms=NEVER_MS)
            read_back = decode_account("default", "A-1", rows_of(read_back))
        assert rows_of(read_back) == rows_of(kept)
