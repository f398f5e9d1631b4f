"""Fields that nobody knows are ignored, and counted by source with the position."""

from __future__ import annotations

import json

from schemas.event import encode_key
from schemas.records import RecordBatch
from schemas.verdicts import Code
from stream.accounts.stage import AccountsStage

NOW_MS = 1_772_445_600_000


def batch(*extras: dict[str, object]) -> RecordBatch:
    """Touches of one account, each with further attributes or data."""
    values: list[bytes | None] = []
    for number, extra in enumerate(extras):
        data = {"rep": "R-1", "kind": "call"} | {k[5:]: v for k, v in extra.items() if k.startswith("data.")}
        attributes = {k: v for k, v in extra.items() if not k.startswith("data.")}
        event = {
            "specversion": "1.0", "id": f"t{number}", "source": "crm", "type": "sales.touch.logged",
            "time": "2026-03-02T09:59:00Z", "subject": "A-1", "data": data,
        }  # fmt: skip
        values.append(json.dumps(event | attributes).encode())
    count = len(values)
    keys: list[bytes | None] = [encode_key("default", "A-1")] * count
    offsets = list(range(count))
    return RecordBatch(
        "activity",
        0,
        start=0,
        next_offset=count,
        keys=keys,
        values=values,
        offsets=offsets,
        received_ms=[NOW_MS] * count,
    )


def test_unknown_fields_are_counted_and_come_back_with_the_position() -> None:
    stage = AccountsStage(0, partitions=1, cells_partitions=1)
    stage.fold(batch({}, {"mood": "good"}, {"mood": "bad", "data.weather": "sun"}, {"traceparent": "00-ab"}))
    wanted = {("default", "crm"): {"mood": 2, "data.weather": 1}}
    assert stage.tallies.ignored == wanted
    assert stage.tallies.total() == {Code.ACCEPTED: 4}
    snapshot = stage.snapshot({"activity": 4}, flush_before={"activity": 9})
    restored = AccountsStage(0, partitions=1, cells_partitions=1)
    for key, row in snapshot.rows:
        assert row is not None
        restored.restore_row(key, row)
    restored.restore_position(snapshot.position)
    assert restored.tallies.ignored == wanted
