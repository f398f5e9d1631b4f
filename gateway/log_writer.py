"""The gateway's way into the log: an idempotent producer that writes whole batches and is replaced when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import RecordMetadata

from gateway.log_reader import reason_of
from gateway.records import Outgoing

# Below the topics' max.message.bytes, which bounds a batch and not a record.
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
        producer = self._producer
        if producer is None or self.pending_bytes > MAX_PENDING_BYTES:
            raise LogUnavailable("the log can't be written to at the moment")
        homes: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, record in enumerate(records):
            homes[record.topic, record.partition].append(index)
        confirmed = [False] * len(records)
        tasks = [asyncio.create_task(self._append_home(producer, records, home, confirmed)) for home in homes.items()]
        if tasks:
            done, late = await asyncio.wait(tasks, timeout=ACK_WITHIN_S)
            for task in done:
                task.result()
            for task in late:
                task.cancel()
        return confirmed

    async def _append_home(
        self,
        producer: AIOKafkaProducer,
        records: Sequence[Outgoing],
        home: tuple[tuple[str, int], list[int]],
        confirmed: list[bool],
    ) -> None:
        """Write the records of one partition, batch after batch, and mark the confirmed ones."""
        (role, partition), waiting = home
        while waiting:
            batch, count = _fill(producer, records, waiting)
            size = batch.size()
            try:
                sent = await producer.send_batch(batch, self._names[role], partition=partition)
            except KafkaError as exc:
                self._give_up(producer, exc)
                return
            self.pending_bytes += size
            sent.add_done_callback(lambda outcome, size=size: self._settle(producer, outcome, size))
            # Waiting on the batch from outside leaves it in the producer when this request's time is over.
            await asyncio.wait([sent])
            if sent.cancelled() or sent.exception() is not None:
                return
            for index in waiting[:count]:
                confirmed[index] = True
            waiting = waiting[count:]

    def _settle(self, producer: AIOKafkaProducer, outcome: asyncio.Future[RecordMetadata], size: int) -> None:
        """A batch was confirmed or failed, possibly long after its request was answered."""
        self.pending_bytes -= size
        failure = None if outcome.cancelled() else outcome.exception()
        if failure is not None:
            self._give_up(producer, failure)

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


def _fill(producer: AIOKafkaProducer, records: Sequence[Outgoing], waiting: Sequence[int]) -> tuple[BatchBuilder, int]:
    """A batch of as many of the ``waiting`` records as fit, and their number, which is at least one."""
    batch = producer.create_batch()
    append = batch.append
    count = 0
    for index in waiting:
        record = records[index]
        if append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
            break
        count += 1
    batch.close()
    return batch, count


async def _close(producer: AIOKafkaProducer) -> None:
    """Stop a producer within a bound: stopping waits for its batches, which a broker that is away never confirms."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_WITHIN_S)
    except (TimeoutError, KafkaError, OSError) as exc:
        log.warning("a producer could not be stopped cleanly: %s", reason_of(exc))
        await producer.client.close()
