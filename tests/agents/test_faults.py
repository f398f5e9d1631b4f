"""Exactly once on a real Kafka, with toy stages: whatever is done to workers and broker, the totals are the oracle's."""

from __future__ import annotations

import asyncio
import signal

from cli.broker import Broker
from tests.agents.flow import Flow


async def test_totals_are_exact_and_a_restart_goes_on(kafka: str) -> None:
    async with Flow(kafka, seed=1) as flow:
        accounts, board = flow.start("accounts"), flow.start("board")
        await flow.publish(2_000)
        await flow.settle(20)
        for process in (accounts, board):
            process.terminate()
        assert [accounts.wait(20), board.wait(20)] == [0, 0]
        await flow.publish(500)
        flow.start("accounts")
        flow.start("board")
        await flow.settle(20)


async def test_kill_nine_ten_times(kafka: str) -> None:
    async with Flow(kafka, seed=2) as flow:
        live = {stage: flow.start(stage) for stage in ("accounts", "board")}
        publishing = asyncio.create_task(_publish_slowly(flow, rounds=100))
        for n in range(10):
            await asyncio.sleep(flow.rng.uniform(0.5, 2.0))
            stage = flow.rng.choice(["accounts", "board"]) if n else "accounts"
            live[stage].kill()
            live[stage].wait()
            live[stage] = flow.start(stage)
        await publishing
        await flow.settle(30)


async def test_a_second_worker_joins_and_leaves(kafka: str) -> None:
    async with Flow(kafka, seed=3) as flow:
        for stage in ("accounts", "board"):
            flow.start(stage)
        publishing = asyncio.create_task(_publish_slowly(flow, rounds=60))
        await asyncio.sleep(3)
        seconds = [flow.start("accounts"), flow.start("board")]
        await asyncio.sleep(5)
        for process in seconds:
            process.terminate()
        assert [process.wait(20) for process in seconds] == [0, 0]
        await publishing
        await flow.settle(20)


async def test_a_frozen_worker_wakes_as_a_zombie(kafka: str) -> None:
    async with Flow(kafka, seed=4) as flow:
        frozen = [flow.start("accounts"), flow.start("board")]
        await flow.publish(500)
        await flow.settle(20)
        publishing = asyncio.create_task(_publish_slowly(flow, rounds=100))
        await asyncio.sleep(1)
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        flow.start("accounts")
        flow.start("board")
        await asyncio.sleep(9)
        for process in frozen:
            process.send_signal(signal.SIGCONT)
        await publishing
        await flow.settle(20)


async def test_the_broker_is_killed_once(own_broker: Broker) -> None:
    async with Flow(own_broker.bootstrap, seed=5) as flow:
        for stage in ("accounts", "board"):
            flow.start(stage)
        publishing = asyncio.create_task(_publish_slowly(flow, rounds=80))
        await asyncio.sleep(4)
        await asyncio.to_thread(own_broker.kill)
        await asyncio.sleep(1)
        await asyncio.to_thread(own_broker.restart)
        await publishing
        await flow.settle(30)


async def _publish_slowly(flow: Flow, *, rounds: int) -> None:
    for _ in range(rounds):
        await flow.publish(20)
        await asyncio.sleep(0.1)
