"""How far the log is and how far the workers have come, asked of the broker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.structs import TopicPartition

from config.topics import StageName, Topics
from gateway.log_reader import LogReader
from gateway.staleness import READS, Place

SOURCES = ("activity", "cells", "organisation")


class KafkaProgress:
    """Answers from a connection of its own, to be given up after the first failure."""

    def __init__(self, brokers: str, topics: Topics, reader: LogReader) -> None:
        self._topics = topics
        self._reader = reader
        self._admin = AIOKafkaAdminClient(
            bootstrap_servers=brokers, client_id="salespulse-gateway", request_timeout_ms=5_000
        )
        self._places: list[Place] = []

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[KafkaProgress]:
        """Connected for as long as the block runs. Raises KafkaError or OSError."""
        try:
            await self._open()
            yield self
        finally:
            await self._admin.close()
            await self._reader.close()

    async def _open(self) -> None:
        await self._reader.open()
        await self._admin.start()
        self._places = [(source, number) for source in SOURCES for number in range(self._reader.partitions_of(source))]

    async def ends(self) -> Mapping[Place, int]:
        """The last stable offset by (source, partition)."""
        return await self._reader.stable_ends(self._places)

    async def folded(self) -> Mapping[str, Mapping[Place, int]]:
        """By stage: the next offset its group has told of. The groups commit every two seconds or so."""
        return {stage.value: await self._committed(stage) for stage in StageName}

    async def _committed(self, stage: StageName) -> dict[Place, int]:
        sources = {self._topics.name_of(source): source for source in READS[stage.value]}
        wanted = [
            TopicPartition(name, number)
            for name, source in sources.items()
            for place, number in self._places
            if place == source
        ]
        offsets = await self._admin.list_consumer_group_offsets(self._topics.group_of(stage), partitions=wanted)
        return {
            (sources[tp.topic], tp.partition): committed.offset
            for tp, committed in offsets.items()
            if committed.offset >= 0
        }
