"""The log of what was sent, in Kafka: one partition, read from its beginning, a few records a week."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any

import msgspec
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import KafkaError

from cli.report.schedule import Entry
from config.settings import Settings
from config.topics import Role

WRITE_LIMIT_S = 15.0
READ_LIMIT_S = 30.0
POLL_MS = 200

log = logging.getLogger(__name__)

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class LogAway(Exception):
    """The log can't be read or written. The text says why; nothing was sent for it."""


class KafkaSentLog:
    """Reads what is new, and writes. As a context; raises LogAway."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topics.name_of(Role.REPORTS)
        self._place = TopicPartition(self._topic, 0)
        try:
            self._consumer = KafkaConsumer(
                bootstrap_servers=settings.kafka_brokers, group_id=None, enable_auto_commit=False,
                auto_offset_reset="earliest", isolation_level="read_committed",
            )  # fmt: skip
            self._producer = KafkaProducer(
                bootstrap_servers=settings.kafka_brokers, acks="all", enable_idempotence=True
            )
        except KafkaError as exc:
            raise LogAway(f"no Kafka broker answers at {settings.kafka_brokers}: {type(exc).__name__}") from None
        self._consumer.assign([self._place])
        self._consumer.seek_to_beginning(self._place)

    def news(self) -> Iterator[tuple[Entry, int]]:
        """What was appended since the last call, up to the present end, each with the broker's time."""
        try:
            end = self._consumer.end_offsets([self._place])[self._place]
            until = time.monotonic() + READ_LIMIT_S
            while self._consumer.position(self._place) < end:
                if time.monotonic() > until:
                    raise LogAway(f"topic {self._topic} was not read to its end in {READ_LIMIT_S:.0f} s")
                for records in self._consumer.poll(timeout_ms=POLL_MS).values():
                    yield from self._entries(records)
        except KafkaError as exc:
            raise LogAway(f"topic {self._topic} can't be read: {type(exc).__name__}") from None

    def _entries(self, records: Iterable[Any]) -> Iterator[tuple[Entry, int]]:
        for record in records:
            try:
                yield _decode(record.value), record.timestamp
            except (msgspec.DecodeError, TypeError):
                log.warning("offset %d of %s is no record of ours and is passed over", record.offset, self._topic)

    def write(self, entry: Entry) -> None:
        """Append a record, and wait until it is kept."""
        key = f"{entry.tenant}/{entry.report}/{entry.period}".encode()
        try:
            self._producer.send(self._topic, value=_encode(entry), key=key, partition=0).get(WRITE_LIMIT_S)
        except KafkaError as exc:
            raise LogAway(f"topic {self._topic} can't be written to: {type(exc).__name__}") from None

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()
        self._producer.close(timeout=WRITE_LIMIT_S)

    def __enter__(self) -> KafkaSentLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
