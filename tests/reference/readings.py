"""The five KPIs at a moment, recomputed from nothing but the events before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from schemas.event import Event
from schemas.money import exponent
from tests.reference.arrivals import Judgement
from tests.reference.facts import Fact, facts_of
from tests.reference.organisation import Organisation
from tests.reference.windows import MINUTE_WINDOWS, MINUTES_BACK_MS, OPEN_WINDOWS, closed_periods, cut_ms, holds

LATE_AFTER_MS = 3_600_000
MINUTE_MS, QUARTER_MS = 60_000, 900_000
PROMOTER_FROM, PASSIVE_FROM = 9, 7
NPS_CLASSES = ("detractor", "passive", "promoter")
SCOPED_BY_SOURCE = ("deals_won", "new_leads", "revenue", "touches_per_won_deal")
MEASURES = {
    "deals_won": ("deals_won",),
    "new_leads": ("new_leads",),
    "nps": ("answer",),
    "revenue": ("revenue", "closings"),
    "touches_per_won_deal": ("touches", "deals_won"),
}


class Reading(NamedTuple):
    """A KPI's value as exact numbers. ``partial``: money was left out; ``restated_ms``: latest late receipt."""

    kpi: str
    scope: str
    window: str
    cut_ms: int
    value: Fraction | None
    n: int
    numerator: Fraction
    denominator: Fraction | None
    facets: dict[str, Fraction]
    partial: bool
    restated_ms: int | None

    @property
    def status(self) -> str:
        """The one word for it; partial wins over restated."""
        return "partial" if self.partial else "live" if self.restated_ms is None else "restated"

    @property
    def restated_at(self) -> str | None:
        """The latest late receipt, to the second."""
        if self.restated_ms is None:
            return None
        return dt.datetime.fromtimestamp(self.restated_ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tenant:
    """One tenant, read at ``as_of_ms`` with everything that was received."""

    def __init__(self, tenant: str, activity: Judgement, organisation: list[Event], *, as_of_ms: int) -> None:
        self.newest_ms = activity.newest_ms.get(tenant, 0)
        self.as_of_ms = as_of_ms
        self.cut_ms = cut_ms(as_of_ms, self.newest_ms, Organisation(organisation, before_ms=as_of_ms + 1))
        self.organisation = Organisation(organisation, before_ms=self.cut_ms)
        self.accounts = activity.events_of(tenant)
        self.facts = facts_of(self.accounts, before_ms=self.cut_ms)
        self.base = self.base_currency()

    def base_currency(self) -> str | None:
        """The configured one, else the only one seen."""
        configured = self.organisation.base_currency()
        if configured is not None:
            return configured
        seen = self.currencies_seen()
        return seen.pop() if len(seen) == 1 else None

    def currencies_seen(self) -> set[str]:
        """Every currency in which money stands; what a rep got and gave back within a quarter-hour leaves no trace."""
        net: dict[tuple[str, str, int], int] = {}
        for fact in self.facts:
            if fact.measure == "revenue":
                place = (fact.facet, fact.rep, fact.at_ms // QUARTER_MS)
                net[place] = net.get(place, 0) + fact.amount
        return {currency for (currency, _, _), amount in net.items() if amount}

    def readings(self) -> Iterator[Reading]:
        """Every reading with data, closed periods included, sorted by KPI, scope and window."""
        windows = [
            *OPEN_WINDOWS,
            *closed_periods([fact.at_ms for fact in self.facts], self.organisation, before_ms=self.cut_ms),
        ]
        for kpi, measures in MEASURES.items():
            facts = [fact for fact in self.facts if fact.measure in measures]
            scopes = sorted({scope for fact in facts for scope in self.scopes_of(kpi, fact)})
            held = {window: self.held(window, facts) for window in windows}
            for scope in scopes:
                for window in sorted(windows):
                    reading = self.read(kpi, scope, window, held[window])
                    if reading.n > 0 or reading.numerator:
                        yield reading

    def reading(self, kpi: str, scope: str, window: str) -> Reading:
        """One reading, with or without data."""
        facts = [fact for fact in self.facts if fact.measure in MEASURES[kpi]]
        return self.read(kpi, scope, window, self.held(window, facts))

    def held(self, window: str, facts: list[Fact]) -> list[Fact]:
        """The facts in the window; of a customer's answers only the latest."""
        if window in MINUTE_WINDOWS and self.newest_ms - self.as_of_ms > MINUTES_BACK_MS:
            return []
        inside = holds(window, self.organisation, before_ms=self.cut_ms)
        kept = [fact for fact in facts if inside(fact.at_ms)]
        latest = {fact.account: fact for fact in sorted(kept, key=lambda fact: fact.order) if fact.measure == "answer"}
        return [fact for fact in kept if fact.measure != "answer"] + list(latest.values())

    def scopes_of(self, kpi: str, fact: Fact) -> set[str]:
        """Whose numbers a fact enters."""
        team = self.organisation.team_on(fact.rep, self.organisation.day_of(fact.at_ms))
        scopes = {"company", f"rep:{fact.rep}", f"team:{team}"}
        return scopes | {f"source:{fact.source}"} if kpi in SCOPED_BY_SOURCE else scopes

    def read(self, kpi: str, scope: str, window: str, held: list[Fact]) -> Reading:
        """The KPI over the facts held by a window that enter a scope."""
        facts = [fact for fact in held if scope in self.scopes_of(kpi, fact)]
        late = [fact.received_ms for fact in facts if is_late(fact)]
        partial, denominator, facets = False, None, {}
        n = len(facts)
        if kpi == "revenue":
            numerator, partial = self.money([fact for fact in facts if fact.measure == "revenue"])
            value: Fraction | None = numerator
            n = sum(fact.measure == "closings" for fact in facts)
        elif kpi == "touches_per_won_deal":
            touches = [fact.facet for fact in facts if fact.measure == "touches"]
            n = len(facts) - len(touches)
            numerator, denominator = Fraction(len(touches)), Fraction(n)
            value = numerator / n if n else None
            facets = {kind: Fraction(touches.count(kind), n) for kind in set(touches) if n}
        elif kpi == "nps":
            classes = [nps_class(fact.score) for fact in facts]
            numerator, denominator = Fraction(classes.count("promoter") - classes.count("detractor")), Fraction(n)
            value = 100 * numerator / n if n else None
            facets = {name: Fraction(classes.count(name)) for name in NPS_CLASSES}
        else:
            value = numerator = Fraction(n)
        return Reading(
            kpi, scope, window, self.cut_ms, value, n, numerator, denominator, facets, partial, max(late, default=None)
        )

    def money(self, facts: list[Fact]) -> tuple[Fraction, bool]:
        """Minor units of the base currency at each day's rate, rounded half-even once, and whether any was left out."""
        days: dict[tuple[str, dt.date], int] = {}
        for fact in facts:
            day = (fact.facet, self.organisation.day_of(fact.at_ms))
            days[day] = days.get(day, 0) + fact.amount
        exact, left_out = Fraction(0), False
        for (currency, date), amount in days.items():
            rate = None if self.base is None else self.organisation.rate_on(currency, self.base, date)
            if self.base is None or rate is None:
                left_out = left_out or amount != 0
            else:
                exact += amount * rate * Fraction(10) ** (exponent(self.base) - exponent(currency))
        return Fraction(round(exact)), left_out


def nps_class(score: Fraction) -> str:
    """Reichheld's classes."""
    return "promoter" if score >= PROMOTER_FROM else "passive" if score >= PASSIVE_FROM else "detractor"


def is_late(fact: Fact) -> bool:
    """Received more than an hour after the end of its minute, and not as history on purpose."""
    return not fact.backfill and fact.received_ms > fact.at_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS + LATE_AFTER_MS
