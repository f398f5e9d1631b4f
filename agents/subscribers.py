"""Whoever publishes ticks, each at its own pace: none holds up the worker, nor another subscriber."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from stream.board.tick import Tick

AGAIN_AFTER_S = 1.0

log = logging.getLogger(__name__)


class Subscriber(Protocol):
    """Publishes ticks. ``name`` is for the log."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    async def take(self, partition: int, tick: Tick) -> None:
        """Take a tick of a tenant whose home is ``partition``. If this raises, it is given again, or a newer one."""

    def release(self, tenant: str) -> None:
        """The tenant is no longer this worker's. Must return at once; a `take` of it may still be under way."""


class Outlet:
    """Gives a subscriber the newest tick of each tenant, one after the other."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._subscriber = subscriber
        self._waiting: dict[str, tuple[int, Tick]] = {}
        self._some = asyncio.Event()
        self._released: set[str] = set()  # while one is being given
        self._is_troubled = False

    def put(self, partition: int, tick: Tick) -> None:
        """A newer tick takes the place of one that still waits."""
        self._waiting[tick.tenant] = (partition, tick)
        self._some.set()

    def release(self, tenant: str) -> None:
        """Forget a tenant."""
        self._waiting.pop(tenant, None)
        self._released.add(tenant)
        self._subscriber.release(tenant)

    async def run(self) -> None:
        """Give until cancelled."""
        while True:
            while not self._waiting:
                self._some.clear()
                await self._some.wait()
            tenant = next(iter(self._waiting))
            partition, tick = self._waiting.pop(tenant)
            self._released.clear()
            if await self._give(partition, tick):
                continue
            if tenant not in self._released:
                self._waiting.setdefault(tenant, (partition, tick))
            await asyncio.sleep(AGAIN_AFTER_S)

    async def _give(self, partition: int, tick: Tick) -> bool:
        """Whether the subscriber took a tick. Whatever stops it is its own trouble: the log has one line of it."""
        giving = asyncio.create_task(self._subscriber.take(partition, tick))
        try:
            await asyncio.wait([giving])
        finally:
            giving.cancel()
        failure = asyncio.CancelledError("cancelled") if giving.cancelled() else giving.exception()
        if failure is None:
            if self._is_troubled:
                log.info("%s publishes again", self._subscriber.name)
            self._is_troubled = False
            return True
        level = logging.DEBUG if self._is_troubled else logging.WARNING
        log.log(level, "%s can't publish: %s %s", self._subscriber.name, type(failure).__name__, failure)
        self._is_troubled = True
        return False
