"""Ticking in the BOARD worker: when it is due, who gets it, and what becomes of it when a partition is lost."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from agents import subscribers
from agents.awake import Awake
from agents.epochs.crew import Crew
from agents.ticking import Ticking
from stream.board.stage import BoardStage
from stream.board.tick import Tick, Ticker
from tests.strategies.pipeline import CATALOGUE
from tests.stream.office import Office, at_ms

NOON_MS = at_ms("2026-05-13 12:00")
LIMIT_S = 60.0


class Taker:
    """A subscriber that notes what it is given; the first ``failing`` times it fails."""

    name = "taker"

    def __init__(self, *, failing: int = 0) -> None:
        self.ticks: list[Tick] = []
        self.released: list[str] = []
        self.failing = failing

    async def take(self, partition: int, tick: Tick) -> None:
        assert partition == 0
        if self.failing:
            self.failing -= 1
            raise ConnectionError("Redis is away")
        self.ticks.append(tick)

    def release(self, tenant: str) -> None:
        self.released.append(tenant)


class Worker:
    """A crew of one slot over an office's board, ticked with a clock that stands at noon."""

    def __init__(self, *takers: Taker) -> None:
        self.office = Office(
            ("2026-05-01 08:00", "roster.changed", {"rep": "R-1", "team": "north"}),
            ("2026-05-13 11:00", "deal.won", {"deal": "D-1", "rep": "R-1", "amount_minor": 12_000, "currency": "EUR"}),
        )
        self.now_ms = NOON_MS
        self.break_s = 0.0
        self.awake = Awake(break_s=5, quiet_s=0.5, clock_s=lambda: time.monotonic() + self.break_s)
        self.slot = self.fresh_slot()
        self.crew = SimpleNamespace(slots={0: self.slot})
        self.ticking = Ticking(
            cast(Crew, self.crew),
            Ticker(CATALOGUE),
            takers,
            every_s=0.0,
            clock_ms=lambda: self.now_ms,
            awake=self.awake,
        )

    def fresh_slot(self) -> Any:
        stage = self.office.pipeline.boards[0].stage
        assert isinstance(stage, BoardStage)
        return SimpleNamespace(partition=0, ready=True, stage=stage)


def play(worker: Worker, story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Tell a story while the worker ticks."""

    async def told() -> None:
        running = asyncio.create_task(worker.ticking.run())
        async with asyncio.timeout(LIMIT_S):
            await story()
        running.cancel()
        await asyncio.wait([running])
        assert running.cancelled()

    asyncio.run(told())


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    while not is_so():  # noqa: ASYNC110 - whatever it is, it has no event
        await asyncio.sleep(0.01)


def revenue(tick: Tick) -> int | float | None:
    """The company's revenue of today."""
    return next(v.value for v in tick.values if (v.kpi, v.scope, v.window) == ("revenue", "company", "today"))


def test_a_tenant_is_ticked_when_its_board_changes_or_the_minute_turns() -> None:
    taker = Taker()
    worker = Worker(taker)

    async def story() -> None:
        await until(lambda: len(taker.ticks) == 1)
        await asyncio.sleep(0.2)
        assert len(taker.ticks) == 1, "nothing is due"
        worker.office.tell(
            ("2026-05-13 11:30", "deal.won", {"deal": "D-2", "rep": "R-1", "amount_minor": 1, "currency": "EUR"})
        )
        await until(lambda: len(taker.ticks) == 2)
        worker.now_ms += 60_000
        await until(lambda: len(taker.ticks) == 3)

    play(worker, story)
    assert [revenue(tick) for tick in taker.ticks] == [12_000, 12_001, 12_001]
    assert [tick.as_of_ms for tick in taker.ticks] == [NOON_MS, NOON_MS, NOON_MS + 60_000]
    assert taker.released == ["acme"], "a worker that ends lets go"


def test_after_a_break_everything_is_let_go_and_ticked_anew_once_it_is_known_to_be_ours() -> None:
    taker = Taker()
    worker = Worker(taker)

    async def story() -> None:
        await until(lambda: len(taker.ticks) == 1)
        worker.break_s = 6
        woke_s = time.monotonic()
        await until(lambda: taker.released == ["acme"])
        await until(lambda: len(taker.ticks) == 2)
        assert time.monotonic() - woke_s >= 0.5

    play(worker, story)


def test_a_lost_partition_is_let_go_at_once_and_ticked_anew_when_it_comes_back() -> None:
    taker = Taker()
    worker = Worker(taker)

    async def story() -> None:
        await until(lambda: len(taker.ticks) == 1)
        del worker.crew.slots[0]
        worker.slot.ready = False
        await until(lambda: taker.released == ["acme"])
        worker.crew.slots[0] = worker.fresh_slot()
        await until(lambda: len(taker.ticks) == 2)

    play(worker, story)


def test_a_subscriber_that_fails_holds_up_nobody_and_gets_its_tick_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscribers, "AGAIN_AFTER_S", 0.01)
    caplog.set_level(logging.INFO)
    failing, other = Taker(failing=3), Taker()

    async def story() -> None:
        await until(lambda: len(failing.ticks) == len(other.ticks) == 1)

    play(Worker(failing, other), story)
    assert caplog.text.count("taker can't publish: ConnectionError Redis is away") == 1
    assert "taker publishes again" in caplog.text
