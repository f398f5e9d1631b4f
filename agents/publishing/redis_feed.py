"""Keeps Redis up with what is published, outside of the way that values take to their topic.

What a publication has committed is handed over and written. Whatever goes wrong is made good from the topics, which
hold all of it: after a failure, after a Redis that came back without what it had, and every few hours anyway.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from redis.exceptions import RedisError

from agents.epochs.port import Log, OutcomeUnknown
from agents.publishing.filling import OpenAlerts, fill, published_of
from schemas.publication import Standing
from schemas.records import Output
from views.redis_view import RedisView

TURN_S = 1.0
FILL_LIMIT_S = 120.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
FILL_EVERY_S = 6 * 3600.0
WAITING_MAX = 100_000
"""Records that may wait for Redis; with more it is quicker to read the topic again."""

log = logging.getLogger(__name__)


class Counts(Protocol):
    """What is counted of it."""

    def redis_written(self, at_ms: int) -> None:
        """Redis has everything there was at ``at_ms`` (epoch ms)."""

    def redis_failed(self) -> None:
        """Redis did not take a write."""


@dataclass
class Part:
    """A partition whose values this worker publishes."""

    alerts: OpenAlerts
    waiting: list[Output] = field(default_factory=list)
    stood: dict[str, int] = field(default_factory=dict)
    """By tenant: the moment that Redis says its view holds for, if it has what it was given."""
    is_behind: bool = True
    """The topics hold what was neither written nor waits: Redis has to be filled from them."""
    filled_s: float = 0.0


class RedisFeed:
    """Feeds one Redis with the partitions it is told of. ``where`` names it in the log."""

    def __init__(self, view: RedisView, port: Log, counts: Counts, *, where: str, public_url: str) -> None:
        self._view, self._port, self._counts = view, port, counts
        self._where, self._public_url = where, public_url
        self._parts: dict[int, Part] = {}
        self._some = asyncio.Event()
        self._is_troubled = False

    def begin(self, partition: int) -> None:
        """The partition is published by this worker from now on."""
        self._parts[partition] = Part(OpenAlerts(partition, self._public_url))
        self._some.set()

    def put(self, partition: int, outputs: list[Output]) -> None:
        """Take records that are committed."""
        part = self._parts[partition]
        if len(part.waiting) + len(outputs) > WAITING_MAX:
            part.is_behind = True
        if part.is_behind:
            part.waiting.clear()
        else:
            part.waiting += outputs
        self._some.set()

    def end(self, partition: int) -> None:
        """It no longer is."""
        self._parts.pop(partition, None)

    async def run(self) -> None:
        """Write until cancelled. Redis, or the log, may be away for as long as it likes."""
        pause_s, task = FIRST_PAUSE_S, asyncio.current_task()
        # The client awaits by asyncio.wait_for, which up to Python 3.11 may keep a cancellation to itself.
        while task is None or not task.cancelling():
            with suppress(TimeoutError):
                async with asyncio.timeout(TURN_S):
                    await self._some.wait()
            self._some.clear()
            try:
                async with asyncio.timeout(FILL_LIMIT_S):
                    await self._turn()
            except OutcomeUnknown as exc:  # of the log, not of Redis; who publishes has said so
                log.debug("Redis can't be filled from the topics, trying again: %s", exc)
                self._begin_anew()
                await asyncio.sleep(pause_s)
            except (RedisError, OSError, TimeoutError) as exc:
                self._failed(exc)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            else:
                pause_s = FIRST_PAUSE_S
                self._went_well()

    async def _turn(self) -> None:
        """Write what waits."""
        for partition, part in list(self._parts.items()):
            if part.is_behind or time.monotonic() - part.filled_s > FILL_EVERY_S:
                part.is_behind = False  # what is committed from here on waits
                filled = await fill(self._view, self._port, partition, part.alerts)
                part.stood, part.filled_s = filled.stood, time.monotonic()
                part.is_behind |= not filled.is_whole
                log.info("partition %d is in Redis: %d values, %d alerts", partition, filled.values, filled.alerts)
            waiting, part.waiting = part.waiting, []
            await self._write(part, waiting)
            await part.alerts.write(self._view, self._port)

    async def _write(self, part: Part, waiting: list[Output]) -> None:
        """Write records. Where Redis does not stand as we left it, it has lost something: it is filled again."""
        told = [published_of(output.key or b"", output.value, output.headers) for output in waiting]
        standings = {each.tenant: each for each in told if isinstance(each, Standing)}
        await self._view.put([each for each in told if each is not None and not isinstance(each, Standing)])
        for tenant, standing in standings.items():
            if standing.as_of_ms <= part.stood.get(tenant, -1):
                continue  # the filling had read it already
            if await self._view.stand(standing) != part.stood.get(tenant):
                part.is_behind = True
            part.stood[tenant] = standing.as_of_ms

    def _begin_anew(self) -> None:
        """Nothing is known of what was written; the topics have all of it."""
        for part in self._parts.values():
            part.is_behind = True
            part.waiting.clear()

    def _failed(self, exc: Exception) -> None:
        self._begin_anew()
        self._counts.redis_failed()
        level = logging.DEBUG if self._is_troubled else logging.WARNING
        said = f"{type(exc).__name__} {exc}".strip()
        log.log(level, "Redis at %s takes nothing, trying again; numbers go on without it: %s", self._where, said)
        self._is_troubled = True

    def _went_well(self) -> None:
        if self._is_troubled:
            log.info("Redis at %s takes values again", self._where)
        self._is_troubled = False
        if self._parts and not any(part.is_behind or part.waiting for part in self._parts.values()):
            self._counts.redis_written(time.time_ns() // 1_000_000)
