"""The log in production does what the protocol asks of it, on a real Kafka."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.structs import TopicPartition

from agents.epochs.kafka import KafkaLog
from agents.epochs.port import Ends, Fenced
from cli.topics import ensure_topics
from config.settings import Settings, load_settings
from config.topics import Role
from schemas.receipt import RECEIVED_AT, RECEIVED_SIG
from schemas.records import Output, RecordBatch

KEY = b"secret"


@asynccontextmanager
async def opened(bootstrap: str) -> AsyncIterator[tuple[KafkaLog, Settings]]:
    """A log of its own topics."""
    settings = load_settings(kafka_brokers=bootstrap, topic_prefix=f"l{uuid.uuid4().hex[:8]}.", activity_partitions=2)
    await asyncio.to_thread(ensure_topics, settings)

    async def no_seek(tp: TopicPartition, offset: int) -> None: ...

    log = KafkaLog(bootstrap, settings.topics, client_id="test", signing_key=KEY, commit_timeout_s=20.0, seek=no_seek)
    try:
        yield log, settings
    finally:
        await log.close()


async def undecided_over(log: KafkaLog, role: str, partition: int) -> Ends:
    """The ends once nothing is undecided: a commit is answered before its markers are written."""
    while True:
        ends = await log.ends(role, partition)
        if ends.stable == ends.high:
            return ends
        await asyncio.sleep(0.02)


async def everything(log: KafkaLog, role: str, partition: int) -> list[RecordBatch]:
    """All batches up to the stable end."""
    end = (await undecided_over(log, role, partition)).stable
    return [batch async for batch in log.read(role, partition, 0, end)]


async def test_committed_records_are_read_aborted_ones_only_move_the_position(kafka: str) -> None:
    async with opened(kafka) as (log, _):
        producer = await log.open_producer("a")
        for n, fate in enumerate((producer.commit, producer.abort, producer.commit)):
            await producer.begin()
            await producer.write([Output("cells", 1, b"k", b"%d" % n), Output("accounts_state", 0, b"k", b"%d" % n)])
            await fate()
        await producer.close()
        batches = await everything(log, "cells", 1)
        assert [value for batch in batches for value in batch.values] == [b"0", b"2"]
        assert [offset for batch in batches for offset in batch.offsets] == [0, 4]
        assert [batch.start for batch in batches] == [0, *(batch.next_offset for batch in batches[:-1])]
        assert batches[-1].next_offset == 6


async def test_write_says_where_it_ends(kafka: str) -> None:
    async with opened(kafka) as (log, _):
        producer = await log.open_producer("a")
        await producer.begin()
        ends = await producer.write([Output("cells", 0, b"k", b"x" * 400_000) for _ in range(7)])
        assert ends == {("cells", 0): 7}
        undecided = await log.ends("cells", 0)
        assert (undecided.stable, undecided.high) == (0, 7)
        await producer.commit()
        assert await undecided_over(log, "cells", 0) == (8, 8)
        await producer.close()


async def test_a_new_producer_fences_the_old_one_and_ends_its_transaction(kafka: str) -> None:
    async with opened(kafka) as (log, _):
        old = await log.open_producer("a")
        await old.begin()
        await old.write([Output("cells", 0, b"k", b"old")])
        new = await log.open_producer("a")
        assert await log.ends("cells", 0) == (2, 2)
        with pytest.raises(Fenced):
            await old.commit()
        await new.begin()
        await new.write([Output("cells", 0, b"k", b"new")])
        await new.commit()
        assert [value for batch in await everything(log, "cells", 0) for value in batch.values] == [b"new"]
        await old.close()
        await new.close()


async def test_a_receipt_is_signed_on_the_way_out_and_trusted_on_the_way_in(kafka: str) -> None:
    async with opened(kafka) as (log, settings):
        producer = await log.open_producer("a")
        await producer.begin()
        await producer.write([Output("activity", 0, b"k", b"v", ((RECEIVED_AT, b"1234567"),))])
        await producer.commit()
        await producer.close()
        async with AIOKafkaProducer(bootstrap_servers=kafka) as forger:
            forged = [(RECEIVED_AT, b"1234567"), (RECEIVED_SIG, b"0" * 64)]
            await forger.send_and_wait(settings.topics.name_of(Role.ACTIVITY), b"v", partition=0, headers=forged)
        signed, forged_ms = [ms for batch in await everything(log, "activity", 0) for ms in batch.received_ms]
        assert signed == 1_234_567
        assert forged_ms > 1_600_000_000_000
