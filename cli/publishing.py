"""Events to Kafka in batches of ready records: keyed, to their home partition, acknowledged by all replicas."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from types import TracebackType
from typing import Any

from config.settings import Settings
from config.topics import Role
from schemas.event import Event, encode_key, home_partition, is_activity

BATCH_BYTES = 256 * 1024
IN_FLIGHT_MAX = 64
CONNECT_LIMIT_S = 30.0
TOPIC_LIMIT_S = 10.0
SEND_LIMIT_S = 120.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0


class BrokerAbsent(Exception):
    """Kafka can't be reached, or stopped answering. One line: what happened, to what, what now."""


class TopicAbsent(BrokerAbsent):
    """The broker has no such topic."""


def record_key(event: Event) -> tuple[Role, bytes]:
    """Which topic an event belongs on, and under which key: tenant/subject, or the tenant alone."""
    if is_activity(event.kind):
        return Role.ACTIVITY, encode_key(event.tenant, event.subject)
    return Role.ORGANISATION, event.tenant.encode()


class Publisher:
    """Publishes events; ``async with`` connects, and on the way out waits until every record is acknowledged."""

    def __init__(self, settings: Settings) -> None:
        from aiokafka import AIOKafkaProducer

        self._settings = settings
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_brokers,
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            request_timeout_ms=int(SEND_LIMIT_S * 1000),
            linger_ms=0,
        )
        self._names = {role: settings.topics.name_of(role) for role in (Role.ACTIVITY, Role.ORGANISATION)}
        self._counts: dict[Role, int] = {}
        self._open: dict[tuple[Role, int], Any] = {}
        self._full: deque[tuple[Role, int, Any]] = deque()
        self._in_flight: deque[asyncio.Future[Any]] = deque()

    async def __aenter__(self) -> Publisher:
        from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

        loop = asyncio.get_running_loop()
        limit, pause_s, said = loop.time() + CONNECT_LIMIT_S, FIRST_PAUSE_S, False
        # The client logs every attempt; the lines below say it once.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        while True:
            try:
                await self._producer.start()
                break
            except KafkaError:
                if loop.time() > limit:
                    await self._producer.stop()
                    raise BrokerAbsent(
                        f"no Kafka at {self._settings.kafka_brokers} for {CONNECT_LIMIT_S:.0f} s; "
                        "start it, or set KAFKA_BROKERS"
                    ) from None
                if not said:
                    sys.stderr.write(f"salespulse: no Kafka at {self._settings.kafka_brokers} yet; trying on\n")
                    said = True
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        for role, name in self._names.items():
            try:
                async with asyncio.timeout(TOPIC_LIMIT_S):
                    self._counts[role] = len(await self._producer.partitions_for(name))
            except (UnknownTopicOrPartitionError, TimeoutError):
                await self._producer.stop()
                raise TopicAbsent(
                    f"no topic {name} at {self._settings.kafka_brokers}; `salespulse topics` creates it, and so does "
                    "the first worker or gateway there"
                ) from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                await self.flush()
        finally:
            await self._producer.stop()

    def add(self, raw: bytes, event: Event) -> None:
        """Put an event into the batch of its home partition; nothing is sent before the next `pump` or `flush`."""
        role, key = record_key(event)
        self.add_record(role, home_partition(key, self._counts[role]), key, raw)

    def add_keyed(self, role: Role, key: bytes, raw: bytes) -> None:
        """Put raw bytes, which need not be an event, under a key into its home partition."""
        self.add_record(role, home_partition(key, self._counts[role]), key, raw)

    def add_record(self, role: Role, partition: int, key: bytes, raw: bytes) -> None:
        """Put raw bytes under a key into a partition that the caller chooses."""
        place = (role, partition)
        batch = self._open.get(place)
        if batch is not None and batch.append(key=key, value=raw, timestamp=None) is not None:
            return
        if batch is not None:
            self._full.append((*place, batch))
        batch = self._open[place] = self._producer.create_batch()
        if batch.append(key=key, value=raw, timestamp=None) is None:
            raise ValueError(f"an event of {len(raw)} bytes doesn't fit into a batch of {BATCH_BYTES}")

    async def pump(self) -> None:
        """Send the batches that are full; wait while too many are unacknowledged."""
        while self._full:
            await self._send(*self._full.popleft())
        while len(self._in_flight) > IN_FLIGHT_MAX:
            await self._acknowledged()

    async def flush(self) -> None:
        """Send everything and return when the broker has it. Raises BrokerAbsent if it stopped answering."""
        self._full.extend((role, partition, batch) for (role, partition), batch in self._open.items())
        self._open.clear()
        await self.pump()
        while self._in_flight:
            await self._acknowledged()

    async def _send(self, role: Role, partition: int, batch: Any) -> None:
        batch.close()
        self._in_flight.append(await self._producer.send_batch(batch, self._names[role], partition=partition))

    async def _acknowledged(self) -> None:
        from aiokafka.errors import KafkaError

        try:
            await asyncio.wait_for(self._in_flight.popleft(), SEND_LIMIT_S)
        except (KafkaError, TimeoutError) as exc:
            raise BrokerAbsent(
                f"Kafka at {self._settings.kafka_brokers} did not take a batch ({type(exc).__name__}); "
                "send the same again: repeats are harmless"
            ) from None
