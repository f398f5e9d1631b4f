"""Targets: which of them a window is held against, and how much of it should be there by now."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any, NamedTuple

import msgspec

from schemas.data import TargetSet
from tests.reference.figures import Figures, Money, given, ratio
from tests.reference.organisation import Organisation
from tests.reference.windows import fiscal_quarter, periods_of
from tests.reference.working import WorkingTime

PERIOD_WINDOWS = ("mtd", "qtd", "ytd")
MONEY_KPIS = ("average_deal_size", "revenue")
MONEY_FACETS = ("expected", "gap", "projection")
MONTHS = {"month": 1, "quarter": 3, "year": 12}


def months_later(day: dt.date, months: int) -> dt.date:
    """The first of a month so many months later."""
    years, month = divmod(day.month - 1 + months, 12)
    return dt.date(day.year + years, month + 1, 1)


def span_of(window: str, organisation: Organisation, today: dt.date) -> tuple[dt.date, dt.date] | None:
    """The whole calendar or fiscal period that a window belongs to: its first day, and the day after its last."""
    starts_in = organisation.fiscal_year_starts_in()
    if window in PERIOD_WINDOWS:
        window = periods_of(today, starts_in)[PERIOD_WINDOWS.index(window)]
    sort, _, name = window.partition(":")
    if sort not in MONTHS:
        return None
    year = int(name[:4])
    if sort == "month":
        first = dt.date(year, int(name[5:]), 1)
    else:
        first = dt.date(year if starts_in == 1 else year - 1, starts_in, 1)
        first = months_later(first, 3 * (int(name[-1]) - 1)) if sort == "quarter" else first
        assert sort == "year" or fiscal_quarter(first, starts_in) == int(name[-1])
    return first, months_later(first, MONTHS[sort])


class Plan(NamedTuple):
    """A target as it rules its whole period."""

    said: TargetSet
    first: dt.date
    after: dt.date


def plans(organisation: Organisation, working: WorkingTime) -> list[Plan]:
    """Every target, by its latest version; what that leaves out an earlier one may have said."""
    latest: dict[str, dict[str, Any]] = {}
    for event in organisation.said:
        if isinstance(event.data, TargetSet):
            said = {name: part for name, part in msgspec.structs.asdict(event.data).items() if part is not None}
            latest[event.data.target] = latest.get(event.data.target, {}) | said
    targets = [TargetSet(**latest[name]) for name in sorted(latest)]
    return [Plan(one, working.date_of(one.period.from_), working.date_of(one.period.to)) for one in targets]


def plan_for(found: list[Plan], scope: str, span: tuple[dt.date, dt.date] | None) -> Plan | None:
    """The target of a scope whose period is the span: a primary one, else the one with the smallest id."""
    fitting = [plan for plan in found if plan.said.scope == scope and (plan.first, plan.after) == span]
    return min(fitting, key=lambda plan: (not plan.said.primary, plan.said.target), default=None)


def along(curve: list[float], share: Fraction) -> Fraction:
    """A cumulative curve, linear between its points, of which the last lies at 1 and nothing at 0."""
    points = [Fraction(0), *map(Fraction, curve)]
    place = share * len(curve)
    before = min(int(place), len(curve) - 1)
    return points[before] + (points[before + 1] - points[before]) * (place - before)


def attainment(plan: Plan, actual: Figures, money: Money, working: WorkingTime, *, cut_ms: int) -> Figures:
    """What there is, held against the target and against what should be there by now."""
    target: Fraction | None = Fraction(plan.said.value)
    missing = list(actual.missing)
    currency = plan.said.currency
    is_money = plan.said.unit == "money" or (plan.said.unit is None and plan.said.kpi in MONEY_KPIS)
    if is_money and currency is not None:
        rate = money.rate(currency, working.organisation.day_of(cut_ms - 1))
        target = None if rate is None or target is None else target * rate
        missing += [] if rate is not None else [f"rate:{currency}"]
    if target is None or actual.value is None:
        return Figures(None, actual.n, actual.value, target, missing=missing)
    amount = actual.value if actual.exact is None else actual.exact
    rep = plan.said.scope[4:] if plan.said.scope.startswith("rep:") else None
    elapsed = working.elapsed(rep, plan.first, plan.after, cut_ms=cut_ms)
    facets: dict[str, Fraction | None] = {"gap": target - amount, "elapsed": elapsed}
    if actual.denominator is not None:  # A rate does not grow with time.
        facets |= {"expected": target, "pace": ratio(amount, target), "projection": amount}
    elif elapsed is not None:
        expected = target * (along(plan.said.curve, elapsed) if plan.said.curve else elapsed)
        facets |= {"expected": expected, "pace": ratio(amount, expected), "projection": ratio(amount, elapsed)}
    shown = {name: rounded(part, name, is_money=actual.exact is not None) for name, part in given(**facets).items()}
    return Figures(ratio(amount, target), actual.n, actual.value, target, shown, sorted(set(missing)))


def rounded(part: Fraction, name: str, *, is_money: bool) -> Fraction:
    """A facet as it is shown: money in whole minor units, half-even."""
    return Fraction(round(part)) if is_money and name in MONEY_FACETS else part
