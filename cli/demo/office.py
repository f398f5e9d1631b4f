"""What the office publishes: settings, people, calendars, absences, pipeline, products, rates, quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from cli.demo.company import BASE_CURRENCY, DAY_MS, HOUR_MS, OFFICE, REGIONS, TEAMS, TENANT, ZONE, DemoEvent, Rep, stamp
from cli.demo.floor import PIPELINE, PRODUCTS, STAGES, TARGET_PER_DAY
from cli.demo.shifts import WEEK, WEEKDAYS, Shifts, holidays_of, months_between, shifts_of

MIN_N = 5
TARGET_AHEAD_DAYS = 5
RATES = {"USD": 0.92, "AUD": 0.61}
STALL_AFTER_D = (14, 7, 5, 3)
STRETCH = (0.9, 1.1)
OWN_SHARE = 0.75
"""A rep's own quota leaves room for bad luck."""
COMPANY_WEEK = {day: [["00:00", "24:00"]] for day in WEEKDAYS[:5]} | {day: [["04:00", "20:00"]] for day in WEEKDAYS[5:]}
"""By it the company and its teams keep pace: two thirds of the people work at weekends."""


class Office:
    """Everything it says about a company whose history begins at ``begin_ms``; the same seed says the same."""

    def __init__(self, reps: list[Rep], shifts: Shifts, *, seed: int, begin_ms: int, end_ms: int) -> None:
        self._reps, self._shifts, self._seed = reps, shifts, seed
        self._start_ms = begin_ms - DAY_MS
        self._begin_ms, self._end_ms = begin_ms, end_ms

    def between(self, since_ms: int, until_ms: int) -> list[DemoEvent]:
        """What is said in [since_ms, until_ms), in order."""
        said = [*self._first(), *self._monthly(until_ms)]
        return sorted((e for e in said if since_ms <= e.time_ms < until_ms), key=lambda e: (e.time_ms, e.id))

    def everything(self) -> list[DemoEvent]:
        """What is said until the history ends."""
        return self.between(self._start_ms, self._end_ms)

    def _first(self) -> Iterator[DemoEvent]:
        """How the company starts, and half-way through its history a rep who changes teams."""
        settings: dict[str, Any] = {"time_zone": str(ZONE), "base_currency": BASE_CURRENCY, "week_starts_on": "monday"}
        settings |= {"calendar": "company", "min_n": MIN_N, "ranking": "full"}
        # The name keeps what has to be known to tell the same history again, should this one be cut short.
        yield self._said("tenant.configured", history_name(self._begin_ms, self._end_ms), settings)
        week = {"calendar": "company", "time_zone": str(ZONE), "shifts": COMPANY_WEEK}
        yield self._said("calendar.changed", "calendar-company", week)
        years = range(datetime.fromtimestamp(self._start_ms / 1000, UTC).year, 2 + self._year_of(self._end_ms))
        for region in REGIONS:
            for crew in WEEK:
                name = f"{region.name}-{crew}"
                calendar = {"calendar": name, "time_zone": str(region.zone), "shifts": shifts_of(crew)}
                calendar["holidays"] = holidays_of(region, crew, years)
                yield self._said("calendar.changed", f"calendar-{name}", calendar)
        stages = [{"stage": s, "stall_after_d": days} for s, days in zip(STAGES, STALL_AFTER_D, strict=True)]
        yield self._said("pipeline.configured", "pipeline", {"pipeline": PIPELINE, "stages": stages})
        for product, _ in PRODUCTS:
            yield self._said("product.configured", f"product-{product}", {"product": product, "type": "furniture"})
        for rep in self._reps:
            yield self._said("roster.changed", f"roster-{rep.id}", self._rostered(rep, rep.team))
        mover, middle = self._reps[-1], (self._begin_ms + self._end_ms) // 2
        others = [team for team in TEAMS if TEAMS[team] is mover.region and team != mover.team] or [mover.team]
        yield self._said("roster.changed", f"roster-{mover.id}-moved", self._rostered(mover, others[0]), middle)
        for currency, rate in RATES.items():
            yield self._said("rate.set", f"rate-{currency}", {"currency": currency, "base_per_unit": f"{rate:.4f}"})

    def _monthly(self, until_ms: int) -> Iterator[DemoEvent]:
        for year, month in months_between(self._begin_ms, until_ms + (TARGET_AHEAD_DAYS + 1) * DAY_MS):
            random = Random(f"{self._seed}-{year}-{month}")
            first = date(year, month, 1)
            begins_ms = int(datetime(year, month, 1, tzinfo=ZONE).timestamp() * 1000)
            for currency, rate in RATES.items():
                data = {"currency": currency, "base_per_unit": f"{rate * random.uniform(0.985, 1.015):.4f}"}
                yield self._said("rate.set", f"rate-{currency}-{first:%Y-%m}", data, begins_ms)
            yield from self._quotas(first, max(self._start_ms, begins_ms - TARGET_AHEAD_DAYS * DAY_MS), random)
            for rep in self._reps:
                away = self._shifts.absence(rep, year, month)
                if away is not None:
                    data = {"rep": rep.id, "from": stamp(away.from_ms), "to": stamp(away.to_ms), "reason": away.reason}
                    at_ms = max(self._start_ms, away.from_ms - 9 * HOUR_MS)
                    yield self._said("absence.recorded", f"away-{rep.id}-{first:%Y-%m}", data, at_ms)

    def _quotas(self, first: date, at_ms: int, random: Random) -> Iterator[DemoEvent]:
        """A quota for each rep, by skill and working days; teams and the company want somewhat more than their sum."""
        end = (first + timedelta(days=32)).replace(day=1)
        sums: dict[str, int] = defaultdict(int)
        for rep in self._reps:
            worked = sum(_works(rep, first + timedelta(days=day)) for day in range((end - first).days))
            quota = int(TARGET_PER_DAY * worked * rep.skill * random.uniform(*STRETCH)) // 10_000 * 10_000
            for scope in ("company", f"team:{rep.team}"):
                sums[scope] += quota
            sums[f"rep:{rep.id}"] = int(quota * OWN_SHARE)
        for scope, quota in sums.items():
            name = f"T-{scope}-{first:%Y-%m}"
            data = {"target": name, "kpi": "revenue", "scope": scope, "value": quota, "unit": "money", "primary": True}
            period = {"from": first.isoformat(), "to": end.isoformat()}
            yield self._said("target.set", name, data | {"currency": BASE_CURRENCY, "period": period}, at_ms)

    def _rostered(self, rep: Rep, team: str) -> dict[str, Any]:
        return {
            "rep": rep.id,
            "name": rep.name,
            "team": team,
            "territory": rep.region.name,
            "calendar": rep.calendar,
        }

    def _said(self, kind: str, identity: str, data: dict[str, Any], time_ms: int | None = None) -> DemoEvent:
        at_ms = self._start_ms if time_ms is None else time_ms
        return DemoEvent(f"sales.{kind}", identity, TENANT, at_ms, data, source=OFFICE)

    def _year_of(self, time_ms: int) -> int:
        return datetime.fromtimestamp(time_ms / 1000, UTC).year


def history_name(begin_ms: int, end_ms: int) -> str:
    """What names a history: its span."""
    return f"history-{begin_ms}-{end_ms}"


def _works(rep: Rep, day: date) -> bool:
    days, _ = WEEK[rep.crew]
    is_off = rep.crew == "office" and (day.month, day.day) in rep.region.holidays
    return WEEKDAYS[day.weekday()] in days and not is_off
