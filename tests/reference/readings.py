"""The KPIs at a moment, recomputed from nothing but the events before it."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from schemas.event import Event
from tests.reference.account_facts import facts_of
from tests.reference.arrivals import Judgement
from tests.reference.facts import Fact
from tests.reference.figures import FORMULAS, Figures, Money
from tests.reference.organisation import Organisation
from tests.reference.plans import PERIOD_WINDOWS, attainment, plan_for, plans, span_of
from tests.reference.ranking import RANKS, by_policy, own_best, place
from tests.reference.sources import Sources, heard_of
from tests.reference.stall import Stalls
from tests.reference.stalled import StalledDeals
from tests.reference.timeline import NONE
from tests.reference.unrostered import unrostered_of
from tests.reference.windows import MINUTE_WINDOWS, MINUTES_BACK_MS, OPEN_WINDOWS, closed_periods, cut_ms, holds
from tests.reference.working import WorkingTime

LATE_AFTER_MS = 3_600_000
MINUTE_MS, QUARTER_MS = 60_000, 900_000
BY_TERRITORY = ("new_leads", "new_opportunities")
LEADERBOARD, QUOTA, STALL, STALLED = "leaderboard", "quota_attainment", "rep_stall", "stalled_deals"
KPIS = tuple(sorted([*FORMULAS, LEADERBOARD, QUOTA, STALL, STALLED]))


class Reading(NamedTuple):
    """A KPI's value as exact numbers. ``status`` knows no late receipts; ``restated_ms`` is the latest of them.

    ``restated_by`` is the value less what it would be without what they brought; None where either is none.
    ``unrostered`` are the reps in a company's number whom no roster knows.
    """

    kpi: str
    scope: str
    window: str
    cut_ms: int
    value: Fraction | None
    n: int
    numerator: Fraction | None
    denominator: Fraction | None
    facets: dict[str, Fraction]
    missing: list[str]
    status: str
    restated_ms: int | None
    restated_by: Fraction | None = None
    unrostered: tuple[str, ...] = ()

    @property
    def restated_at(self) -> str | None:
        """The latest late receipt, to the second."""
        if self.restated_ms is None:
            return None
        return dt.datetime.fromtimestamp(self.restated_ms // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Tenant:
    """One tenant, read at ``as_of_ms`` with everything that was received."""

    def __init__(
        self,
        tenant: str,
        activity: Judgement,
        organisation: list[Event],
        *,
        as_of_ms: int,
        at_ms: int | None = None,
    ) -> None:
        """``at_ms`` is the cut, where it isn't what becomes of ``as_of_ms``."""
        self.again = (tenant, activity, organisation)
        self.newest_ms = activity.newest_ms.get(tenant, 0)
        self.as_of_ms = as_of_ms
        now = Organisation(organisation, before_ms=as_of_ms + 1)
        self.cut_ms = cut_ms(as_of_ms, self.newest_ms, now) if at_ms is None else at_ms
        self.organisation = Organisation(organisation, before_ms=self.cut_ms)
        self.today = self.organisation.day_of(self.cut_ms - 1)
        self.facts = facts_of(activity.events_of(tenant), before_ms=self.cut_ms)
        self.money = Money(self.organisation, self.base_currency())
        self.working = WorkingTime(self.organisation)
        self.plans = plans(self.organisation, self.working)
        self.stalls = Stalls(self.facts, self.organisation, self.working, cut_ms=self.cut_ms)
        self.stalled = StalledDeals(
            activity.events_of(tenant), self.organisation, self.working, self.money, cut_ms=self.cut_ms
        )
        self.sources = Sources(
            map(heard_of, activity.heard.get(tenant, [])),
            self.organisation,
            self.working,
            newest_ms=self.newest_ms,
            as_of_ms=as_of_ms,
            cut_ms=self.cut_ms,
        )
        self._held: dict[tuple[str, str], dict[str, list[Fact]]] = {}
        self._inside: dict[str, list[Fact]] = {}
        self._day_before: Tenant | None = None

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
                place_of = (fact.facet, fact.rep, fact.at_ms // QUARTER_MS)
                net[place_of] = net.get(place_of, 0) + fact.amount
        return {currency for (currency, _, _), amount in net.items() if amount}

    # Rows

    def readings(self, kpis: tuple[str, ...] = KPIS) -> Iterator[Reading]:
        """Every reading with data, closed periods included, sorted by KPI, scope and window."""
        for kpi in sorted(kpis):
            windows = sorted(self.windows_of(kpi))
            for scope in sorted({scope for window in windows for scope in self.scopes_of(kpi, window)}):
                for window in windows:
                    figures = self.figures(kpi, scope, window)
                    if figures is not None and (kpi not in FORMULAS or figures.n > 0 or figures.numerator):
                        yield self.reading_of(kpi, scope, window, figures)

    def reading(self, kpi: str, scope: str, window: str) -> Reading:
        """One reading, with or without data."""
        return self.reading_of(kpi, scope, window, self.figures(kpi, scope, window) or Figures(None, 0, None))

    def windows_of(self, kpi: str) -> set[str]:
        """The windows under which a KPI is listed."""
        if kpi in (STALL, STALLED):
            return {"today"}
        if kpi == QUOTA:
            over = [plan for plan in self.plans if self.working.day_start_ms(plan.after) <= self.cut_ms]
            firsts = [self.working.day_start_ms(plan.first) for plan in over]
            periods = closed_periods(firsts, self.organisation, before_ms=self.cut_ms)
            return {*PERIOD_WINDOWS, *self.closed(*FORMULAS), *periods}
        return {*OPEN_WINDOWS, *self.closed(RANKS if kpi == LEADERBOARD else kpi)}

    def closed(self, *kpis: str) -> list[str]:
        """The periods that are over, of those in which the KPIs have anything."""
        measures = {measure for kpi in kpis for measure in FORMULAS[kpi].measures}
        moments = [fact.at_ms for fact in self.facts if fact.measure in measures]
        return closed_periods(moments, self.organisation, before_ms=self.cut_ms)

    def scopes_of(self, kpi: str, window: str) -> set[str]:
        """The scopes that have anything to show in a window."""
        if kpi in (STALL, STALLED):
            return set((self.stalls if kpi == STALL else self.stalled).scopes())
        if kpi == QUOTA:
            return {plan.said.scope for plan in self.plans}
        if kpi == LEADERBOARD:
            return {f"{sort}:{name}" for sort in ("rep", "team") for name in self.competitors(sort, window)}
        return set(self.held(kpi, window))

    def reading_of(self, kpi: str, scope: str, window: str, figures: Figures) -> Reading:
        """The figures with how far to believe them."""
        facts = self.held(kpi, window).get(scope, []) if kpi in FORMULAS else []
        missing = sorted({*figures.missing, *self.silent(kpi, scope, window)})
        late = [fact.received_ms for fact in facts if is_late(fact)]
        divides = kpi in FORMULAS and figures.denominator is not None and figures.value is not None
        status = (
            "partial" if missing
            else "suppressed" if figures.suppressed
            else "insufficient" if divides and figures.n < self.organisation.min_n()
            else "maturing" if figures.maturing
            else "live"
        )  # fmt: skip
        numbers = (figures.value, figures.n, figures.numerator, figures.denominator, figures.facets)
        unrostered = unrostered_of(kpi, facts, self.money) if scope == "company" else ()
        restated_ms, restated_by = max(late, default=None), None
        if late and figures.value is not None:
            in_time = FORMULAS[kpi].figures([fact for fact in facts if not is_late(fact)], self.money).value
            restated_by = None if in_time is None else figures.value - in_time
        return Reading(
            kpi,
            scope,
            window,
            self.cut_ms,
            *numbers,
            missing,
            status,
            restated_ms,
            restated_by,
            unrostered,
        )

    def silent(self, kpi: str, scope: str, window: str) -> list[str]:
        """The silent publishers that feed a number."""
        if not self.sources.silent:
            return []
        end_ms = self.cut_ms
        if ":" in window:
            _, after = span_of(window, self.organisation, self.today) or (None, self.today)
            end_ms = self.working.day_start_ms(after)
        if kpi == QUOTA:
            plan = plan_for(self.plans, scope, span_of(window, self.organisation, self.today))
            return (
                self.sources.missing(plan.said.kpi, scope, end_ms=end_ms) if plan and plan.said.kpi in FORMULAS else []
            )
        if kpi == LEADERBOARD:
            return self.sources.missing(RANKS, "company", end_ms=end_ms)
        return self.sources.missing(kpi, scope, end_ms=end_ms)

    # Figures

    def figures(self, kpi: str, scope: str, window: str) -> Figures | None:
        """What a KPI reads; None where it has nothing to say."""
        if kpi in (STALL, STALLED):
            return (self.stalls if kpi == STALL else self.stalled).figures(scope)
        if kpi == QUOTA:
            plan = plan_for(self.plans, scope, span_of(window, self.organisation, self.today))
            if plan is None or plan.said.kpi not in FORMULAS:
                return None
            actual = self.plain(plan.said.kpi, scope, window)
            return attainment(plan, actual, self.money, self.working, cut_ms=self.cut_ms)
        if kpi == LEADERBOARD:
            return self.standing(scope, window)
        return self.plain(kpi, scope, window)

    def plain(self, kpi: str, scope: str, window: str) -> Figures:
        """A KPI over the facts in a window and a scope."""
        return FORMULAS[kpi].figures(self.held(kpi, window).get(scope, []), self.money)

    def held(self, kpi: str, window: str) -> dict[str, list[Fact]]:
        """The facts that a KPI counts in a window, by scope; of a customer's answers only the latest."""
        if (kpi, window) not in self._held:
            found: dict[str, list[Fact]] = defaultdict(list)
            kept = [fact for fact in self.inside(window) if fact.measure in FORMULAS[kpi].measures]
            answers = [fact for fact in kept if fact.measure == "answer"]
            latest = {fact.account: fact for fact in sorted(answers, key=lambda fact: fact.order)}
            for fact in [fact for fact in kept if fact.measure != "answer"] + list(latest.values()):
                for scope in self.scopes_of_fact(kpi, fact):
                    found[scope].append(fact)
            self._held[kpi, window] = dict(found)
        return self._held[kpi, window]

    def inside(self, window: str) -> list[Fact]:
        """The facts in a window."""
        if window not in self._inside:
            inside = holds(window, self.organisation, before_ms=self.cut_ms)
            is_out = window in MINUTE_WINDOWS and self.newest_ms - self.as_of_ms > MINUTES_BACK_MS
            self._inside[window] = [] if is_out else [fact for fact in self.facts if inside(fact.at_ms)]
        return self._inside[window]

    def scopes_of_fact(self, kpi: str, fact: Fact) -> list[str]:
        """Whose numbers a fact enters."""
        day = self.organisation.day_of(fact.at_ms)
        scopes = ["company", f"rep:{fact.rep}", f"team:{self.organisation.team_on(fact.rep, day)}"]
        if kpi in BY_TERRITORY and self.organisation.has_territories():
            scopes.append(f"territory:{self.organisation.territory_on(fact.rep, day)}")
        return [*scopes, f"source:{fact.source}"] if FORMULAS[kpi].by_source else scopes

    # Ranks

    def competitors(self, sort: str, window: str) -> dict[str, Fraction]:
        """What is ranked: every active rep of the roster, or its team, and whoever has sold; nobody is not."""
        if window in MINUTE_WINDOWS and self.newest_ms - self.as_of_ms > MINUTES_BACK_MS:
            return {}
        names = set(self.stalls.teams.values() if sort == "team" else self.stalls.teams)
        for scope in self.held(RANKS, window):
            if scope.startswith(f"{sort}:"):
                figures = self.plain(RANKS, scope, window)
                names |= {scope.partition(":")[2]} if figures.n or figures.numerator else set()
        found = {name: self.plain(RANKS, f"{sort}:{name}", window) for name in names - {NONE}}
        return {name: figures.value for name, figures in found.items() if figures.value is not None}

    def standing(self, scope: str, window: str) -> Figures | None:
        """The rank of a rep or team in a window."""
        sort, _, name = scope.partition(":")
        now = self.competitors(sort, window)
        if sort == "company" or name not in now:
            return None
        n = self.plain(RANKS, scope, window).n
        placed = place(name, now, self.day_before().competitors(sort, window), n)
        placed.missing = sorted({rate for name in now for rate in self.plain(RANKS, f"{sort}:{name}", window).missing})
        best = own_best(window, lambda period: self.plain(RANKS, scope, period).value, self.closed(RANKS))
        return by_policy(placed, self.organisation.ranking(), sort=sort, best=best)

    def day_before(self) -> Tenant:
        """The same tenant as the day of the cut began."""
        if self._day_before is None:
            began_ms = self.working.day_start_ms(self.today)
            self._day_before = Tenant(*self.again, as_of_ms=began_ms - 1, at_ms=began_ms)
        return self._day_before


def is_late(fact: Fact) -> bool:
    """Received more than an hour after the end of its minute, and not as history on purpose."""
    return not fact.backfill and fact.received_ms > fact.at_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS + LATE_AFTER_MS
