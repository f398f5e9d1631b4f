"""The demo's past and present as streams of events, ready to publish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import orjson

from cli.demo.company import DAY_MS, ZONE, DemoEvent, organisation
from cli.demo.floor import SalesFloor
from cli.demo.mishaps import Mishaps

HOUR_MS = 3_600_000
EVENTS_PER_REP_AND_DAY = 55
WEEKEND_SHARE = 0.08
OPENS_H, BUSIEST_H, CLOSES_H = 8.0, 11.0, 19.0
FORGOTTEN = 0.02
FORGOTTEN_MS = 2 * HOUR_MS
SATURDAY = 5


class Demo:
    """One run: its company, and everything published so far. Deterministic by seed and the moments it is given."""

    def __init__(self, *, seed: int, reps: int, days: int, now_ms: int) -> None:
        self._random = Random(seed + 2)
        self._reps = reps
        self._floor = SalesFloor(seed=seed, reps=reps)
        self._mishaps = Mishaps(seed=seed)
        self._end_ms = now_ms
        self._begin_ms = now_ms - days * DAY_MS
        self.published: list[DemoEvent] = []

    def history(self) -> Iterator[DemoEvent]:
        """Organisation first, then the past, marked as backfill."""
        yield from self._noted(organisation(self._begin_ms, self._end_ms, reps=self._reps))
        happened = (replace(self._floor.next_event(at), backfill=True) for at in self._moments())
        yield from self._noted(self._mishaps.published(happened))

    def live(self, now_ms: int) -> Iterator[DemoEvent]:
        """What is published now. Now and then somebody logs a touch of two hours ago."""
        event = self._floor.next_event(now_ms)
        if event.type == "sales.touch.logged" and self._random.random() < FORGOTTEN:
            event = replace(event, time_ms=event.time_ms - FORGOTTEN_MS)
        yield from self._noted(self._mishaps.published([event]))

    def rest(self) -> Iterator[DemoEvent]:
        """What was still on its way."""
        yield from self._noted(self._mishaps.rest())

    def pause_s(self, per_second: float) -> float:
        """How long until something happens again."""
        return self._random.expovariate(per_second)

    def _noted(self, events: Iterator[DemoEvent]) -> Iterator[DemoEvent]:
        for event in events:
            self.published.append(event)
            yield event

    def _moments(self) -> Iterator[int]:
        """Moments of the past in order: office hours, a quiet weekend."""
        day = datetime.fromtimestamp(self._begin_ms / 1000, ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        while (start_ms := int(day.timestamp() * 1000)) < self._end_ms:
            share = WEEKEND_SHARE if day.weekday() >= SATURDAY else 1.0
            count = round(self._reps * EVENTS_PER_REP_AND_DAY * share * self._random.uniform(0.8, 1.2))
            hours = (self._random.triangular(OPENS_H, CLOSES_H, BUSIEST_H) for _ in range(count))
            moments = sorted(start_ms + int(hour * HOUR_MS) for hour in hours)
            yield from (at for at in moments if self._begin_ms <= at < self._end_ms)
            day += timedelta(days=1)


def to_json(event: DemoEvent) -> bytes:
    """The bytes that are published."""
    return orjson.dumps(event.attributes())


def instant(time_ms: int) -> str:
    """RFC 3339, to the second."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
