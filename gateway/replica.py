"""The gateway's own copy of BOARD: restored from the state topic, kept fresh from its sources, never written back.

A batch is applied synchronously in the event loop, and so is a read of a board: no reader ever sees half a batch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from gateway.gate import Gate
from gateway.log_reader import LogReader, reason_of
from schemas.records import RecordBatch, Restored, UnreadableState
from schemas.rows import POSITION_KEY
from stream.board.board import Board
from stream.board.stage import BoardStage

SOURCES = ("cells", "organisation")
STATE = "board_state"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
# How long applying may keep the event loop from everything else.
TURN_S = 0.02

Place = tuple[str, int]

log = logging.getLogger(__name__)


class ReplicaMetrics(Protocol):
    """What the replica reports."""

    def replica_caught_up(self) -> None: ...

    def records_applied(self, source: str, records: int) -> None: ...


class _Copy:
    """The stages of all partitions and where each source of each of them stands."""

    def __init__(self) -> None:
        self.stages: dict[int, BoardStage] = {}
        self.offsets: dict[Place, int] = {}

    def apply(self, batch: RecordBatch) -> None:
        """Take a batch of a source; from the floors on, each stage skips what its rows already hold."""
        self.stages[batch.partition].refold(batch)
        self.offsets[batch.source, batch.partition] = batch.next_offset


class Replica:
    """Follows the log for as long as `run` runs and keeps serving the last good state while the broker is away."""

    def __init__(
        self,
        open_reader: Callable[[], LogReader],
        create_stage: Callable[[int, int], BoardStage],
        metrics: ReplicaMetrics,
    ) -> None:
        """``create_stage(partition, partitions)`` makes an empty stage."""
        self._open_reader = open_reader
        self._create_stage = create_stage
        self._metrics = metrics
        self._copy: _Copy | None = None
        self._served: _Copy | None = None
        self._is_whole = True
        self.changed = asyncio.Event()
        self.gate = Gate()

    @property
    def is_ready(self) -> bool:
        """Whether the replica has caught up once."""
        return self._served is not None and self._is_whole

    def boards(self) -> dict[str, Board]:
        """The board of each tenant. Read it before the next await: it is the live state."""
        if self._served is None or not self._is_whole:
            return {}
        stages = self._served.stages
        return {tenant: board for number in sorted(stages) for tenant, board in stages[number].tenants.items()}

    def offsets(self) -> dict[Place, int]:
        """The next offset to apply by (source, partition) of what is served."""
        return {} if self._served is None else dict(self._served.offsets)

    async def run(self) -> None:
        """Follow the log until cancelled; a lost broker is waited for, with one line about it."""
        if not self._is_whole:
            self._copy, self._served, self._is_whole = None, None, True
        pause_s, announced = FIRST_PAUSE_S, False
        while True:
            reader = self._open_reader()
            try:
                await reader.open()
                copy = self._copy or await self._restore(reader)
                self._copy = copy
                pause_s, announced = FIRST_PAUSE_S, False
                await self._follow(reader, copy)
            except OffsetOutOfRangeError as exc:
                log.error("the log no longer has what the replica needs next, building it anew: %s", exc)
                self._copy = None
            except (KafkaError, OSError, _NotThere) as exc:
                if not announced:
                    log.warning("the replica can't read the log yet, trying on: %s", reason_of(exc))
                    announced = True
            finally:
                await reader.close()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _follow(self, reader: LogReader, copy: _Copy) -> None:
        ends = await reader.stable_ends(list(copy.offsets))
        reader.begin_at(copy.offsets)
        while True:
            turn_ends = time.monotonic() + TURN_S
            async for batch in reader.batches():
                async with self.gate.writing():
                    # A stage that raises leaves half a batch behind: then nothing of it may be served.
                    self._is_whole = False
                    copy.apply(batch)
                    self._is_whole = True
                self._metrics.records_applied(batch.source, len(batch))
                self.changed.set()
                if time.monotonic() > turn_ends:
                    await asyncio.sleep(0)
                    turn_ends = time.monotonic() + TURN_S
            if self._served is not copy and all(copy.offsets[place] >= end for place, end in ends.items()):
                for stage in copy.stages.values():
                    stage.finish_restore()
                self._served = copy
                self._metrics.replica_caught_up()
                log.info("the replica has caught up, %d tenants", len(self.boards()))
                self.changed.set()

    async def _restore(self, reader: LogReader) -> _Copy:
        """The stages as BOARD last committed them, at their floors."""
        counts = {role: reader.partitions_of(role) for role in (STATE, *SOURCES)}
        if len(set(counts.values())) != 1:
            found = ", ".join(f"{role} has {count}" for role, count in counts.items())
            raise _NotThere(f"these topics must have the same number of partitions: {found}")
        copy = _Copy()
        rows = await self._read_state(reader, counts[STATE])
        for number, held in rows.items():
            stage, restored = self._rebuild(number, counts[STATE], held)
            copy.stages[number] = stage
            copy.offsets.update({(source, number): restored.floors[source] for source in SOURCES})
            await asyncio.sleep(0)
        return copy

    async def _read_state(self, reader: LogReader, partitions: int) -> dict[int, dict[bytes, bytes]]:
        """The newest row of each key, by state partition, up to the last stable offset."""
        ends = await reader.stable_ends([(STATE, number) for number in range(partitions)])
        reader.begin_at(dict.fromkeys(ends, 0))
        rows: dict[int, dict[bytes, bytes]] = {number: {} for number in range(partitions)}
        while any(reader.position(*place) < end for place, end in ends.items()):
            async for batch in reader.batches():
                for key, value in _before(batch, ends[STATE, batch.partition]):
                    if value is None:
                        rows[batch.partition].pop(key, None)
                    else:
                        rows[batch.partition][key] = value
        return rows

    def _rebuild(self, number: int, partitions: int, rows: dict[bytes, bytes]) -> tuple[BoardStage, Restored]:
        """The stage of a partition from its rows; empty where they can't be continued, since the log has everything."""
        beginning = dict.fromkeys(SOURCES, 0)
        stage = self._create_stage(number, partitions)
        position = rows.pop(POSITION_KEY, None)
        try:
            if position is None and rows:
                raise UnreadableState(f"board {number}: {len(rows)} state rows but no position")
            for key, value in rows.items():
                stage.restore_row(key, value)
            return stage, Restored(beginning, beginning) if position is None else stage.restore_position(position)
        except UnreadableState as exc:
            log.error("board state %d is unreadable, building the replica from the whole log: %s", number, exc)
            return self._create_stage(number, partitions), Restored(beginning, beginning)


class _NotThere(Exception):
    """The topics aren't there yet, or not as they should be."""


def _before(batch: RecordBatch, end: int) -> Iterator[tuple[bytes, bytes | None]]:
    """The rows of a state batch below ``end``. A state record without a key is not ours to read."""
    for key, value, offset in zip(batch.keys, batch.values, batch.offsets, strict=True):
        if key is not None and offset < end:
            yield key, value
