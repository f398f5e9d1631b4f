"""Nothing a publisher can send makes a record that Kafka doesn't take."""

from __future__ import annotations

from hashlib import sha256

from schemas.cells import Packed, encode_cells
from schemas.records import RecordBatch
from schemas.verdicts import Code
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage

RECORD_MAX = 1_000_000
LETTER_TOPIC_MAX = 4_000_000
NOW_MS = 1_772_445_600_000
CHANGES = 60_000


def batch(source: str, keys: list[bytes | None], values: list[bytes | None]) -> RecordBatch:
    """Records from offset 0 on."""
    count = len(values)
    return RecordBatch(
        source,
        0,
        start=0,
        next_offset=count,
        keys=keys,
        values=values,
        offsets=list(range(count)),
        received_ms=[NOW_MS] * count,
    )


def test_a_bomb_leaves_a_letter_that_fits() -> None:
    stage = AccountsStage(0, partitions=1, cells_partitions=1)
    bomb = b"x" * 8_000_000
    stage.fold(batch("activity", [b"default/" + b"y" * 2_000_000], [bomb]))
    assert stage.tallies.total() == {Code.TOO_LARGE: 1}
    (letter,) = stage.snapshot({"activity": 1}, flush_before={"activity": 0}).outputs
    assert len(letter.key or b"") + len(letter.value or b"") < LETTER_TOPIC_MAX
    headers = dict(letter.headers)
    assert headers["truncated-from"] == b"8000000"
    assert headers["sha256"] == sha256(bomb).hexdigest().encode()


def test_a_month_of_changed_answers_makes_rows_that_fit() -> None:
    cells: list[Packed] = []
    for n in range(CHANGES):
        pane, known = 29_000_000 + n // 2, 29_030_000 + n
        cells.append(("nps_answers", "rep", "_none", "promoter", pane, known, -1))
    stage = BoardStage(0, partitions=1)
    records = list(encode_cells("default", NOW_MS, cells, []))
    stage.fold(batch("cells", [b"default"] * len(records), list(records)))
    offsets = {"cells": len(records), "organisation": 0}
    snapshot = stage.snapshot(offsets, flush_before={"cells": 10**9, "organisation": 10**9})
    assert max(len(row or b"") for _, row in snapshot.rows) < RECORD_MAX
    again = BoardStage(0, partitions=1)
    for key, row in snapshot.rows:
        again.restore_row(key, row or b"")
    assert again.restore_position(snapshot.position).offsets == offsets
    found = again.tenants["default"].find("nps_answers", "rep", "_none")["promoter"]
    assert found.total(0, 10**9, 10**9) == -CHANGES
