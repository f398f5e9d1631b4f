"""Two cores of ACCOUNTS side by side: the same records in the same batches, and after each commit all that they say.

They have to agree on the cells and their sums, on whom they heard, on letters whole and in order, on the position and
on the rows, and each has to go on from what the other wrote.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

import msgspec

from schemas.cells import CELLS_VERSION, MAX_RECORD_BYTES, decode_cells
from schemas.records import Output, RecordBatch, Snapshot
from schemas.rows import AccountsPosition, ChunkRow, body_of, stamped_offset
from stream.accounts.stage import AccountsStage
from tests.strategies.storms import Commit, Record, Restart, Step, Storm

CELLS_PARTITIONS = 3
SHOWN_MAX = 12
"""Lines of a difference that are shown."""

Make = Callable[..., AccountsStage]
"""Makes a stage; called as the class is."""

_decode_row = msgspec.msgpack.Decoder(ChunkRow).decode
_decode_position = msgspec.msgpack.Decoder(AccountsPosition).decode


class Difference(Exception):
    """What two cores said differently; ``step`` is the last that they took."""

    def __init__(self, sort: str, lines: list[str], step: int) -> None:
        super().__init__(f"{sort} (step {step}):\n" + "\n".join(lines))
        self.sort = sort
        self.lines = lines
        self.step = step


class Said(NamedTuple):
    """What an epoch said, in the order in which it is compared."""

    cells: dict[Any, int]
    late: dict[Any, tuple[int, int]]
    heard: dict[Any, bool]
    spoken: dict[Any, bool]
    records: dict[Any, Any]
    letters: dict[int, Output]
    position: dict[Any, Any]
    rows: dict[Any, Any]
    bytes_of_rows: dict[bytes, bytes | None]


class Twin:
    """One of the two stages, and what it wrote."""

    def __init__(self, storm: Storm, make: Make) -> None:
        self._storm = storm
        self._make = make
        self.stage = self._fresh()
        self.written: list[tuple[bytes, bytes]] = []
        self.position: bytes | None = None

    def _fresh(self) -> AccountsStage:
        return self._make(
            self._storm.partition,
            partitions=self._storm.partitions,
            cells_partitions=CELLS_PARTITIONS,
            generation=3,
            options=self._storm.options,
        )

    def commit(self, offset: int, lag: int) -> Said:
        """End the epoch; what it said."""
        assert not self.stage.is_empty()
        snapshot = self.stage.snapshot({"activity": offset}, flush_before={"activity": offset - lag})
        assert self.stage.is_empty()
        self.written += [(key, row) for key, row in snapshot.rows if row is not None]
        self.position = snapshot.position
        return said_by(snapshot)

    def restart(self, rows: list[tuple[bytes, bytes]], position: bytes | None) -> tuple[int, int]:
        """A new stage from rows and a position, if there is one; from where to where its log is to be folded again."""
        self.stage = self._fresh()
        self.written, self.position = list(rows), position
        if position is None:
            return 0, 0
        for key, row in rows:
            self.stage.restore_row(key, row)
        restored = self.stage.restore_position(position)
        return restored.floors["activity"], restored.offsets["activity"]


def said_by(snapshot: Snapshot) -> Said:
    """Everything in a snapshot that two cores have to agree on, in forms that don't hang on what is left open."""
    cells: dict[Any, int] = {}
    late: dict[Any, tuple[int, int]] = {}
    heard: dict[Any, bool] = {}
    spoken: dict[Any, bool] = {}
    records: dict[Any, Any] = {}
    letters = [output for output in snapshot.outputs if output.topic != "cells"]
    for output in snapshot.outputs:
        if output.topic != "cells":
            continue
        assert output.value is not None
        assert len(output.value) <= MAX_RECORD_BYTES
        record = decode_cells(output.value)
        tenant = record.tenant
        assert record.version == CELLS_VERSION
        records[tenant] = record.newest_ms, output.partition, output.key, output.headers
        for *cell, packed in record.cells:
            place = (tenant, *cell)
            cells[place] = cells.get(place, 0) + int(packed)
        for *cell, packed, receipt in record.late:
            place = (tenant, *cell)
            total, before = late.get(place, (0, 0))
            late[place] = (total + int(packed), max(before, receipt))
        heard |= {(tenant, source, moment): True for source, run in record.heard for moment in run}
        spoken |= {(tenant, *speaker, moment): True for *speaker, run in record.spoken for moment in run}
    return Said(
        {cell: total for cell, total in cells.items() if total},
        late,
        heard,
        spoken,
        records,
        dict(enumerate(letters)),
        _position(snapshot.position),
        dict(part for key, row in snapshot.rows for part in _row(key, row)),
        dict(snapshot.rows),
    )


def _position(raw: bytes) -> dict[Any, Any]:
    found: dict[Any, Any] = msgspec.structs.asdict(_decode_position(raw))
    for name in ("tallies", "ignored"):
        found |= {(name, tenant, source): counts for tenant, source, counts in found.pop(name)}
    found |= {("newest_ms", tenant): time_ms for tenant, time_ms in found.pop("newest_ms").items()}
    return found


