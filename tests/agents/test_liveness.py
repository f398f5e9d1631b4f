"""A worker ends when records wait and nothing moves, not when it is idle or the broker blinks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from agents.epochs.port import Ends, OutcomeUnknown
from agents.liveness import Liveness, StoodStill
from agents.metrics import Metrics

TIMEOUT_S, STEP_S = 60.0, 10.0


class OneSlot:
    """A crew with one slot at ``position``."""

    def __init__(self) -> None:
        self.positions = {"activity": 5}
        self.sources = ("activity",)
        self.ready = True
        self.slots = {0: self}

    def is_ready(self, partition: int) -> bool:
        """Whether it folds."""
        return self.ready


class Log:
    """A log whose partitions end at ``end``; None: it gives no answer."""

    end: int | None = 5

    async def all_ends(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Ends]:
        """The same end everywhere."""
        if self.end is None:
            raise OutcomeUnknown("away")
        return dict.fromkeys(places, Ends(self.end, self.end))


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the loop's clock shows; it stands still until a test moves it."""
    now = [1_000.0]
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    return now


@pytest.fixture
def watched(clock: list[float]) -> tuple[Liveness, OneSlot, Log]:
    """What is watched, and what to turn."""
    crew, log = OneSlot(), Log()
    return Liveness(cast("Crew", crew), cast("KafkaLog", log), TIMEOUT_S, Metrics("accounts")), crew, log


async def look_for(liveness: Liveness, clock: list[float], seconds: float) -> None:
    """Look again and again."""
    until = clock[0] + seconds
    while clock[0] < until:
        await liveness.look()
        clock[0] += STEP_S


async def test_an_idle_worker_lives(watched: tuple[Liveness, OneSlot, Log], clock: list[float]) -> None:
    await look_for(watched[0], clock, TIMEOUT_S * 3)


async def test_lag_without_movement_ends_it(watched: tuple[Liveness, OneSlot, Log], clock: list[float]) -> None:
    liveness, _, log = watched
    log.end = 9
    with pytest.raises(StoodStill, match=r"activity-0 stands at 5 for .* while 4 records wait"):
        await look_for(liveness, clock, TIMEOUT_S * 3)


async def test_a_restore_may_take_longer(watched: tuple[Liveness, OneSlot, Log], clock: list[float]) -> None:
    liveness, crew, log = watched
    log.end, crew.ready = 9, False
    await look_for(liveness, clock, TIMEOUT_S * 2)
    with pytest.raises(StoodStill):
        await look_for(liveness, clock, TIMEOUT_S * 8)


async def test_a_broker_that_stays_away_ends_it(watched: tuple[Liveness, OneSlot, Log], clock: list[float]) -> None:
    liveness, _, log = watched
    log.end = None
    with pytest.raises(StoodStill, match="the broker gave no answer"):
        await look_for(liveness, clock, TIMEOUT_S * 3)


async def test_an_outage_that_ends_is_forgotten(watched: tuple[Liveness, OneSlot, Log], clock: list[float]) -> None:
    liveness, _, log = watched
    for end in (None, 5, None, 5, None):
        log.end = end
        await look_for(liveness, clock, TIMEOUT_S / 2)
