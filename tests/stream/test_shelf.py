"""Accounts that are idle go back into bytes, the one written longest ago first, so that all of them fit."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.partitioning import encode_key
from schemas.records import RecordBatch
from stream.accounts.options import AccountsOptions
from stream.accounts.shelf import ACCOUNT_BYTES, COLD_BYTES, ENTRY_BYTES, ROW_BYTES, Shelf
from stream.accounts.stage import AccountsStage

NOW_MS = 1_772_445_600_000
ROOM = 40 * (ACCOUNT_BYTES + ENTRY_BYTES)


def touches(start: int, accounts: Iterable[str]) -> RecordBatch:
    """A touch on each account."""
    values = [
        json.dumps(
            {
                "specversion": "1.0",
                "id": f"t{start + n}",
                "source": "crm",
                "type": "sales.touch.logged",
                "time": "2026-03-02T10:00:00Z",
                "subject": account,
                "data": {"kind": "call", "rep": "R-1"},
            }
        ).encode()
        for n, account in enumerate(accounts)
    ]
    keys: list[bytes | None] = [encode_key("default", account) for account in accounts]
    offsets = list(range(start, start + len(values)))
    return RecordBatch(
        "activity",
        0,
        start=start,
        next_offset=start + len(values),
        keys=keys,
        values=list(values),
        offsets=offsets,
        received_ms=[NOW_MS] * len(values),
    )


class Told:
    """A stage that is told of touches, an epoch each; its rows are written at once unless ``lag`` says otherwise."""

    def __init__(self, memory_bytes: int) -> None:
        self.stage = AccountsStage(
            0, partitions=1, cells_partitions=1, options=AccountsOptions(memory_bytes=memory_bytes)
        )
        self.end = 0

    def epoch(self, *accounts: str, lag: int = 0) -> Shelf:
        self.stage.fold(touches(self.end, accounts))
        self.end += len(accounts)
        self.stage.snapshot({"activity": self.end}, flush_before={"activity": self.end - lag})
        return self.stage.shelf

    def bytes_held(self) -> int:
        """What the shelf should say it holds, counted anew."""
        shelf = self.stage.shelf
        cold = 0
        for rows in shelf._cold.values():
            every = [rows] if isinstance(rows, bytes) else list(rows.values())
            cold += COLD_BYTES + ROW_BYTES * (len(every) - 1) + sum(map(len, every))
        live = sum(ACCOUNT_BYTES + ENTRY_BYTES * sum(map(len, one.chunks)) for one in shelf.live.values())
        return cold + live


def test_many_accounts_fit_and_are_all_there() -> None:
    told = Told(ROOM)
    for first in range(0, 400, 20):
        shelf = told.epoch(*(f"A-{n}" for n in range(first, first + 20)))
        assert told.bytes_held() <= ROOM or not shelf.live
    assert len(shelf) == 400


def test_the_account_written_longest_ago_goes_first() -> None:
    told = Told(ROOM)
    told.epoch("busy", "idle")
    for n in range(60):
        shelf = told.epoch(f"A-{n}", "busy") if n % 2 else told.epoch(f"A-{n}")
    assert encode_key("default", "busy") in shelf.live
    assert encode_key("default", "idle") not in shelf.live


def test_an_account_with_unwritten_changes_stays() -> None:
    told = Told(0)
    shelf = told.epoch("A-1", "A-2", lag=1)
    assert list(shelf.live) == [encode_key("default", "A-2")]


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=90), max_size=12), st.integers(0, 30_000))
@settings(max_examples=30, deadline=None)
def test_the_sum_is_what_is_there(epochs: list[list[int]], room: int) -> None:
    told = Told(room)
    for accounts in epochs:
        shelf = told.epoch(*(f"A-{n}" for n in accounts))
        assert shelf.held_bytes == told.bytes_held()
        assert shelf.held_bytes <= room or not shelf.live


def test_rows_that_come_in_any_order_and_again_count_once() -> None:
    told = Told(0)
    shelf = told.epoch(*["A-1"] * 200)
    rows = shelf._cold[encode_key("default", "A-1")]
    assert isinstance(rows, dict)
    assert len(rows) > 2
    restored = Shelf(0)
    for chunk in (2, 0, 1, 0, 2, *range(3, len(rows))):
        restored.put_row(encode_key("default", "A-1") + b"\0%d" % chunk, rows[chunk])
    assert restored.held_bytes == shelf.held_bytes
    account = restored.thaw(encode_key("default", "A-1"), "default", "A-1")
    assert account is not None
    assert sum(map(len, account.chunks)) == 200
    assert restored.held_bytes == ACCOUNT_BYTES + 200 * ENTRY_BYTES
