"""Ticks tenants for as long as the BOARD worker runs, and hands each tick to whoever publishes it.

A tenant is due when its board has changed or the minute has turned, at most once in ``tick_every_s``. A tick runs in
short slices between which epochs are folded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents.awake import Awake
from agents.epochs.crew import Crew
from agents.epochs.slot import Slot
from agents.subscribers import Outlet, Subscriber
from stream.board.board import Board
from stream.board.stage import BoardStage
from stream.board.tick import Tick, Ticker

LOOK_EVERY_S = 0.05
SLICE_S = 0.01
SHARE = 4
"""Ticks take at most one part of this many of the time, unless the minute turns."""
ANEW_AFTER_S = 30.0
MINUTE_MS = 60_000

log = logging.getLogger(__name__)


async def keep_ticking(ticking: Ticking) -> None:
    """Tick until cancelled. What fails for a reason nobody thought of is begun anew: until then nothing new is
    published, and the log says so.
    """
    while True:
        running = asyncio.create_task(ticking.run())
        try:
            await asyncio.wait([running])
        finally:
            running.cancel()
        failure = None if running.cancelled() else running.exception()
        log.error("nothing is published for %.0f s: %s", ANEW_AFTER_S, failure, exc_info=failure)
        await asyncio.sleep(ANEW_AFTER_S)


class Ticking:
    """Ticks the tenants of every slot that is ready; ``noted`` is told the seconds that a tick took. While it isn't
    ``awake`` for sure, nothing is.
    """

    def __init__(
        self,
        crew: Crew,
        ticker: Ticker,
        subscribers: Iterable[Subscriber],
        *,
        every_s: float,
        noted: Callable[[float], None] = lambda _: None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        awake: Awake | None = None,
    ) -> None:
        self._awake = awake or Awake()
        self._crew, self._ticker, self._every_s, self._clock_ms = crew, ticker, every_s, clock_ms
        self._noted = noted
        self._outlets = [Outlet(subscriber) for subscriber in subscribers]
        self._paces: dict[str, Pace] = {}

    async def run(self) -> None:
        """Tick until cancelled."""
        running = [asyncio.create_task(outlet.run()) for outlet in self._outlets]
        try:
            while True:
                await self._look()
                for task in running:
                    if task.done():
                        task.result()
                await asyncio.sleep(LOOK_EVERY_S)
        finally:
            for tenant in list(self._paces):
                self._release(tenant)
            for task in running:
                task.cancel()

    async def _look(self) -> None:
        """Tick what is due."""
        if not self._awake.is_sure():
            for tenant in list(self._paces):
                self._release(tenant)
            return
        self._let_go()
        for slot in list(self._crew.slots.values()):
            if slot.ready and isinstance(slot.stage, BoardStage):
                for tenant, board in sorted(slot.stage.tenants.items()):
                    if self._is_ours(slot):
                        await self._tick(slot, tenant, board)

    async def _tick(self, slot: Slot, tenant: str, board: Board) -> None:
        now_ms = self._clock_ms()
        pace = self._paces.setdefault(tenant, Pace(slot))
        if not pace.is_due(time.monotonic(), now_ms, board):
            return
        begun_s = slice_s = time.monotonic()
        spent_s, version = 0.0, board.version
        steps = self._ticker.steps(board, tenant, now_ms)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                tick: Tick = end.value
                break
            if (at_s := time.monotonic()) - slice_s > SLICE_S:
                spent_s += at_s - slice_s
                await asyncio.sleep(0)
                self._let_go()
                if not self._is_ours(slot) or not self._awake.is_sure():
                    return
                slice_s = time.monotonic()
        spent_s += time.monotonic() - slice_s
        self._noted(spent_s)
        pace.ticked(now_ms, version, begun_s + max(self._every_s, spent_s * SHARE))
        if tick.dropped:
            log.debug("%s has %d series; %d of them are not published", tenant, tick.series, tick.dropped)
        for outlet in self._outlets:
            outlet.put(slot.partition, tick)

    def _is_ours(self, slot: Slot) -> bool:
        return slot.ready and self._crew.slots.get(slot.partition) is slot

    def _let_go(self) -> None:
        """Release at once what is ours no more."""
        for tenant, pace in list(self._paces.items()):
            if not self._is_ours(pace.slot):
                self._release(tenant)

    def _release(self, tenant: str) -> None:
        del self._paces[tenant]
        self._ticker.forget(tenant)
        for outlet in self._outlets:
            outlet.release(tenant)


@dataclass
class Pace:
    """When a tenant was last ticked, and what its board was then."""

    slot: Slot
    minute: int = -1
    version: tuple[int, int, int] | None = None
    not_before_s: float = 0.0

    def is_due(self, now_s: float, now_ms: int, board: Board) -> bool:
        """Whether to tick: something may have changed, and the last tick is long enough ago."""
        if now_ms // MINUTE_MS != self.minute:
            return True
        return now_s >= self.not_before_s and board.version != self.version

    def ticked(self, now_ms: int, version: tuple[int, int, int], not_before_s: float) -> None:
        """Note a tick."""
        self.minute, self.version, self.not_before_s = now_ms // MINUTE_MS, version, not_before_s
