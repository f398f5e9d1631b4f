"""One Faust app per stage: Faust moves the batches and assigns the partitions, the crew does the rest."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

import faust
from aiokafka.structs import TopicPartition
from faust.types import TP

from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from agents.epochs.pace import Tempo
from agents.epochs.slot import SlotEvents, SlotSpec
from agents.stages import StageDeclaration
from agents.transport.driver import SCHEME, register
from config.settings import Settings

if TYPE_CHECKING:
    from agents.transport.driver import BatchConsumer

BATCHES_QUEUED = 16
HEARTBEAT_S = 0.5
NEVER_S = 3_600.0  # Faust's own commits and polls have nothing to do


class NotCopartitioned(Exception):
    """The sources of a slot were not all assigned to this worker."""


class BatchSchema(faust.Schema[Any, Any]):
    """A Faust schema that leaves the batch as it is."""

    def compile(
        self,
        app: Any,
        *,
        on_key_decode_error: Any = None,
        on_value_decode_error: Any = None,
        default_propagate: bool = False,
    ) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Wrap the batch into a Faust event."""
        create_event = app.create_event

        async def decode(message: Any, *, propagate: bool = default_propagate) -> Any:
            return create_event(None, message.value, None, message)

        return decode


class StageApp(faust.App):
    """The Faust app of a stage, which owns the crew."""

    crew: Crew
    log_port: KafkaLog
    signing_key: bytes
    settings: Settings
    sources: dict[str, str]  # topic name → role

    @property
    def batch_consumer(self) -> BatchConsumer:
        """Faust's consumer, by its own type."""
        return cast("BatchConsumer", self.consumer)

    def _create_directories(self) -> None:
        """Nothing is kept on disk."""

    async def begin_at(self, tp: TopicPartition, offset: int) -> None:
        """Live batches of ``tp`` begin at ``offset``, now. The consumer is made when the app starts."""
        await self.batch_consumer.begin_at(tp, offset)

    def source_of(self, topic: str) -> str:
        """The role of a source topic."""
        return self.sources[topic]

    def take_over(self, assigned: Iterable[TP]) -> None:
        """Open the slots of the assigned partitions. Raises NotCopartitioned."""
        by_source: dict[str, set[int]] = {role: set() for role in self.sources.values()}
        for tp in assigned:
            by_source[self.sources[tp.topic]].add(tp.partition)
        shares = list(by_source.values())
        if any(share != shares[0] for share in shares):
            raise NotCopartitioned(f"the sources of {self.crew.spec.name} were assigned differently: {by_source}")
        self.crew.assign(shares[0])

    async def hand_back(self) -> None:
        """Release every slot, in time for the group to go on."""
        await self.crew.release(self.settings.session_timeout_s / 2)

    def group_offsets(self) -> Mapping[TopicPartition, int]:
        """What is committed, by source partition: for lag tools and readers of group offsets."""
        return {
            TopicPartition(topic, partition): slot.committed[role]
            for partition, slot in self.crew.slots.items()
            if slot.ready
            for topic, role in self.sources.items()
        }


def make_app(stage: StageDeclaration, settings: Settings, counts: dict[str, int], events: SlotEvents) -> StageApp:
    """The app of ``stage``; ``counts``: partitions of each topic by role, as the cluster has them."""
    register()
    topics, group = settings.topics, settings.topics.group_of(stage.name)
    app = StageApp(
        group,
        broker=[f"{SCHEME}://{address}" for address in settings.kafka_brokers.split(",")],
        topic_partitions=counts[stage.sources[0]],
        topic_allow_declare=False,
        topic_disable_leader=True,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        web_enabled=False,
        broker_session_timeout=settings.session_timeout_s,
        broker_rebalance_timeout=settings.session_timeout_s,
        broker_heartbeat_interval=HEARTBEAT_S,
        broker_commit_interval=NEVER_S,
        broker_max_poll_interval=NEVER_S,
    )
    app.settings, app.signing_key = settings, settings.signing_key.encode()
    app.sources = {topics.name_of(role): str(role) for role in stage.sources}
    app.log_port = KafkaLog(
        settings.kafka_brokers,
        topics,
        client_id=group,
        signing_key=app.signing_key,
        commit_timeout_s=settings.commit_timeout_s,
        seek=app.begin_at,
    )
    app.crew = Crew(_slot_spec(stage, settings, counts), app.log_port, events)
    _add_agent(app, stage)
    return app


def _slot_spec(stage: StageDeclaration, settings: Settings, counts: dict[str, int]) -> SlotSpec:
    tempo = Tempo(
        settings.epoch_ms / 1000, settings.epoch_records, settings.flush_after_s, settings.refold_limit_records
    )
    return SlotSpec(
        name=stage.name,
        sources=tuple(str(role) for role in stage.sources),
        state=stage.state,
        create=stage.create(settings, counts),
        transactional_id=lambda partition: settings.topics.transactional_id(stage.name, partition),
        tempo=tempo,
        commit_timeout_s=settings.commit_timeout_s,
    )


def _add_agent(app: StageApp, stage: StageDeclaration) -> None:
    """The one agent of the app: every batch goes to its slot."""
    channel = app.topic(*app.sources, schema=BatchSchema(), maxsize=BATCHES_QUEUED)

    async def fold(stream: Any) -> None:
        async for event in stream.events():
            if event.message.generation_id == app.consumer_generation_id:  # else fetched before a rebalance
                await app.crew.feed(event.value)

    app.agent(channel, name=f"{stage.name}.fold")(fold)
