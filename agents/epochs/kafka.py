"""The log in production: aiokafka."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer.fetcher import READ_COMMITTED, READ_UNCOMMITTED
from aiokafka.errors import KafkaError, ProducerFenced
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.structs import TopicPartition

from agents.epochs.port import Ends, Fenced, OutcomeUnknown
from agents.epochs.unfold import drain
from config.topics import LARGE_RECORD_BYTES, MAX_RECORD_BYTES, Topics
from schemas.receipt import RECEIVED_AT, sign
from schemas.records import Output, RecordBatch

BATCH_BYTES = 900_000
TRANSACTION_TIMEOUT_MS = 10_000
RETRY_BACKOFF_MS = 20  # brokers answer "not enough replicas" while markers are being written
CLOSE_TIMEOUT_S = 2.0
READ_TIMEOUT_S = 60.0
LATEST = -1

T = TypeVar("T")
Seek = Callable[[TopicPartition, int], Awaitable[None]]


class RecordTooLarge(Exception):
    """A stage wrote a record that no batch can hold. Stages split what they write, so this is a bug of ours."""


class KafkaProducer:
    """The writer of one slot."""

    def __init__(self, producer: AIOKafkaProducer, topics: Topics, signing_key: bytes) -> None:
        self._producer, self._topics, self._signing_key = producer, topics, signing_key

    async def begin(self) -> None:
        """Open a transaction."""
        await _checked(self._producer.begin_transaction())

    async def write(self, outputs: Sequence[Output]) -> dict[tuple[str, int], int]:
        """Send ``outputs`` and wait for every acknowledgement: aiokafka commits without looking at them."""
        placed: dict[tuple[str, int], list[Output]] = defaultdict(list)
        for output in outputs:
            placed[output.topic, output.partition].append(output)
        return await _checked(self._send(placed))

    async def _send(self, placed: dict[tuple[str, int], list[Output]]) -> dict[tuple[str, int], int]:
        sent: list[tuple[tuple[str, int], int, Any]] = []
        for place, outputs in placed.items():
            for batch in self._batches(place, outputs):
                count = batch.record_count()
                sent.append(
                    (
                        place,
                        count,
                        await self._producer.send_batch(batch, self._topics.name_of(place[0]), partition=place[1]),
                    )
                )
        ends: dict[tuple[str, int], int] = {}
        for place, count, acknowledged in sent:
            ends[place] = (await acknowledged).offset + count
        return ends

    def _batches(self, place: tuple[str, int], outputs: Sequence[Output]) -> list[Any]:
        batches: list[Any] = []
        batch = self._producer.create_batch()
        for output in outputs:
            headers = self._signed(output)
            if batch.append(timestamp=None, key=output.key, value=output.value, headers=headers) is None:
                batch.close()
                batches.append(batch)
                batch = self._producer.create_batch()
                if batch.append(timestamp=None, key=output.key, value=output.value, headers=headers) is None:
                    size = len(output.key or b"") + len(output.value or b"")
                    raise RecordTooLarge(
                        f"a record of {size} bytes for {place[0]}-{place[1]} is larger than a batch of {BATCH_BYTES}"
                    )
        batch.close()
        return [*batches, batch]

    def _signed(self, output: Output) -> list[tuple[str, bytes]]:
        """The headers of an output; a receipt is signed, so that whoever reads it next can trust it."""
        headers = list(output.headers)
        if self._signing_key:
            for name, value in output.headers:
                if name == RECEIVED_AT:
                    headers.append(sign(int(value), output.value or b"", self._signing_key)[1])
        return headers

    async def commit(self) -> None:
        """Make it visible."""
        await _checked(self._producer.commit_transaction())

    async def abort(self) -> None:
        """Take it back."""
        await _checked(self._producer.abort_transaction())

    async def close(self) -> None:
        """Let go; with the broker away, aiokafka would wait for ever."""
        await _closed(self._producer.stop())


class KafkaLog:
    """The cluster, seen by one worker. ``seek`` is the transport's: it owns the consumer that feeds the slots."""

    def __init__(
        self, brokers: str, topics: Topics, *, client_id: str, signing_key: bytes, commit_timeout_s: float, seek: Seek
    ) -> None:
        self._brokers, self._topics, self._client_id = brokers.split(","), topics, client_id
        self._signing_key, self._commit_timeout_s, self._seek = signing_key, commit_timeout_s, seek
        self._watcher: AIOKafkaConsumer | None = None
        self._watching = asyncio.Lock()

    async def open_producer(self, transactional_id: str) -> KafkaProducer:
        """InitProducerId: returns when every older producer is fenced and its transaction ended."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self._brokers,
            client_id=transactional_id,
            transactional_id=transactional_id,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            max_batch_size=BATCH_BYTES,
            max_request_size=LARGE_RECORD_BYTES,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            request_timeout_ms=int(self._commit_timeout_s * 500),
        )
        try:
            await _checked(producer.start())
        except BaseException:  # cancelled, too: nothing of it stays open, and it goes on
            await _closed(producer.stop())
            raise
        return KafkaProducer(producer, self._topics, self._signing_key)

    async def ends(self, role: str, partition: int) -> Ends:
        """Last stable offset and high watermark of a partition."""
        return (await self.all_ends([(role, partition)]))[role, partition]

    async def all_ends(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Ends]:
        """Last stable offset and high watermark of each (role, partition)."""
        async with self._watching:
            if self._watcher is None:
                watcher = self._consumer()
                await _checked(watcher.start())
                self._watcher = watcher
        by_tp = {TopicPartition(self._topics.name_of(role), partition): (role, partition) for role, partition in places}
        stable = await _checked(self._list_offsets(self._watcher, list(by_tp), READ_COMMITTED))
        high = await _checked(self._list_offsets(self._watcher, list(by_tp), READ_UNCOMMITTED))
        return {place: Ends(stable[tp], max(high[tp], stable[tp])) for tp, place in by_tp.items()}

    async def _list_offsets(
        self, watcher: AIOKafkaConsumer, tps: list[TopicPartition], isolation: int
    ) -> dict[TopicPartition, int]:
        client: Any = watcher._client  # noqa: SLF001 - the public call knows one isolation level only
        for topic in {tp.topic for tp in tps}:
            await client._wait_on_metadata(topic)  # noqa: SLF001 - it has no public name
        asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for tp in tps:
            leader = client.cluster.leader_for_partition(tp)
            if leader is None or leader == -1:
                await client.force_metadata_update()
                raise OutcomeUnknown(f"{tp.topic}-{tp.partition} has no leader; the broker may be starting")
            asked[leader][tp.topic].append((tp.partition, LATEST))
        found: dict[TopicPartition, int] = {}
        for leader, by_topic in asked.items():
            response = await client.send(
                leader, OffsetRequest(-1, isolation, [(name, parts) for name, parts in by_topic.items()])
            )
            for name, parts in response.topics:
                for partition, error, _, offset, *_ in parts:
                    if error:
                        raise OutcomeUnknown(f"the end of {name}-{partition} can't be had: Kafka error {error}")
                    found[TopicPartition(name, partition)] = offset
        return found

    async def read(self, role: str, partition: int, start: int, end: int) -> AsyncIterator[RecordBatch]:
        """Committed records of ``[start, end)``, by a consumer of its own without a group."""
        if start >= end:
            return
        tp = TopicPartition(self._topics.name_of(role), partition)
        consumer = self._consumer()
        await _checked(consumer.start())
        try:
            consumer.assign([tp])
            consumer.seek(tp, start)
            position = start
            while position < end:
                fetcher: Any = consumer._fetcher  # noqa: SLF001 - whole batches, as in `unfold`
                drained = await _checked(
                    drain(fetcher, lambda _: role, self._signing_key, wanted=None, timeout_s=READ_TIMEOUT_S)
                )
                if not drained:
                    raise OutcomeUnknown(
                        f"{tp.topic}-{partition} gave nothing at {position} for {READ_TIMEOUT_S} s but ends at {end}"
                    )
                for batch in drained[tp]:
                    yield batch
                    position = batch.next_offset
        finally:
            await _closed(consumer.stop())

    def _consumer(self) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            bootstrap_servers=self._brokers,
            client_id=f"{self._client_id}-restore",
            group_id=None,
            enable_auto_commit=False,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 * MAX_RECORD_BYTES,
            fetch_max_wait_ms=20,
        )

    async def seek(self, role: str, partition: int, offset: int) -> None:
        """Ask the transport to begin there."""
        await self._seek(TopicPartition(self._topics.name_of(role), partition), offset)

    async def close(self) -> None:
        """Let go of the connection that watches ends."""
        if self._watcher is not None:
            await _closed(self._watcher.stop())


async def _checked(call: Awaitable[T]) -> T:
    """Await ``call``, with aiokafka's many ways to fail told apart as far as it matters: fenced, or anybody's guess.

    Fatal states of aiokafka's transaction manager show as AssertionError.
    """
    try:
        return await call
    except ProducerFenced as exc:
        raise Fenced(f"a newer owner writes here: {exc}") from exc
    except (KafkaError, AssertionError, OSError) as exc:
        raise OutcomeUnknown(f"{type(exc).__name__}: {exc}") from exc


async def _closed(stopping: Awaitable[None]) -> None:
    with suppress(KafkaError, AssertionError, OSError, TimeoutError):
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await stopping
