"""The core in C++ says what the one in Python says, record by record, and each reads what the other wrote."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from random import Random
from types import ModuleType

import msgspec
import pytest

from bench.core import CoreOptions, batches_of
from bench.generate import Mix, make_timed
from schemas.records import RecordBatch, Snapshot, UnreadableState
from schemas.rows import ROW_VERSION, ChunkRow, UnreadableRow, body_of, stamp
from stream.accounts.native_stage import NativeStage
from stream.accounts.options import AccountsOptions
from stream.accounts.rows import chunk_key
from stream.accounts.stage import AccountsStage
from tests.strategies.climates import CLIMATES, RARE, Climate
from tests.strategies.storms import Record, Storm, storm_of
from tests.stream.shrinking import shown, smaller
from tests.stream.side_by_side import Make, Said, compare, differing, said_by

pytestmark = pytest.mark.takes(12)
RECORDS = 1_000
"""So many of each climate."""
TRIES = 500
KEY = b"default/A-1"
TOUCH = (
    b'{"specversion":"1.0","id":"%s","source":"crm","type":"sales.touch.logged","time":"2026-03-20T10:00:00Z",'
    b'"subject":"A-1","data":{"kind":"call","rep":"R-1"}}'
)
NOW_MS = 1_774_000_800_000


@pytest.fixture
def native(native_core: ModuleType) -> Make:
    """What makes a stage whose core is in C++."""
    return partial(NativeStage, core=native_core)


def agree(climate: Climate, seeds: Iterable[int], records: int, right: Make) -> None:
    """Storms of a climate until so many records are folded; the first that shows a difference is made small."""
    for seed in seeds:
        storm = storm_of(seed, climate)
        if (found := compare(storm, AccountsStage, right)) is not None:
            storm = smaller(storm, partial(differs, found.sort, right), tries=TRIES)
            pytest.fail(f"seed {seed}, Python left, C++ right: {compare(storm, AccountsStage, right)}\n{shown(storm)}")
        records -= sum(isinstance(step, Record) for step in storm.steps)
        if records <= 0:
            return


def differs(sort: str, right: Make, storm: Storm) -> bool:
    """Whether two cores differ in a sort of what they say."""
    found = compare(storm, AccountsStage, right)
    return found is not None and found.sort == sort


@pytest.mark.parametrize("climate", CLIMATES)
def test_storms(native: Make, climate: str) -> None:
    agree(CLIMATES[climate], range(1_000), RECORDS, native)


@pytest.mark.parametrize("climate", ["many publishers", "many tenants", "many voices", "long names"])
def test_storms_beyond_what_is_told_apart(native: Make, climate: str) -> None:
    agree(RARE[climate], range(1), 1, native)


def test_the_log_of_the_benchmark(native: Make) -> None:
    options = AccountsOptions(settle_after_ms=10 * 60_000, memory_bytes=1_000_000)
    log = make_timed(Mix(events=15_000, accounts=1_500, late=0.1, repeated=0.05, revised=0.05))
    stages = [make(0, partitions=1, cells_partitions=2, options=options) for make in (AccountsStage, native)]
    random = Random(1)
    for batch in batches_of(log, CoreOptions(partitions=1, cells_partitions=2), [0]):
        for stage in stages:
            stage.fold(batch)
        if random.random() < 0.2:
            before = batch.next_offset - random.choice((0, 2_000))
            same(
                *(
                    stage.snapshot({"activity": batch.next_offset}, flush_before={"activity": before})
                    for stage in stages
                )
            )


def same(left: Snapshot, right: Snapshot) -> None:
    """Both say the same."""
    said = said_by(left), said_by(right)
    for sort in Said._fields:
        assert not list(differing(getattr(said[0], sort), getattr(said[1], sort)))


def touches(*names: bytes, start: int = 0) -> RecordBatch:
    """Touches of an account, from an offset on."""
    count = len(names)
    return RecordBatch(
        "activity",
        0,
        start=start,
        next_offset=start + count,
        keys=[KEY] * count,
        values=[TOUCH % name for name in names],
        offsets=list(range(start, start + count)),
        received_ms=[NOW_MS] * count,
    )


def committed(make: Make) -> tuple[AccountsStage, Snapshot]:
    """A stage that has folded a touch, and what it wrote."""
    stage = make(0, partitions=1, cells_partitions=1)
    stage.fold(touches(b"1"))
    return stage, stage.snapshot({"activity": 1}, flush_before={"activity": 1})


def test_a_row_that_has_forgotten_more_than_any_storm_writes(native: Make) -> None:
    """A list whose length takes four bytes."""
    _, snapshot = committed(AccountsStage)
    ((key, raw),) = snapshot.rows
    assert raw is not None
    row = msgspec.msgpack.decode(body_of(raw), type=ChunkRow)
    row.forgotten = list(range(70_000))
    vast = stamp(1, msgspec.msgpack.encode(row))
    snapshots = []
    for make in (AccountsStage, native):
        stage = make(0, partitions=1, cells_partitions=1)
        stage.restore_row(key, vast)
        stage.restore_position(snapshot.position)
        stage.finish_restore()
        stage.fold(touches(b"1", b"2", start=1))
        snapshots.append(stage.snapshot({"activity": 3}, flush_before={"activity": 3}))
    same(*snapshots)


def test_a_row_of_another_version_is_refused_by_both(native: Make) -> None:
    _, snapshot = committed(AccountsStage)
    strange = stamp(1, msgspec.msgpack.encode(ChunkRow(ROW_VERSION + 1, None, [], [])))
    for make in (AccountsStage, native):
        stage = make(0, partitions=1, cells_partitions=1)
        stage.restore_row(chunk_key(KEY, 0), strange)
        stage.restore_position(snapshot.position)
        stage.finish_restore()
        with pytest.raises(UnreadableRow):
            stage.fold(touches(b"1"))


def test_the_position_of_another_generation_is_refused(native: Make) -> None:
    _, snapshot = committed(AccountsStage)
    with pytest.raises(UnreadableState):
        native(0, partitions=1, cells_partitions=1, generation=2).restore_position(snapshot.position)


class Forgetful(AccountsStage):
    """A core that says nothing of some cells: the storms have to notice."""

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        found = super().snapshot(offsets, flush_before=flush_before)
        return found._replace(
            outputs=[output for output in found.outputs if b"stage_changes" not in (output.value or b"")]
        )


def test_a_difference_is_found_and_made_small() -> None:
    storm = next(
        storm
        for storm in (storm_of(seed, CLIMATES["course"]) for seed in range(100))
        if compare(storm, AccountsStage, Forgetful) is not None
    )
    small = smaller(storm, lambda tried: compare(tried, AccountsStage, Forgetful) is not None)
    (record,) = small.steps
    assert isinstance(record, Record)
    assert b"sales.deal.stage_changed" in (record.value or b"")
    assert "stage_changed" in shown(small)
