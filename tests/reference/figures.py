"""The formulas: what a KPI reads from the facts that a window holds and a scope counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil

from schemas.money import exponent
from tests.reference.account_facts import AGES_D, ANCHORS
from tests.reference.facts import Fact
from tests.reference.organisation import Organisation

DAY_MS = 86_400_000
PROMOTER_FROM, PASSIVE_FROM = 9, 7
NPS_CLASSES = ("detractor", "passive", "promoter")
MEDIAN, P90 = Fraction(1, 2), Fraction(9, 10)


@dataclass
class Figures:
    """Exact numbers. ``missing``: the rates that weren't there; ``maturing``: the share of a cohort that is too young;
    ``exact``: a rounded value before its rounding."""

    value: Fraction | None
    n: int
    numerator: Fraction | None
    denominator: Fraction | None = None
    facets: dict[str, Fraction] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    maturing: Fraction | None = None
    suppressed: bool = False
    exact: Fraction | None = None


@dataclass
class Money:
    """Turns money into the base currency (None: there is none)."""

    organisation: Organisation
    base: str | None

    def sum(self, facts: list[Fact]) -> tuple[Fraction, list[str]]:
        """Minor units of the base currency at each day's rate, not rounded, and the rates that weren't there."""
        days: dict[tuple[str, dt.date], int] = {}
        for fact in facts:
            day = (fact.facet, self.organisation.day_of(fact.at_ms))
            days[day] = days.get(day, 0) + fact.amount
        exact, missing = Fraction(0), set()
        for (currency, date), amount in days.items():
            rate = self.rate(currency, date)
            if rate is not None:
                exact += amount * rate
            elif amount != 0:
                missing.add(f"rate:{currency}")
        return exact, sorted(missing)

    def rate(self, currency: str, day: dt.date) -> Fraction | None:
        """Minor units of the base currency for one of the currency's at the end of a day."""
        if self.base is None:
            return None
        rate = self.organisation.rate_on(currency, self.base, day)
        return None if rate is None else rate * Fraction(10) ** (exponent(self.base) - exponent(currency))


def ratio(numerator: Fraction | int, denominator: Fraction | int) -> Fraction | None:
    """A quotient, if there is anything to divide by."""
    return Fraction(numerator) / denominator if denominator else None


def given(**facets: Fraction | int | None) -> dict[str, Fraction]:
    """The facets that are there."""
    return {name: Fraction(number) for name, number in facets.items() if number is not None}


def quantile(amounts: list[int], q: Fraction) -> Fraction:
    """The smallest amount that at least a share ``q`` of them doesn't exceed."""
    return Fraction(sorted(amounts)[max(ceil(q * len(amounts)), 1) - 1])


def of(facts: list[Fact], measure: str) -> list[Fact]:
    """The facts of one measure."""
    return [fact for fact in facts if fact.measure == measure]


def counts(facts: list[Fact], money: Money) -> Figures:
    """How many there are."""
    return Figures(Fraction(len(facts)), len(facts), Fraction(len(facts)))


def revenue(facts: list[Fact], money: Money) -> Figures:
    """Money, rounded half-even once."""
    exact, missing = money.sum(of(facts, "revenue"))
    rounded = Fraction(round(exact))
    return Figures(rounded, len(of(facts, "closings")), rounded, missing=missing, exact=exact)


def average_deal_size(facts: list[Fact], money: Money) -> Figures:
    """Won money by won deal; the mean keeps its fraction."""
    exact, missing = money.sum(of(facts, "won_amount"))
    n = len(of(facts, "deals_won"))
    return Figures(ratio(exact, n), n, Fraction(round(exact)), Fraction(n), missing=missing)


def win_rate(facts: list[Fact], money: Money) -> Figures:
    """Won among closed."""
    won, lost = len(of(facts, "deals_won")), len(of(facts, "deals_lost"))
    n = won + lost
    return Figures(ratio(won, n), n, Fraction(won), Fraction(n), given(won=won, lost=lost))


def activity_count(facts: list[Fact], money: Money) -> Figures:
    """Touches, by kind."""
    kinds = [fact.facet for fact in facts]
    by_kind = {kind: Fraction(kinds.count(kind)) for kind in set(kinds)}
    return Figures(Fraction(len(kinds)), len(kinds), Fraction(len(kinds)), facets=by_kind)


def touches_per_won_deal(facts: list[Fact], money: Money) -> Figures:
    """Touches by won deal, by kind."""
    touches = [fact.facet for fact in of(facts, "touches_on_won")]
    n = len(of(facts, "deals_won"))
    by_kind = {kind: Fraction(touches.count(kind), n) for kind in set(touches) if n}
    return Figures(ratio(len(touches), n), n, Fraction(len(touches)), Fraction(n), by_kind)


