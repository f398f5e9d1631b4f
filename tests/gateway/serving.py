"""A gateway served in a thread of the test, on a free port, and a log to put things into."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
import uuid
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import httpx
import uvicorn
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import ConsumerRecord, TopicPartition

from cli.gateway import preparing
from config.settings import Settings, load_settings
from gateway.app import create_app
from gateway.wiring import wire
from schemas.records import Output

READY_WITHIN_S = 90.0


def settings_for(bootstrap: str, **more: Any) -> Settings:
    """Settings with a topic prefix of their own."""
    made = {"kafka_brokers": bootstrap, "topic_prefix": f"t{uuid.uuid4().hex[:8]}.", "allow_backfill": True}
    return load_settings(**(made | more))


class Served:
    """Use as a context manager; ``client`` speaks to the gateway."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=60)
        self._server: uvicorn.Server | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        app = create_app(wire(self.settings, preparing(self.settings)))
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        await self._server.serve(sockets=[self._listener])

    def __enter__(self) -> Served:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the gateway did not stop"

    def wait_ready(self) -> Served:
        """Until /readyz says yes."""
        until = time.monotonic() + READY_WITHIN_S
        while self.client.get("/readyz").status_code != 200:
            assert time.monotonic() < until, self.client.get("/readyz").text
            time.sleep(0.1)
        return self

    def values(self, **asked: str) -> list[str]:
        """The lines of /v1/values."""
        answer = self.client.get("/v1/values", params=asked)
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    def wait_for(self, wanted: list[str], **asked: str) -> None:
        """Until /v1/values answers ``wanted``."""
        until = time.monotonic() + READY_WITHIN_S
        while (found := self.values(**asked)) != wanted:
            assert time.monotonic() < until, sorted(set(found) ^ set(wanted))[:4]
            time.sleep(0.1)


async def write(settings: Settings, outputs: Iterable[Output], *, commit: bool = True) -> None:
    """Write outputs, whose topics are roles, in one transaction, which is committed or taken back."""
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_brokers, transactional_id=f"{uuid.uuid4()}")
    await producer.start()
    try:
        await producer.begin_transaction()
        for output in outputs:
            name = settings.topics.name_of(output.topic)
            sent = await producer.send(name, output.value, output.key, output.partition)
            await sent
        await (producer.commit_transaction() if commit else producer.abort_transaction())
    finally:
        await producer.stop()


async def read(settings: Settings, role: str, partitions: int) -> list[ConsumerRecord[bytes, bytes]]:
    """Every committed record of a role's topic."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_brokers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        tps = [TopicPartition(settings.topics.name_of(role), number) for number in range(partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()
