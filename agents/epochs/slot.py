"""A slot: one owned partition of a stage, from taking it over to handing it back.

    open     producer first: it fences every older owner and ends its open transaction. Then wait until the state
             partition is stable, read rows and position, fold F..O again without emitting, seek the sources to O.
    accept   fold a batch, synchronously; it must begin exactly where the last one ended.
    epoch    after a time or a number of records: snapshot (bytes, synchronously), one transaction; the next epoch folds
             meanwhile. At most one transaction is open, and none while waiting.
    release  last epoch, then let go. The state may be kept for when the slot comes back and nobody else has written.

Any failure is fail-stop: whether the transaction was committed is unknown, so the state is dropped, nothing more is
folded, and ``on_failure`` ends the worker. The next owner's producer ends the transaction one way or the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field

from agents.epochs.pace import Pace, Tempo
from agents.epochs.port import Fenced, Log, OutcomeUnknown, Producer, Safeguards
from agents.epochs.restore import Kept, restore
from schemas.records import Output, RecordBatch, Snapshot, Stage
from schemas.rows import POSITION_KEY

ABORT_TIMEOUT_S = 2.0
STABLE_POLL_S = 0.02


class NotContiguous(Exception):
    """A batch neither continues the position nor repeats what is folded: records were lost or read twice."""


@dataclass(frozen=True)
class SlotSpec:
    """What all slots of a stage share. ``state`` is the role of the state topic; ``create`` makes an empty stage."""

    name: str
    sources: tuple[str, ...]
    state: str
    create: Callable[[int], Stage]
    transactional_id: Callable[[int], str]
    tempo: Tempo
    commit_timeout_s: float = 30.0
    safeguards: Safeguards = field(default_factory=Safeguards)


class SlotEvents:
    """What a slot tells the outside. The methods do nothing; override what is wanted."""

    def restored(self, partition: int, rows: int, refolded: int, seconds: float) -> None:
        """The slot is open."""

    def committed(self, partition: int, records: int, seconds: float) -> None:
        """An epoch was committed."""

    def failed(self, slot: Slot, error: BaseException) -> None:
        """The slot has failed and folds no more: end the worker."""


class Slot:
    """One partition of one stage, owned by this worker."""

    def __init__(
        self, spec: SlotSpec, partition: int, *, log: Log, events: SlotEvents, kept: Kept | None = None
    ) -> None:
        self.spec, self.partition, self.log, self.events = spec, partition, log, events
        self.ready = False
        self.closing = False
        self.error: BaseException | None = None
        self.positions: dict[str, int] = {}  # by source: the next offset to fold
        self.committed: dict[str, int] = {}  # by source: what the log says about us
        self.room = asyncio.Event()  # another batch may be folded
        self.room.set()
        self._kept = kept
        self._stage: Stage | None = None
        self._producer: Producer | None = None
        self._state_end = 0  # end of the state partition as we left it
        self._pace = Pace(spec.tempo)
        self._due = asyncio.Event()
        self._ending = asyncio.Event()
        self._opening: asyncio.Task[None] | None = None
        self._committing: asyncio.Task[None] | None = None

    @property
    def stage(self) -> Stage | None:
        """The state; None before it is restored and after a failure. Read here, it shows uncommitted values."""
        return self._stage

    @property
    def sources(self) -> tuple[str, ...]:
        """The roles of the source topics."""
        return self.spec.sources

    # ---- taking over

    def start(self) -> None:
        """Open the slot in the background."""
        self._opening = self._in_background(self._open())

    async def _open(self) -> None:
        spec, clock = self.spec, asyncio.get_running_loop().time
        began = clock()
        async with asyncio.timeout(spec.commit_timeout_s):
            self._producer = await self.log.open_producer(spec.transactional_id(self.partition))
            end = await self._stable_end()
        taken = await restore(self.log, spec, self.partition, end, self._kept)
        self._kept = None
        self._stage, self._state_end = taken.stage, end
        self.committed = dict(taken.offsets)
        self.positions = dict(taken.offsets) if spec.safeguards.seek_after_restore else {}
        self._pace.start(clock(), self.committed, taken.floors)
        if spec.safeguards.seek_after_restore:
            for source in taken.stage.sources:
                await self.log.seek(source, self.partition, taken.offsets[source])
        self.ready = True
        self.events.restored(self.partition, taken.rows, taken.refolded, clock() - began)
        self._committing = self._in_background(self._run())

    async def _stable_end(self) -> int:
        """The end of the state partition, once nothing of an older owner is undecided there."""
        while True:
            ends = await self.log.ends(self.spec.state, self.partition)
            if ends.stable == ends.high or not self.spec.safeguards.wait_for_stable:
                return ends.stable
            await asyncio.sleep(STABLE_POLL_S)

    # ---- folding

    def accept(self, batch: RecordBatch) -> None:
        """Fold ``batch``. Synchronous on purpose: a snapshot never sees half a batch.

        Whatever the fold raises, or NotContiguous, fails the slot and is raised again.
        """
        if not self.ready or self.closing or self._stage is None:
            return  # given up meanwhile; the next owner reads it again
        position = self.positions.get(batch.source)
        if position is not None and batch.next_offset <= position:
            return  # read again after a seek, and folded before
        try:
            if position is not None and batch.start != position:
                raise NotContiguous(f"{batch!r} does not continue position {position}: records were lost or read twice")
            if len(batch):
                self._stage.fold(batch)
        except Exception as exc:  # whatever it was, the state may be half changed
            self._fail(exc)
            raise
        self.positions[batch.source] = batch.next_offset
        if len(batch):
            if self._pace.folded(asyncio.get_running_loop().time(), len(batch)):
                self.room.clear()
                self._due.set()
            self._ending.set()

    # ---- epochs

    async def _run(self) -> None:
        """End one epoch after the other until the slot is released."""
        loop = asyncio.get_running_loop()
        while not self.closing:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.idle_s(loop.time())):
                    await self._ending.wait()
            if self._ending.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pace.left_s(loop.time())):
                        await self._due.wait()
            await self._end_epoch()

    async def _end_epoch(self) -> None:
        """Commit what was folded since the last time, if anything was."""
        stage, loop = self._stage, asyncio.get_running_loop()
        if stage is None or self.error is not None:
            return
        now, offsets = loop.time(), {**self.committed, **self.positions}
        quiet = self._pace.is_quiet(now)
        if stage.is_empty() and not quiet:
            self._begin_next()
            return
        snapshot = stage.snapshot(offsets, flush_before=offsets if quiet else self._pace.flush_before(now, offsets))
        records = self._begin_next()
        self._pace.ended(now, offsets, flushed=quiet)
        async with asyncio.timeout(self.spec.commit_timeout_s):
            await self._transaction(snapshot)
        self.committed = offsets
        self.events.committed(self.partition, records, loop.time() - now)

    def _begin_next(self) -> int:
        self._ending.clear()
        self._due.clear()
        self.room.set()
        return self._pace.next_epoch()

    async def _transaction(self, snapshot: Snapshot) -> None:
        producer = self._producer
        assert producer is not None, "a slot commits only after it was opened"
        state, p = self.spec.state, self.partition
        rows = [Output(state, p, key, value) for key, value in snapshot.rows]
        # The position comes last: whoever finds it has everything that belongs to it before it.
        outputs = [*_placed(snapshot.outputs, state), *rows, Output(state, p, POSITION_KEY, snapshot.position)]
        try:
            await producer.begin()
            ends = await producer.write(outputs)
            await producer.commit()
        except BaseException:  # cancelled, too
            # An open transaction holds back every reader of the partitions it touched, so try to end it.
            with suppress(Exception):
                async with asyncio.timeout(ABORT_TIMEOUT_S):
                    await producer.abort()
            raise
        self._state_end = ends[state, p] + 1  # the commit marker follows the last record

    # ---- giving up

    async def release(self, timeout_s: float) -> Kept | None:
        """Commit the last epoch within ``timeout_s`` and let go. Returns the state if it may be used again."""
        self.closing = True
        self._ending.set()
        self._due.set()
        await _ended(self._opening)
        kept = None
        if self._committing is not None:
            last = self._in_background(self._finish(self._committing))
            await asyncio.wait([last], timeout=timeout_s)
            clean = await _ended(last) and await _ended(self._committing)
            if clean and self._stage is not None:
                kept = Kept(self._stage, dict(self.committed), dict(self._pace.due), self._state_end)
        self._drop(OutcomeUnknown(f"{self.spec.name} {self.partition} was released"))
        if self._producer is not None:
            await self._producer.close()
        return kept

    async def _finish(self, committing: asyncio.Task[None]) -> None:
        await asyncio.wait([committing])
        if _went_well(committing):
            await self._end_epoch()

    def _in_background(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run ``work`` as a task; whatever goes wrong in it fails the slot."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._work_ended)
        return task

    def _work_ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            self._drop(OutcomeUnknown(f"{self.spec.name} {self.partition} was cancelled"))
        elif (error := task.exception()) is not None:
            self._fail(error)

    def _drop(self, error: BaseException) -> None:
        self.error = self.error or error
        self.ready, self._stage = False, None
        self.room.set()

    def _fail(self, error: BaseException) -> None:
        first = self.error is None
        self._drop(error)
        if first and not (self.closing and isinstance(error, Fenced)):
            self.events.failed(self, error)


async def _ended(task: asyncio.Task[None] | None) -> bool:
    """Cancel ``task`` unless it is done, and wait for its end; whether it came to its own good end."""
    if task is None:
        return False
    task.cancel()
    await asyncio.wait([task])
    return _went_well(task)


def _went_well(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is None


def _placed(outputs: list[Output], state: str) -> list[Output]:
    """Outputs with the stage's own word for its state topic replaced by the role."""
    return [output._replace(topic=state) if output.topic == "state" else output for output in outputs]