def _row(key: bytes, raw: bytes | None) -> Iterator[tuple[Any, Any]]:
    """A row by its parts, so that a difference names one."""
    if raw is None:
        yield (key, "gone"), True
        return
    row = _decode_row(body_of(raw))
    yield (key, "head"), (stamped_offset(raw), row.version, row.settled, len(row.entries), sorted(row.forgotten))
    for number, entry in enumerate(row.entries):
        yield (key, "entry", number), entry


def differing(left: Mapping[Any, Any], right: Mapping[Any, Any]) -> Iterator[str]:
    """Where two mappings differ, a line each."""
    for place in sorted(left.keys() | right.keys(), key=repr):
        if left.get(place) != right.get(place):
            yield f"{place!r}\n    left  {left.get(place)!r}\n    right {right.get(place)!r}"


class Drive:
    """Takes a storm's steps with both stages."""

    def __init__(self, storm: Storm, left: Make, right: Make) -> None:
        self.storm = storm
        self.twins = (Twin(storm, left), Twin(storm, right))
        self.log: list[tuple[int, Record]] = []  # with its offset
        self.open: list[tuple[int, Record]] = []  # of the batch that isn't folded yet
        self.offset = 0  # the next
        self.folded_to = 0
        self.committed = 0
        self.random = Random(len(storm.steps))

    def run(self) -> None:
        """All steps, and a last commit of everything. Raises Difference at the first."""
        steps: list[Step] = [*self.storm.steps, Commit(0)]
        for number, step in enumerate(steps):
            if isinstance(step, Record):
                self.offset += step.gap
                self.open.append((self.offset, step))
                self.log.append((self.offset, step))
                self.offset += 1
                continue
            self._fold_open()
            if isinstance(step, Commit):
                self._commit(step, number)
            elif isinstance(step, Restart):
                self._restart(step, number)

    def _fold_open(self) -> None:
        for twin in self.twins:
            if self.open:
                twin.stage.fold(self._batch(self.open, self.folded_to, self.offset))
        self.folded_to = self.offset
        self.open = []

    def _batch(self, records: list[tuple[int, Record]], start: int, end: int) -> RecordBatch:
        return RecordBatch(
            "activity",
            self.storm.partition,
            start=start,
            next_offset=end,
            keys=[record.key for _, record in records],
            values=[record.value for _, record in records],
            offsets=[offset for offset, _ in records],
            received_ms=[record.received_ms for _, record in records],
            headers={n: record.headers for n, (_, record) in enumerate(records) if record.headers},
        )

    def _commit(self, step: Commit, number: int) -> None:
        left, right = self.twins
        empty = left.stage.is_empty()
        if empty != right.stage.is_empty():
            raise Difference("whether there is anything to commit", [f"left {empty}"], number)
        if empty:
            return
        said = [twin.commit(self.offset, step.lag) for twin in self.twins]
        for sort in Said._fields:
            lines = list(itertools.islice(differing(getattr(said[0], sort), getattr(said[1], sort)), SHOWN_MAX))
            if lines:
                raise Difference(sort, lines, number)
        now = [(twin.stage.clock_ms, twin.stage.tallies.total()) for twin in self.twins]
        if now[0] != now[1]:
            raise Difference("clock or tallies", [repr(now[0]), repr(now[1])], number)
        self.committed = self.offset

    def _restart(self, step: Restart, number: int) -> None:
        left, right = self.twins
        kept = [(list(twin.written), twin.position) for twin in self.twins]
        if step.crossed:
            kept.reverse()
        spans = []
        for twin, (rows, position) in zip(self.twins, kept, strict=True):
            given = rows
            if not step.whole:
                newest = list(dict(rows).items())
                given = self.random.sample(newest, len(newest))
            floor, offset = twin.restart(given, position)
            spans.append((floor, offset))
            for part in self._parts(floor, offset):
                twin.stage.refold(part)
            if position is not None:
                twin.stage.finish_restore()
        if spans[0] != spans[1] or spans[0][1] != self.committed:
            raise Difference("where a restart begins", [repr(spans)], number)
        for part in self._parts(self.committed, self.offset):
            for twin in (left, right):
                twin.stage.fold(part)

    def _parts(self, start: int, end: int) -> Iterator[RecordBatch]:
        """The log between two offsets in a few batches."""
        if start >= end:
            return
        cuts = sorted({start, end, *(self.random.randrange(start, end) for _ in range(self.random.randrange(3)))})
        for low, high in itertools.pairwise(cuts):
            yield self._batch([pair for pair in self.log if low <= pair[0] < high], low, high)


def compare(storm: Storm, left: Make, right: Make) -> Difference | None:
    """The first difference between two cores in a storm; one that raises differs too."""
    drive = Drive(storm, left, right)
    try:
        drive.run()
    except Difference as found:
        return found
    except Exception as error:  # noqa: BLE001 - whatever a core raises, it shouldn't
        return Difference(type(error).__name__, [f"a core raised {error!r}"], len(storm.steps))
    return None
