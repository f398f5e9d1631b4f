"""The gateway's way into the log: an idempotent producer that writes whole batches and is replaced when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from gateway.log_reader import reason_of
from gateway.records import Outgoing

# Below the topics' max.message.bytes, which bounds a batch and not a record. A letter that is longer, as the topic of
# dead letters allows, becomes a batch of its own: the first record of a batch is taken whatever its size.
MAX_BATCH_BYTES = 900_000
MAX_PENDING_BYTES = 64 * 1024 * 1024
ACK_WITHIN_S = 5.0
STOP_WITHIN_S = 3.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0

log = logging.getLogger(__name__)


class LogUnavailable(Exception):
    """No producer is open, or too much waits for the broker already: nothing of a request was written."""


class LogWriter:
    """Writes records with ``acks=all``.

    ``run`` keeps one producer open for as long as it runs. A producer one of whose batches failed has a gap in its
    sequence numbers, so it is dropped and another is opened. While the broker is merely away, batches wait in the
    producer; how many may wait is bounded.
    """

    def __init__(self, brokers: str, names: Mapping[str, str]) -> None:
        """``names``: role → topic."""
        self._brokers = brokers
        self._names = names
        self._producer: AIOKafkaProducer | None = None
        self._failed = asyncio.Event()
        self._lanes: dict[tuple[str, int], _Lane] = {}
        self._draining: set[asyncio.Task[None]] = set()
        self.pending_bytes = 0

    @property
    def is_open(self) -> bool:
        return self._producer is not None

    async def run(self, on_open: Callable[[Mapping[str, int]], None]) -> None:
        """Keep a producer open until cancelled. ``on_open`` is told each role's partition count whenever one opens."""
        pause_s, announced = FIRST_PAUSE_S, False
        while True:
            producer = self._new_producer()
            try:
                await producer.start()
                on_open({role: len(await producer.partitions_for(name)) for role, name in self._names.items()})
            except (KafkaError, OSError) as exc:
                await _close(producer)
                if not announced:
                    log.warning("can't write to the log at %s yet, trying on: %s", self._brokers, reason_of(exc))
                    announced = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            pause_s, announced = FIRST_PAUSE_S, False
            log.info("writing to the log at %s", self._brokers)
            self._failed.clear()
            self._producer = producer
            try:
                await self._failed.wait()
            finally:
                self._producer = None
                await _close(producer)

    async def append(self, records: Sequence[Outgoing]) -> list[bool]:
        """Write ``records``; True for each that the broker confirmed within ACK_WITHIN_S.

        A record without confirmation may still be written later: whoever sends it again relies on its identity. Raises
        LogUnavailable if nothing was tried.
        """
        if self._producer is None or self.pending_bytes > MAX_PENDING_BYTES:
            raise LogUnavailable("the log can't be written to at the moment")
        request = _Request(len(records))
        for index, record in enumerate(records):
            home = record.topic, record.partition
            lane = self._lanes.get(home)
            if lane is None:
                lane = self._lanes[home] = _Lane(*home)
            lane.waiting.append((record, request, index))
            if not lane.is_draining:
                lane.is_draining = True
                task = asyncio.create_task(self._drain(lane))
                self._draining.add(task)
                task.add_done_callback(self._drained)
        if records:
            await asyncio.wait([request.settled], timeout=ACK_WITHIN_S)
        request.is_given_up = True
        return request.confirmed

    async def _drain(self, lane: _Lane) -> None:
        """Write what waits for a partition, batch after batch, several requests together, until nothing waits."""
        try:
            while lane.waiting:
                await self._write_batch(lane)
        finally:
            lane.is_draining = False

    async def _write_batch(self, lane: _Lane) -> None:
        producer = self._producer
        if producer is None or self._failed.is_set():
            lane.disappoint()
            return
        batch, taken = _fill(producer, lane.waiting)
        if not taken:
            return
        size = batch.size()
        try:
            sent = await producer.send_batch(batch, self._names[lane.topic], partition=lane.partition)
        except KafkaError as exc:
            self._give_up(producer, exc)
            _settle(taken, confirmed=False)
            return
        self.pending_bytes += size
        await asyncio.wait([sent])
        self.pending_bytes -= size
        failure = sent.exception()
        if failure is not None:
            self._give_up(producer, failure)
        _settle(taken, confirmed=failure is None)

    def _drained(self, task: asyncio.Task[None]) -> None:
        self._draining.discard(task)
        if not task.cancelled():
            task.result()

    def _give_up(self, producer: AIOKafkaProducer, reason: BaseException) -> None:
        if producer is self._producer and not self._failed.is_set():
            log.warning("a batch was not written, opening another producer: %s", reason_of(reason))
            self._failed.set()

    def _new_producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            bootstrap_servers=self._brokers,
            client_id="salespulse-gateway",
            acks="all",
            enable_idempotence=True,
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=8 * MAX_BATCH_BYTES,
            request_timeout_ms=10_000,
            retry_backoff_ms=50,
        )


class _Request:
    """What became of the records of one call of `append`."""

    __slots__ = ("_left", "confirmed", "is_given_up", "settled")

    def __init__(self, records: int) -> None:
        self.confirmed = [False] * records
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_given_up = False
        self._left = records

    def settle(self, index: int, *, confirmed: bool) -> None:
        """The record at ``index`` was confirmed, or will not be."""
        self.confirmed[index] = confirmed
        self._left -= 1
        if not self._left and not self.settled.done():
            self.settled.set_result(None)


_Waiting = tuple[Outgoing, _Request, int]


class _Lane:
    """The records that wait for one partition, oldest first."""

    def __init__(self, topic: str, partition: int) -> None:
        self.topic = topic
        self.partition = partition
        self.waiting: deque[_Waiting] = deque()
        self.is_draining = False

    def disappoint(self) -> None:
        """Nothing of what waits will be written."""
        _settle(self.waiting, confirmed=False)
        self.waiting.clear()


def _fill(producer: AIOKafkaProducer, waiting: deque[_Waiting]) -> tuple[BatchBuilder, list[_Waiting]]:
    """A batch of as many records as fit, taken from the front. Those whose request has been answered are left out."""
    batch = producer.create_batch()
    append = batch.append
    taken: list[_Waiting] = []
    while waiting:
        record, request, _ = waiting[0]
        if not request.is_given_up:
            if append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
                break
            taken.append(waiting[0])
        waiting.popleft()
    batch.close()
    return batch, taken


def _settle(taken: Iterable[_Waiting], *, confirmed: bool) -> None:
    for _, request, index in taken:
        request.settle(index, confirmed=confirmed)


async def _close(producer: AIOKafkaProducer) -> None:
    """Stop a producer within a bound: stopping waits for its batches, which a broker that is away never confirms."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_WITHIN_S)
    except (TimeoutError, KafkaError, OSError) as exc:
        log.warning("a producer could not be stopped cleanly: %s", reason_of(exc))
        await producer.client.close()
