"""Publishes for as long as the BOARD worker runs: takes ticks, and at most once a second writes what they changed."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Protocol

from agents.epochs.crew import Crew
from agents.epochs.port import Fenced, Log, OutcomeUnknown
from agents.epochs.slot import Slot
from agents.publishing.publication import Lost, Publication
from agents.publishing.redis_feed import RedisFeed
from config.topics import Topics
from stream.board.tick import Tick

TURN_S = 1.0
TURN_LIMIT_S = 30.0
PAUSE_S = 2.0
AFTER_FAILURE_S = 30.0
END_LIMIT_S = 5.0

log = logging.getLogger(__name__)


class Counts(Protocol):
    """What is counted of it."""

    def kpis_published(self, records: int) -> None:
        """Changed values were written."""


class Freshness(Protocol):
    """Knows whether a partition's boards hold everything that was received some seconds ago."""

    def is_fresh(self, partition: int) -> bool: ...

    async def watch(self) -> None: ...


async def keep_publishing(publisher: Publisher) -> None:
    """Publish until cancelled. What fails for a reason nobody thought of is begun anew, and the log says so."""
    while True:
        running = asyncio.create_task(publisher.run())
        try:
            await asyncio.wait([running])
        finally:
            running.cancel()
        failure = None if running.cancelled() else running.exception()
        log.error("no values are published for %.0f s: %s", AFTER_FAILURE_S, failure, exc_info=failure)
        await asyncio.sleep(AFTER_FAILURE_S)


class Publisher:
    """Takes ticks. A publication that fails is given up and opened again; one that is fenced only with a new slot."""

    name = "the topic of KPIs"

    def __init__(
        self, topics: Topics, port: Log, crew: Crew, fresh: Freshness, counts: Counts, feed: RedisFeed | None
    ) -> None:
        self._topics, self._port, self._crew = topics, port, crew
        self._fresh, self._counts, self._feed = fresh, counts, feed
        self._waiting: dict[int, dict[str, Tick]] = {}
        self._some = asyncio.Event()
        self._open: dict[int, tuple[Slot, Publication]] = {}
        self._shut_out: dict[int, Slot] = {}
        self._not_before_s: dict[int, float] = {}
        self._troubled: set[int] = set()

    async def take(self, partition: int, tick: Tick) -> None:
        """Take a tick; it is written within a second, or a newer one in its place."""
        self._waiting.setdefault(partition, {})[tick.tenant] = tick
        self._some.set()

    def release(self, tenant: str) -> None:
        """The tenant is somebody else's: what waits of it is not written any more."""
        for ticks in self._waiting.values():
            ticks.pop(tenant, None)

    async def run(self) -> None:
        """Publish until cancelled."""
        beside = [asyncio.create_task(self._fresh.watch())]
        if self._feed is not None:
            beside.append(asyncio.create_task(self._feed.run()))
        try:
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(TURN_S):
                        await self._some.wait()
                self._some.clear()
                begun_s = time.monotonic()
                await self._turn()
                for task in beside:
                    if task.done():
                        task.result()
                await asyncio.sleep(max(0.0, begun_s + TURN_S - time.monotonic()))
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside, timeout=END_LIMIT_S)
            for number in list(self._open):
                await self._give_up(number)

    async def _turn(self) -> None:
        for number, (slot, _) in list(self._open.items()):
            if not self._is_ours(number, slot):
                await self._give_up(number)
        for number, ticks in list(self._waiting.items()):
            owned = self._crew.slots.get(number)
            if owned is None or not owned.ready or self._shut_out.get(number) is owned:
                ticks.clear()
            elif ticks and time.monotonic() >= self._not_before_s.get(number, 0.0):
                await self._turn_of(number, owned)

    def _is_ours(self, number: int, slot: Slot) -> bool:
        return slot.ready and self._crew.slots.get(number) is slot

    async def _turn_of(self, number: int, slot: Slot) -> None:
        try:
            async with asyncio.timeout(TURN_LIMIT_S):
                await self._publish(number, slot)
            self._troubled.discard(number)
        except Fenced:
            log.warning("values of partition %d are published by another worker; this one leaves them alone", number)
            self._shut_out[number] = slot
            await self._give_up(number)
        except (Lost, OutcomeUnknown, TimeoutError) as exc:
            # A broker that is away fails every partition every few seconds: once is worth a line.
            level = logging.DEBUG if number in self._troubled else logging.WARNING
            log.log(level, "publication of partition %d is taken over again: %s %s", number, type(exc).__name__, exc)
            self._troubled.add(number)
            await self._give_up(number)

    async def _publish(self, number: int, slot: Slot) -> None:
        if number not in self._open:
            publication = Publication(number, self._port, self._topics.generation)
            self._open[number] = (slot, publication)
            await publication.open(self._topics.publishing_id(number))
            if self._feed is not None:
                self._feed.begin(number)
        waiting = self._waiting[number]
        ticks = dict(waiting)
        written = await self._open[number][1].publish(
            ticks.values(), is_stale=not self._fresh.is_fresh(number), is_ours=lambda: self._is_ours(number, slot)
        )
        for tenant, tick in ticks.items():
            if waiting.get(tenant) is tick:  # else a newer one has come
                del waiting[tenant]
        self._counts.kpis_published(len(written))
        if self._feed is not None and written:
            self._feed.put(number, written)

    async def _give_up(self, number: int) -> None:
        if self._feed is not None:
            self._feed.end(number)
        found = self._open.pop(number, None)
        if found is not None:
            await found[1].close()
        self._not_before_s[number] = time.monotonic() + PAUSE_S
