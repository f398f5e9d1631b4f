"""Exactly once on a real Kafka, with toy stages: whatever is done to workers and broker, totals are the oracle's."""

from __future__ import annotations

import asyncio
import signal

import pytest

from cli.broker import Broker
from tests.agents.flow import STAGES, Flow

pytestmark = [pytest.mark.takes(75), pytest.mark.timeout(600)]


async def test_totals_are_exact_and_a_restart_goes_on(kafka: str) -> None:
    async with Flow(kafka, seed=1) as flow:
        workers = await flow.start_all()
        await flow.publish(2_000)
        await flow.settle()
        for worker in workers:
            worker.signal(signal.SIGTERM)
        assert [await worker.wait() for worker in workers] == [0, 0]
        await flow.publish(500)
        for stage in STAGES:
            flow.start(stage)
        await flow.settle()


async def test_kill_nine_ten_times(kafka: str) -> None:
    async with Flow(kafka, seed=2) as flow:
        live = dict(zip(STAGES, await flow.start_all(), strict=True))
        publishing = asyncio.create_task(flow.keep_publishing())
        for n in range(10):
            stage = STAGES[n % 2]
            await asyncio.sleep(flow.rng.uniform(0.1, 0.7))
            live[stage].end()
            live[stage] = flow.start(stage)
            if n % 3 == 2:  # the others are killed while they start, join or restore
                await live[stage].until_working()
        await flow.stop(publishing)
        await flow.settle()


async def test_a_second_worker_joins_takes_its_share_and_leaves(kafka: str) -> None:
    async with Flow(kafka, seed=3) as flow:
        await flow.start_all()
        publishing = asyncio.create_task(flow.keep_publishing())
        seconds = await flow.start_all()
        await asyncio.sleep(1)
        for worker in seconds:
            worker.signal(signal.SIGTERM)
        assert [await worker.wait() for worker in seconds] == [0, 0]
        await asyncio.sleep(1)
        await flow.stop(publishing)
        await flow.settle()


async def test_a_frozen_worker_wakes_as_a_zombie(kafka: str) -> None:
    async with Flow(kafka, seed=4) as flow:
        frozen = await flow.start_all()
        publishing = asyncio.create_task(flow.keep_publishing())
        await asyncio.sleep(1)
        for worker in frozen:
            worker.signal(signal.SIGSTOP)
        await flow.start_all()
        await asyncio.sleep(1)
        for worker in frozen:
            worker.signal(signal.SIGCONT)
        await asyncio.sleep(3)
        await flow.stop(publishing)
        await flow.settle()


async def test_the_broker_is_killed_once(own_broker: Broker) -> None:
    async with Flow(own_broker.bootstrap, seed=5) as flow:
        await flow.start_all()
        publishing = asyncio.create_task(flow.keep_publishing())
        await asyncio.sleep(2)
        await asyncio.to_thread(own_broker.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(own_broker.restart)
        await asyncio.sleep(3)
        await flow.stop(publishing)
        await flow.settle(supervised=True)