def classes(facts: list[Fact]) -> dict[str, int]:
    """Answers by Reichheld's classes."""
    found = dict.fromkeys(NPS_CLASSES, 0)
    for fact in facts:
        name = "promoter" if fact.score >= PROMOTER_FROM else "passive" if fact.score >= PASSIVE_FROM else "detractor"
        found[name] += 1
    return found


def nps(facts: list[Fact], money: Money) -> Figures:
    """Promoters less detractors, in percent of the answers."""
    found, n = classes(facts), len(facts)
    net = found["promoter"] - found["detractor"]
    return Figures(ratio(100 * net, n), n, Fraction(net), Fraction(n), given(**found))


def nps_classes(facts: list[Fact], money: Money) -> Figures:
    """Detractors; all classes as counts and as shares."""
    found, n = classes(facts), len(facts)
    shares = {f"{name}_share": ratio(count, n) for name, count in found.items()}
    detractors = Fraction(found["detractor"])
    return Figures(detractors, n, detractors, facets=given(**found, **shares))


def acquisition_rate(facts: list[Fact], money: Money) -> Figures:
    """Customers won by leads created; beside it the cohorts, and how much of each is too young."""
    won, leads = len(of(facts, "customers_won")), len(of(facts, "new_leads"))
    facets: dict[str, Fraction | None] = {}
    for age_d in AGES_D:
        cohort = cohort_rate(age_d)(facts, money)
        facets |= {f"cohort_{age_d}d": cohort.value, f"maturing_{age_d}d": cohort.facets.get("maturing")}
    return Figures(ratio(won, leads), leads, Fraction(won), Fraction(leads), given(**facets))


def cohort_rate(age_d: int) -> Callable[[list[Fact], Money], Figures]:
    """The share of the leads that are ``age_d`` days old that was won by that age."""

    def cohort(facts: list[Fact], money: Money) -> Figures:
        of_age = [fact for fact in facts if fact.facet == str(age_d)]
        won, matured = len(of(of_age, "cohort_won")), len(of(of_age, "cohort_matured"))
        leads = len(of(facts, "new_leads"))
        young = 1 - Fraction(matured, leads) if leads else None
        return Figures(
            ratio(won, matured), matured, Fraction(won), Fraction(matured), given(maturing=young), maturing=young
        )

    return cohort


def lengths(amounts: list[int]) -> dict[str, Fraction]:
    """Mean, median and ninth decile in days; nothing of nothing."""
    if not amounts:
        return {}
    figures = {"mean": Fraction(sum(amounts), len(amounts))}
    figures |= {"median": quantile(amounts, MEDIAN), "p90": quantile(amounts, P90)}
    return {name: amount / DAY_MS for name, amount in figures.items()}


def durations(amounts: list[int]) -> Figures:
    """Their mean in days; the median and the ninth decile beside it."""
    facets = lengths(amounts)
    mean = facets.pop("mean", None)
    return Figures(mean, len(amounts), Fraction(sum(amounts)), Fraction(len(amounts)), facets)


def cycle_length(facts: list[Fact], money: Money) -> Figures:
    """From the first touch to the close; the other anchors beside it."""
    by_anchor = {anchor: [fact.amount for fact in facts if fact.facet == anchor] for anchor in ANCHORS}
    figures = durations(by_anchor.pop(ANCHORS[0]))
    for anchor, amounts in by_anchor.items():
        for name, amount in lengths(amounts).items():
            figures.facets[anchor if name == "mean" else f"{anchor}_{name}"] = amount
    return figures


def time_to_convert(facts: list[Fact], money: Money) -> Figures:
    """From the lead to its first win."""
    return durations([fact.amount for fact in facts])


@dataclass(frozen=True)
class Formula:
    """A KPI over facts: of which measures, in which scopes, how."""

    measures: tuple[str, ...]
    figures: Callable[[list[Fact], Money], Figures]
    by_source: bool = True


COHORT = ("new_leads", "cohort_matured", "cohort_won")
FORMULAS = {
    "acquisition_rate": Formula(("customers_won", *COHORT), acquisition_rate),
    **{f"acquisition_rate_{age_d}d": Formula(COHORT, cohort_rate(age_d)) for age_d in AGES_D},
    "activity_count": Formula(("touches",), activity_count, by_source=False),
    "average_deal_size": Formula(("won_amount", "deals_won"), average_deal_size),
    "cycle_length": Formula(("cycle",), cycle_length, by_source=False),
    "deals_won": Formula(("deals_won",), counts),
    "new_leads": Formula(("new_leads",), counts),
    "new_opportunities": Formula(("deals_opened",), counts),
    "nps": Formula(("answer",), nps, by_source=False),
    "nps_classes": Formula(("answer",), nps_classes, by_source=False),
    "revenue": Formula(("revenue", "closings"), revenue),
    "time_to_convert": Formula(("conversion",), time_to_convert),
    "touches_per_won_deal": Formula(("touches_on_won", "deals_won"), touches_per_won_deal),
    "win_rate": Formula(("deals_won", "deals_lost"), win_rate),
}
