"""The demo's past and present as streams of events, ready to publish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

import orjson

from cli.demo.company import DAY_MS, HOUR_MS, REPS_MAX, DemoEvent, Rep, reps_of
from cli.demo.floor import SalesFloor
from cli.demo.mishaps import Broken, Mishaps, Sent
from cli.demo.office import Office
from cli.demo.shifts import QUARTER_MS, Shifts

EVENTS_PER_REP_AND_HOUR = 7.0
ORDERS_PER_REP_AND_HOUR = 0.15
"""Customers order at any hour; as many more as there are reps."""
FORGOTTEN = 0.002
FORGOTTEN_MS = 2 * HOUR_MS
HISTORY_RUN = "h"


@dataclass(frozen=True)
class Plan:
    """What decides a history: the same plan tells the same one. Milliseconds since the epoch."""

    seed: int
    reps: int
    begin_ms: int
    end_ms: int

    @classmethod
    def until(cls, end_ms: int, *, seed: int, reps: int, days: int) -> Plan:
        """The last ``days`` days."""
        return cls(seed, min(reps, REPS_MAX), end_ms - days * DAY_MS, end_ms)


class Demo:
    """A company that tells what happens to it. Deterministic by its plan, its run and the moments it is given."""

    def __init__(self, plan: Plan, *, run: str = HISTORY_RUN) -> None:
        self.plan, self.run = plan, run
        self.reps = reps_of(plan.reps, seed=plan.seed)
        self.shifts = Shifts(self.reps, seed=plan.seed)
        self.office = Office(self.reps, self.shifts, seed=plan.seed, begin_ms=plan.begin_ms, end_ms=plan.end_ms)
        self.floor = SalesFloor(self.reps, seed=plan.seed, run=run)
        self.idle: set[str] = set()
        """Reps who do nothing at present."""
        self._mishaps = Mishaps(seed=plan.seed, run=run)
        self._random = Random(f"{plan.seed}-{run}-moments")

    def on_duty(self, at_ms: int) -> tuple[Rep, ...]:
        """Who works at a moment."""
        return self.shifts.on_duty(at_ms // QUARTER_MS * QUARTER_MS)

    def history(self) -> Iterator[Sent]:
        """The plan's span: what the office said, then what happened."""
        yield from self.office.everything()
        yield from self.past(self.plan.begin_ms, self.plan.end_ms)

    def past(self, begin_ms: int, end_ms: int) -> Iterator[Sent]:
        """What happened in [begin_ms, end_ms), marked as backfill."""
        self.floor.tells_history = True
        yield from self._mishaps.published(self._happening(begin_ms, end_ms, 1.0))
        self.floor.tells_history = False

    def live(self, begin_ms: int, end_ms: int, *, speed: float) -> Iterator[Sent]:
        """What happens now, ``speed`` times as much as usual. Now and then somebody logs a touch of two hours ago."""
        for event in self._happening(begin_ms, end_ms, speed):
            is_late = event.type == "sales.touch.logged" and self._random.random() < FORGOTTEN
            told = replace(event, time_ms=event.time_ms - FORGOTTEN_MS) if is_late else event
            yield from self._mishaps.published([told])

    def rest(self) -> Iterator[DemoEvent]:
        """What was still on its way."""
        yield from self._mishaps.rest()

    def expected(self, begin_ms: int, end_ms: int) -> int:
        """How many events a span of the past will have, roughly."""
        quarters = range(begin_ms // QUARTER_MS, end_ms // QUARTER_MS)
        per_hour = sum(sum(self._rates(self.shifts.on_duty(quarter * QUARTER_MS))) for quarter in quarters)
        return round(per_hour * QUARTER_MS / HOUR_MS)

    def _happening(self, begin_ms: int, end_ms: int, speed: float) -> Iterator[DemoEvent]:
        for time_ms, rep in self._moments(begin_ms, end_ms, speed):
            if rep is None:
                order = self.floor.buy(time_ms)
                if order is not None:
                    yield order
            elif rep.id not in self.idle:
                yield self.floor.act(rep, time_ms)

    def _moments(self, begin_ms: int, end_ms: int, speed: float) -> Iterator[tuple[int, Rep | None]]:
        """Moments in order, with who acts then; None is a customer. Chance has no memory, so spans may be cut."""
        start_ms = begin_ms
        while start_ms < end_ms:
            quarter_ms = start_ms // QUARTER_MS * QUARTER_MS
            until_ms = min(end_ms, quarter_ms + QUARTER_MS)
            duty = self.shifts.on_duty(quarter_ms)
            acting, buying = self._rates(duty)
            at_ms: float = start_ms
            while (at_ms := at_ms + self._random.expovariate((acting + buying) * speed / HOUR_MS)) < until_ms:
                is_rep = self._random.random() * (acting + buying) < acting
                yield int(at_ms), self._random.choice(duty) if is_rep else None
            start_ms = until_ms

    def _rates(self, duty: tuple[Rep, ...]) -> tuple[float, float]:
        """How many events an hour come from those on duty, and from customers."""
        return EVENTS_PER_REP_AND_HOUR * len(duty), ORDERS_PER_REP_AND_HOUR * len(self.reps)


def to_json(sent: Sent) -> bytes:
    """The bytes that are published."""
    return sent.raw if isinstance(sent, Broken) else orjson.dumps(sent.attributes())
