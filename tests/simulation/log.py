"""A simulated log: partitions, fencing, transactions decided before their markers are written, committed readers.

It promises less than Kafka does: opening a producer does not wait for the markers of the older owner's transaction.
Every call takes time, can lose its answer after it took effect, and is a point at which the calling process may die.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from agents.epochs.port import Ends, Fenced, OutcomeUnknown
from schemas.receipt import RECEIVED_AT
from schemas.records import Output, RecordBatch
from tests.simulation.loop import SimulatedLoop, current_process

BEGINNING_MS = 1_795_000_000_000  # what epoch milliseconds are at virtual second 0
TRANSACTION_TIMEOUT_S = 10.0
POLL_S = 0.01

Place = tuple[str, int]


@dataclass
class Entry:
    """One offset of a partition; ``kind``: record or marker; ``fate``: open, committed or aborted."""

    key: bytes | None
    value: bytes | None
    fate: str = "committed"
    kind: str = "record"
    received_ms: int = 0


@dataclass
class Transaction:
    """What one producer wrote since it began. ``fate``: open, committed, aborted; ``unmarked``: no marker there yet."""

    places: dict[Place, list[Entry]] = field(default_factory=dict)
    fate: str = "open"
    unmarked: set[Place] = field(default_factory=set)


@dataclass
class Chances:
    """How often a call kills its process, loses its answer, or waits long for markers."""

    crash: float = 0.0
    lost_answer: float = 0.0
    slow_marker: float = 0.1


class SimulatedLog:
    """All partitions and the transaction coordinator."""

    def __init__(self, loop: SimulatedLoop, rng: random.Random, *, fencing: bool = True) -> None:
        self.loop, self.rng, self.fencing = loop, rng, fencing
        self.chances = Chances()
        self.partitions: dict[Place, list[Entry]] = {}
        self.epochs: dict[str, int] = {}
        self.transactions: dict[str, Transaction] = {}
        self._opened = 0

    # ---- time, trouble

    async def step(self) -> None:
        """A request or an answer travels; its process may die meanwhile."""
        if self.loop.over:
            raise GeneratorExit  # what is left of a task is being swept away
        await asyncio.sleep(self.rng.choice((0.0, 0.001, 0.004, 0.02)))
        process = current_process.get()
        if process is not None and self.rng.random() < self.chances.crash:
            process.alive = False
            await self.loop.create_future()

    async def answer(self) -> None:
        """The effect took place; the answer travels back, or is lost."""
        await self.step()
        if self.rng.random() < self.chances.lost_answer:
            raise OutcomeUnknown("no answer")

    # ---- partitions

    def entries(self, place: Place) -> list[Entry]:
        """All offsets of a partition."""
        return self.partitions.setdefault(place, [])

    def stable(self, place: Place) -> int:
        """The last stable offset: before the first undecided entry."""
        entries = self.entries(place)
        return next((n for n, entry in enumerate(entries) if entry.fate == "open"), len(entries))

    def append(self, place: Place, key: bytes | None, value: bytes | None) -> None:
        """A record of a publisher without transactions."""
        self.entries(place).append(Entry(key, value, received_ms=self.now_ms()))

    def now_ms(self) -> int:
        """Epoch milliseconds of the virtual clock."""
        return BEGINNING_MS + int(self.loop.time() * 1000)

    def rows(self, role: str, partition: int) -> dict[bytes, bytes]:
        """The last committed value of each key of a state partition."""
        seen = [e for e in self.entries((role, partition)) if (e.fate, e.kind) == ("committed", "record")]
        return {e.key: e.value for e in seen if e.key is not None and e.value is not None}

    def committed(self, role: str) -> list[tuple[bytes | None, bytes | None]]:
        """Committed records of all partitions of a topic."""
        found = [self.entries(place) for place in sorted(self.partitions) if place[0] == role]
        return [(e.key, e.value) for entries in found for e in entries if e.fate == "committed" and e.kind == "record"]

    def batch(self, place: Place, start: int, limit: int) -> RecordBatch | None:
        """Committed records of up to ``limit`` offsets from ``start``; None at the stable end."""
        end = min(self.stable(place), start + limit)
        if start >= end:
            return None
        seen = [
            (n, e)
            for n, e in enumerate(self.entries(place)[start:end], start)
            if (e.fate, e.kind) == ("committed", "record")
        ]
        return RecordBatch(
            place[0],
            place[1],
            start=start,
            next_offset=end,
            keys=[e.key for _, e in seen],
            values=[e.value for _, e in seen],
            offsets=[n for n, _ in seen],
            received_ms=[e.received_ms for _, e in seen],
        )

    # ---- transactions

    async def open_producer(self, transactional_id: str) -> SimulatedProducer:
        """Fence older producers and decide their open transaction; its markers follow when they follow."""
        await self.step()
        if not self.fencing:
            self._opened += 1
            transactional_id = f"{transactional_id}/{self._opened}"
        self.epochs[transactional_id] = self.epochs.get(transactional_id, -1) + 1
        self.decide(transactional_id, "aborted")
        producer = SimulatedProducer(self, transactional_id, self.epochs[transactional_id])
        await self.answer()
        return producer

    def decide(self, transactional_id: str, fate: str) -> None:
        """End the open transaction of an id, if there is one; markers are written later, one partition at a time."""
        transaction = self.transactions.get(transactional_id)
        if transaction is None or transaction.fate != "open":
            return
        transaction.fate = fate
        transaction.unmarked = set(transaction.places)
        for place in sorted(transaction.places):
            slow = self.rng.random() < self.chances.slow_marker
            self.loop.in_world(self.rng.uniform(0, 1.5 if slow else 0.02), self._mark, transaction, place)

    def _mark(self, transaction: Transaction, place: Place) -> None:
        for entry in transaction.places[place]:
            entry.fate = transaction.fate
        self.entries(place).append(Entry(None, None, transaction.fate, "marker"))
        transaction.unmarked.discard(place)


class SimulatedProducer:
    """A producer of one epoch of a transactional id."""

    def __init__(self, log: SimulatedLog, transactional_id: str, epoch: int) -> None:
        self._log, self._id, self._epoch = log, transactional_id, epoch

    def _check(self) -> None:
        if self._log.epochs[self._id] != self._epoch:
            raise Fenced(self._id)

    async def begin(self) -> None:
        """Wait until the markers of the last transaction are written, then open the next."""
        await self._log.step()
        while (last := self._log.transactions.get(self._id)) is not None and (last.fate == "open" or last.unmarked):
            self._check()
            await asyncio.sleep(POLL_S)
        self._check()
        transaction = self._log.transactions[self._id] = Transaction()
        self._log.loop.in_world(TRANSACTION_TIMEOUT_S, self._expire, transaction)

    def _expire(self, transaction: Transaction) -> None:
        if transaction.fate == "open":
            self._log.epochs[self._id] += 1
            self._log.decide(self._id, "aborted")

    async def write(self, outputs: Sequence[Output]) -> dict[Place, int]:
        """Partition by partition, in any order."""
        by_place: dict[Place, list[Output]] = {}
        for output in outputs:
            by_place.setdefault((output.topic, output.partition), []).append(output)
        ends: dict[Place, int] = {}
        places = list(by_place)
        self._log.rng.shuffle(places)
        for place in places:
            await self._log.step()
            self._check()
            transaction = self._log.transactions[self._id]
            if transaction.fate != "open":
                raise OutcomeUnknown("the transaction is over")
            written = [self._entry(output) for output in by_place[place]]
            self._log.entries(place).extend(written)
            transaction.places.setdefault(place, []).extend(written)
            ends[place] = len(self._log.entries(place))
        await self._log.answer()
        return ends

    def _entry(self, output: Output) -> Entry:
        """An undecided record; a received-at header says when it was received, as a signed one does on Kafka."""
        given = dict(output.headers).get(RECEIVED_AT)
        received_ms = self._log.now_ms() if given is None else int(given)
        return Entry(output.key, output.value, "open", received_ms=received_ms)

    async def commit(self) -> None:
        """Decide; the answer may be lost."""
        await self._log.step()
        self._check()
        self._log.decide(self._id, "committed")
        await self._log.answer()

    async def abort(self) -> None:
        """Decide the other way."""
        await self._log.step()
        self._check()
        self._log.decide(self._id, "aborted")
        await self._log.answer()

    async def close(self) -> None:
        """Nothing to let go of."""
        await self._log.step()


class LogOfWorker:
    """The log as one worker sees it: shared, but with its own consumer to seek."""

    def __init__(self, log: SimulatedLog, seek: Callable[[str, int, int], Awaitable[None]]) -> None:
        self._log, self._seek = log, seek

    async def open_producer(self, transactional_id: str) -> SimulatedProducer:
        """See SimulatedLog."""
        return await self._log.open_producer(transactional_id)

    async def ends(self, role: str, partition: int) -> Ends:
        """Stable and high end at one moment."""
        await self._log.step()
        ends = Ends(self._log.stable((role, partition)), len(self._log.entries((role, partition))))
        await self._log.answer()
        return ends

    async def read(self, role: str, partition: int, start: int, end: int) -> AsyncIterator[RecordBatch]:
        """Batches of any size."""
        while start < end:
            await self._log.step()
            batch = self._log.batch((role, partition), start, self._log.rng.randrange(1, 40))
            if batch is not None:
                yield batch
                start = batch.next_offset

    async def seek(self, role: str, partition: int, offset: int) -> None:
        """The worker's consumer begins there."""
        await self._log.step()
        await self._seek(role, partition, offset)
