"""A tile: a value with what it is compared with, its target and its trust."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.wall.memory import Memory
from gateway.wall.plan import SPARK_DAYS, Before, TilePlan
from schemas.kpi import KpiDefinition, KpiValue
from stream.board.board import Board
from stream.board.forms.attainment import target_of
from stream.board.forms.forms import FORMS
from stream.board.moment import Moment
from stream.board.values import evaluate, value_of, with_staleness
from stream.board.windows import Window, window_at
from stream.catalogue.catalogue import Catalogue

Z_95 = 1.959964
HALF_HOUR_MS = 1_800_000
DAYS_FRESH_S = 600.0
"""Days gone by change only by what comes late."""


@dataclass(frozen=True)
class Look:
    """One look at a tenant's board: everything a tile is read from."""

    tenant: str
    board: Board
    catalogue: Catalogue
    moment: Moment
    memory: Memory
    is_stale: bool

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's time zone today."""
        return self.moment.calendar.spans[-1].zone

    def value(self, kpi: str, scope: str, window: str) -> KpiValue:
        """A value now, marked where the pipeline lags."""
        span = window_at(window, self.moment.cut, self.moment.calendar)
        found = evaluate(self.moment, self.catalogue, self.catalogue.find(kpi), scope, span)
        return with_staleness(found, is_stale=self.is_stale)

    def value_at(self, kpi: str, scope: str, window: str, as_of_ms: int) -> KpiValue:
        """A value of another moment."""
        return value_of(self.board, self.catalogue, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms)


def tile_of(look: Look, plan: TilePlan) -> dict[str, Any]:
    """A tile as the page gets it: the KPI value's fields and what stands beside it."""
    definition, value = look.catalogue.find(plan.kpi), look.value(plan.kpi, plan.scope, plan.window)
    tile: dict[str, Any] = msgspec.to_builtins(value)
    tile |= {"key": plan.key, "title": plan.title, "direction": definition.direction, "hero": plan.is_hero}
    tile["interval"] = interval_of(definition, value)
    tile["before"] = _before(look, plan)
    tile["target"] = target_at(look, plan.kpi, plan.scope, plan.window)
    if plan.facet is not None:
        tile["shown"] = value.facets.get(plan.facet)
    if plan.has_trend:
        tile["trend"] = _trend(look, plan, value)
    if plan.has_spark:
        tile["spark"] = _spark(look, plan, value)
    return tile | ({"wide": True} if plan.is_wide else {})


def interval_of(definition: KpiDefinition, value: KpiValue) -> tuple[float, float] | None:
    """The Wilson interval of a share of ``n`` cases, 95 %; None where the value is no such share."""
    if definition.unit != "ratio" or definition.form != "ratio" or value.value is None or value.denominator != value.n:
        return None
    return wilson(float(value.value), value.n)


def wilson(share: float, n: int) -> tuple[float, float] | None:
    """Where the true share lies with 95 % confidence after ``n`` cases; None for what is no share of cases."""
    if n <= 0 or not 0 <= share <= 1:
        return None
    square = Z_95 * Z_95
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = Z_95 * sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def target_at(look: Look, kpi: str, scope: str, window: str) -> dict[str, Any] | None:
    """The target for this very number, and its pace; None where there is none."""
    span = window_at(window, look.moment.cut, look.moment.calendar)
    said = target_of(look.moment, look.catalogue, scope, span)
    if said is None or said.kpi != kpi:
        return None
    found = look.value("quota_attainment", scope, window)
    if found.denominator is None:
        return None
    return {"value": found.denominator, "attainment": found.value} | found.facets


def _before(look: Look, plan: TilePlan) -> dict[str, Any] | None:
    """The number's value at the moment it is compared with; None where there is none, or it isn't read yet."""
    if plan.before is None:
        return None
    at_ms = nearest_hour(moment_before(look.moment.as_of_ms, plan.before, plan.window, look.zone), look.zone)
    found = look.memory.recall(
        ("before", look.tenant, plan.key), lambda: look.value_at(plan.kpi, plan.scope, plan.window, at_ms)
    )
    if found is None or found.status == "out_of_history" or found.value is None:
        return None
    return {"value": found.value, "n": found.n, "as_of": found.as_of, "sort": plan.before}


def moment_before(as_of_ms: int, before: Before, window: str, zone: ZoneInfo) -> int:
    """The moment (epoch ms) that is compared with, at the same local time."""
    local = datetime.fromtimestamp(as_of_ms / 1000, zone)
    if before == "month":
        last = local.replace(day=1) - timedelta(days=1)
        earlier = local.replace(year=last.year, month=last.month, day=min(local.day, last.day))
    else:
        earlier = local - timedelta(days=7 if before == "week" else int(window.removesuffix("d")))
    return int(earlier.timestamp() * 1000)


def nearest_hour(at_ms: int, zone: ZoneInfo) -> int:
    """A moment within the local hour whose end is nearest to ``at_ms``, of the same day: so far back a board knows only
    whole hours, and a young day would be compared with up to an hour more.
    """
    earlier_ms = at_ms - HALF_HOUR_MS
    days = {datetime.fromtimestamp(each / 1000, zone).date() for each in (at_ms, earlier_ms)}
    return earlier_ms if len(days) == 1 else at_ms


def _spark(look: Look, plan: TilePlan, value: KpiValue) -> list[int | float | None]:
    """The number of each of the last days, as known now, and at last now's; empty until all are read."""
    definition, calendar = look.catalogue.find(plan.kpi), look.moment.calendar
    today = calendar.date_of(look.moment.cut - 1)
    length = int(plan.window.removesuffix("d")) if plan.window.endswith("d") else 1
    read = FORMS[definition.form].read

    def of(day: date) -> tuple[float | None]:
        start = calendar.day_start(day - timedelta(days=length - 1))
        span = Window("", start, calendar.day_start(day + timedelta(days=1)))
        found = read(look.moment, look.catalogue, definition, plan.scope, span).value
        return (None if found is None else float(found),)

    days = [today - timedelta(days=back) for back in range(SPARK_DAYS - 1, 0, -1)]
    known = [
        look.memory.recall(("spark", look.tenant, plan.key, day), partial(of, day), fresh_s=DAYS_FRESH_S)
        for day in days
    ]
    read_all = [each[0] for each in known if each is not None]
    return [*read_all, value.value] if len(read_all) == len(days) else []


def _trend(look: Look, plan: TilePlan, value: KpiValue) -> dict[str, Any] | None:
    """What there was by the end of each day of the month, and of the one before, as known now; None until read."""
    today = look.moment.calendar.date_of(look.moment.cut - 1)
    first = today.replace(day=1)
    before = (first - timedelta(days=1)).replace(day=1)
    key = ("trend", look.tenant, plan.key, today)
    ends = look.memory.recall(
        key, lambda: (_by_day(look, plan, first, today.day - 1), _by_day(look, plan, before, (first - before).days))
    )
    if ends is None:
        return None
    return {"now": [*ends[0], value.value], "before": ends[1], "month": first.isoformat()}


def _by_day(look: Look, plan: TilePlan, first: date, days: int) -> list[int]:
    """A sum from the first day to the end of each of ``days`` days, as whole minor units or counts."""
    definition, calendar = look.catalogue.find(plan.kpi), look.moment.calendar
    start = calendar.day_start(first)
    ends = [calendar.day_start(first + timedelta(days=number)) for number in range(1, days + 1)]
    read = FORMS[definition.form].read
    found = [read(look.moment, look.catalogue, definition, plan.scope, Window("", start, end)) for end in ends]
    return [round(reading.value or 0) for reading in found]
