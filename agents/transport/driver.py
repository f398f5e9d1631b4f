"""The `kbatch://` transport of Faust: one Faust message per run of records, always read_committed.

What differs from the stock driver, and why:
  * whole producer batches are drained instead of records: stock cost is per record and structural;
  * a partition stays paused until its slot has sought to where it is restored; only that seek counts, so Faust's own
    seeks to committed offsets do nothing;
  * Faust acknowledges and commits nothing: positions travel in the transactions of the slots. Group offsets are written
    now and then, for lag tools;
  * partitions are assigned by Faust's co-partitioning, sticky assignor, also without tables.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import aiokafka
from aiokafka.errors import ConsumerStoppedError, IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as base
from faust.types import TP, ConsumerMessage

from agents.epochs.unfold import drain
from schemas.records import RecordBatch

if TYPE_CHECKING:
    from agents.app import StageApp

SCHEME = "kbatch"
FETCH_MIN_BYTES = 1_000_000  # with 1 a trickle of records costs three times the CPU: one fetch per producer batch
FETCH_MAX_WAIT_MS = 20  # an epoch is longer than this anyway
PARTITION_FETCH_BYTES = 4 * 1_048_576
TURN_S = 0.1  # a call in flight keeps its view of the active partitions that long

log = logging.getLogger(__name__)


class Fetched(NamedTuple):
    """A batch and the generation of the group it was fetched in."""

    generation: int
    batch: RecordBatch


class BatchConsumerThread(base.AIOKafkaConsumerThread):
    """The thread that talks to Kafka."""

    consumer: BatchConsumer

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        app, conf = self.consumer.stage_app, self.app.conf
        self._assignor = app.assignor
        return aiokafka.AIOKafkaConsumer(
            bootstrap_servers=base.server_list(transport.url, transport.default_port),
            client_id=conf.broker_client_id,
            group_id=conf.id,
            group_instance_id=conf.consumer_group_instance_id,
            partition_assignment_strategy=[app.assignor],
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            fetch_min_bytes=FETCH_MIN_BYTES,
            fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
        )

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Fetch nothing before the slots say from where."""
        self._ensure_consumer().pause(*self._ensure_consumer().assignment())
        await super().on_partitions_assigned(assigned, generation_id)

    async def begin_at(self, tp: TopicPartition, offset: int) -> bool:
        """Seek and resume; False if the partition is not ours any more."""
        consumer = self._ensure_consumer()
        try:
            consumer.seek(tp, offset)
        except IllegalStateError:
            return False
        consumer.resume(tp)
        return True

    async def commit_quietly(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Write group offsets. They decide nothing, so a failure is not worth more than a line."""
        consumer = self._ensure_consumer()
        mine = {tp: OffsetAndMetadata(offset, "") for tp, offset in offsets.items() if tp in consumer.assignment()}
        if mine:
            try:
                await consumer.commit(mine)
            except KafkaError as exc:
                log.info("group offsets were not written: %s", type(exc).__name__)

    async def _fetch_records(
        self, consumer: Any, active_partitions: Any, timeout: float | None = None, max_records: int | None = None
    ) -> dict[TP, list[Fetched]]:
        if not self.consumer.flow_active:
            return {}
        fetcher = consumer._fetcher
        if consumer._closed or fetcher._closed:
            raise ConsumerStoppedError
        generation: int = consumer._coordinator.generation
        app = self.consumer.stage_app
        with fetcher._subscriptions.fetch_context():
            drained = await drain(
                fetcher,
                app.source_of,
                app.signing_key,
                wanted=active_partitions,
                timeout_s=min(timeout or 0, TURN_S),
                is_current=lambda: self.consumer.flow_active and consumer._coordinator.generation == generation,
            )
        return {
            TP(tp.topic, tp.partition): [Fetched(generation, batch) for batch in batches]
            for tp, batches in drained.items()
        }


class NoOffsets(dict[TP, int | None]):
    """In place of Faust's memory of the offsets it has read: by it Faust drops what is read again after a seek."""

    def __getitem__(self, tp: TP) -> None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        return None


class BatchConsumer(base.Consumer):
    """Faust's consumer for batches. It knows the crew of its app and does what the crew's slots need."""

    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._wake = asyncio.Event()
        super().__init__(*args, **kwargs)
        self._read_offset = NoOffsets()

    @property
    def stage_app(self) -> StageApp:
        """The app, by its own type."""
        return cast("StageApp", self.app)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    # ---- partitions come and go

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Let Faust prepare its streams, then open the slots.

        The flow stands still until Faust has cleared its queues: at the first assignment it would not, and a batch
        fetched before the clearing would be lost.
        """
        self.stop_flow()
        await super().on_partitions_assigned(assigned, generation_id)
        self.stage_app.take_over(assigned)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Stop the flow and clear the queues first, then commit the last epochs."""
        await super().on_partitions_revoked(revoked)
        await self.stage_app.hand_back()

    async def on_stop(self) -> None:
        """Hand back before the group is left."""
        await self.stage_app.hand_back()
        await super().on_stop()

    async def begin_at(self, tp: TopicPartition, offset: int) -> None:
        """Live batches of ``tp`` begin at ``offset``, now."""
        if not await self._thread.call_thread(self._thread.begin_at, tp, offset):
            await asyncio.Event().wait()  # taken away meanwhile: the release that follows cancels the wait
        self._wake.set()

    async def commit_group_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Write group offsets for lag tools."""
        await self._thread.call_thread(self._thread.commit_quietly, offsets)

    async def perform_seek(self) -> None:
        """Nothing: Faust seeks to group offsets, which decide nothing here."""

    # ---- records

    async def _wait_next_records(self, timeout: float) -> tuple[Mapping[TP, list[Fetched]], set[TP]]:
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        active = {tp for tp in self._get_active_partitions() if self.stage_app.crew.is_ready(tp.partition)}
        if not active:  # to aiokafka an empty set means all partitions, and the stock driver sleeps a second
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await self._wake.wait()
            return {}, set()
        return await self._getmany(active, timeout), set(active)

    def _to_message(self, tp: TP, record: Fetched) -> ConsumerMessage:
        generation, batch = record
        value = cast("bytes", batch)  # Faust hands it on without a look
        last = batch.next_offset - 1
        return ConsumerMessage(
            tp.topic, tp.partition, last, 0.0, 0, None, None, value, None, 0, 0, tp, generation_id=generation
        )

    # ---- what Faust would do with acknowledgements, and must not

    def ack(self, message: Any) -> bool:
        """Nothing is committed by acknowledgement."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps are the slots' business."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's check expects its own commits; `agents.liveness` looks instead."""

    def on_buffer_drop(self, tp: TP) -> None:
        """Room in a queue: fetch again at once."""
        super().on_buffer_drop(tp)
        self._wake.set()


class Transport(base.Transport):
    """Registered under `kbatch`."""

    Consumer = BatchConsumer
    driver_version = f"kbatch aiokafka={aiokafka.__version__}"


def register() -> None:
    """Let ``broker="kbatch://…"`` find this transport."""
    from faust.transport.drivers import TRANSPORTS

    TRANSPORTS.aliases[SCHEME] = f"{__name__}:Transport"
