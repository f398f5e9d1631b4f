"""Sums of cells for a scope and a window: the only thing a KPI's formula is made of.

What a rep adds up to is remembered for the moment; teams and the company are sums over reps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from schemas.kpi import Term
from schemas.money import exponent
from stream.board.measures import LATEST, MONEY
from stream.board.moment import Cut, Moment, Sums
from stream.board.reference.rates import rates_of
from stream.board.reference.roster import NOBODY, Span
from stream.board.reference.versions import FOREVER_MIN
from stream.board.series import Series
from stream.board.windows import BEGINNING_MIN, Window
from stream.panes import DAY_MIN

Amount = int | Fraction
"""Exact: counts are integers, converted money may be a fraction."""

NOTHING = Sums({})
EVERYWHERE: list[Span] = [(BEGINNING_MIN, FOREVER_MIN)]


@dataclass(slots=True)
class Total:
    """A sum, and what had to be left out: "rate:USD" for want of a rate."""

    amount: Amount = 0
    missing: set[str] = field(default_factory=set)


def sum_terms(moment: Moment, terms: tuple[Term, ...], scope: str, window: Window) -> Total:
    """The sum of several terms over a window, money in minor units of the base currency, exact."""
    total = Total()
    for term in terms:
        sums = sums_of(moment, term.measure, scope, cut_of_term(moment, term, window))
        if sums is NOTHING:
            continue
        amount: Amount = sum(sums.facets.values()) if term.facet is None else sums.facets.get(term.facet, 0)
        if sums.foreign:
            amount += sums.foreign
        total.amount += amount if term.weight == 1 else amount * term.weight
        if sums.unrated:
            total.missing |= {f"rate:{currency}" for (currency, _), left in sums.unrated.items() if left}
    return total


def sum_term(moment: Moment, term: Term, scope: str, window: Window) -> Total:
    """The sum of one."""
    return sum_terms(moment, (term,), scope, window)


def facet_sums(moment: Moment, measure: str, scope: str, window: Window) -> dict[str, int]:
    """The sum of each facet of a measure that is no money; none of them zero."""
    return sums_of(moment, measure, scope, cut_of_term(moment, Term(measure=measure), window)).facets


def cut_of_term(moment: Moment, term: Term, window: Window) -> Cut:
    """Which panes of a window a term sums, known before when."""
    end = window.end if term.age_d is None else min(window.end, moment.cut - term.age_d * DAY_MIN)
    return window.start, end, min(moment.cut, window.end) if term.measure in LATEST else moment.cut


def sums_of(moment: Moment, measure: str, scope: str, cut: Cut) -> Sums:
    """What a measure's cells add up to in a scope, remembered for the moment."""
    if cut[0] >= cut[1]:
        return NOTHING
    by_scope = moment.sums.get((measure, cut))
    if by_scope is None:
        by_scope = moment.sums[measure, cut] = {}
    found = by_scope.get(scope)
    if found is None:
        found = by_scope[scope] = _sums(moment, measure, scope, cut)
    return found


def _sums(moment: Moment, measure: str, scope: str, cut: Cut) -> Sums:
    kind, _, scope_id = scope.partition(":")
    if kind == "company":
        return _added(sums_of(moment, measure, f"rep:{rep}", cut) for rep in moment.board.all_of(measure, "rep"))
    if kind in ("team", "territory"):
        return _added(_of_members(moment, measure, scope, cut))
    return _own(moment, measure, moment.board.find(measure, kind, scope_id), cut)


def _of_members(moment: Moment, measure: str, scope: str, cut: Cut) -> Iterator[Sums]:
    """What each member of a group adds while it belongs to it."""
    start, end, known_before = cut
    for rep, spans in members_of(moment, measure, scope):
        for low, high in spans:
            if low <= start and end <= high:
                yield sums_of(moment, measure, f"rep:{rep}", cut)
            elif low < end and start < high:
                part = max(low, start), min(high, end), known_before
                yield _own(moment, measure, moment.board.find(measure, "rep", rep), part)


def members_of(moment: Moment, measure: str, scope: str) -> Iterator[tuple[str, list[Span]]]:
    """The reps of a team or territory and the spans of panes during which they belong to it. Of whom the roster doesn't
    know belongs to nobody's.
    """
    kind, _, scope_id = scope.partition(":")
    groups = moment.spans if kind == "team" else moment.territories
    yield from groups.get(scope_id, {}).items()
    if scope_id == NOBODY:
        strangers = moment.board.all_of(measure, "rep").keys() - groups[NOBODY].keys()
        yield from ((rep, EVERYWHERE) for rep in strangers)


def _own(moment: Moment, measure: str, series: dict[str, Series], cut: Cut) -> Sums:
    """The sums of one value of a dimension."""
    found: dict[str, int] = {}
    if measure in MONEY:
        return _own_money(moment, series, cut)
    for facet, each in series.items():
        amount = each.total(*cut, without_late=moment.without_late)
        if amount:
            found[facet] = amount
    return Sums(found) if found else NOTHING


def _own_money(moment: Moment, series: dict[str, Series], cut: Cut) -> Sums:
    base, facets = moment.base_currency, dict[str, int]()
    foreign: Amount = 0
    unrated: dict[tuple[str, date], int] = {}
    for currency, each in series.items():
        if currency == base:
            amount = each.total(*cut, without_late=moment.without_late)
            if amount:
                facets[currency] = amount
        else:
            foreign += _converted(moment, currency, each, cut, unrated)
    return Sums(facets, foreign, unrated) if facets or foreign or unrated else NOTHING


def _converted(moment: Moment, currency: str, series: Series, cut: Cut, unrated: dict[tuple[str, date], int]) -> Amount:
    """Foreign amounts, each at the rate of its local day; what has none goes to ``unrated``."""
    organisation, base = moment.board.organisation, moment.base_currency
    rates = rates_of(organisation, moment.cut_ms).get(currency, []) if base is not None else []
    by_rate: dict[int, int] = {}
    for pane, amount in series.amounts(*cut, without_late=moment.without_late):
        at = bisect_right(rates, pane, key=lambda rate: rate[0])
        if at:
            by_rate[at - 1] = by_rate.get(at - 1, 0) + amount
        else:
            day = currency, moment.calendar.date_of(pane)
            unrated[day] = unrated.get(day, 0) + amount
    if base is None:
        return 0
    scale = Fraction(10) ** (exponent(base) - exponent(currency))
    return sum((amount * rates[at][1] * scale for at, amount in by_rate.items()), Fraction(0))


def _added(parts: Iterable[Sums]) -> Sums:
    facets: dict[str, int] = {}
    foreign: Amount = 0
    unrated: dict[tuple[str, date], int] = {}
    for part in parts:
        if part is NOTHING:
            continue
        for facet, amount in part.facets.items():
            facets[facet] = facets.get(facet, 0) + amount
        if part.foreign:
            foreign += part.foreign
        for day, amount in part.unrated.items():
            unrated[day] = unrated.get(day, 0) + amount
    facets = {facet: amount for facet, amount in facets.items() if amount}
    return Sums(facets, foreign, unrated) if facets or foreign or unrated else NOTHING


def latest_receipt(moment: Moment, terms: tuple[Term, ...], scope: str, window: Window) -> int:
    """The newest receipt (UTC s) among late contributions to any of the terms; 0 if none came late."""
    newest = 0
    for term in terms:
        late = _late(moment, term.measure, scope)
        if late:
            cut = cut_of_term(moment, term, window)
            newest = max(newest, _latest_of(moment, term, scope, cut, late))
    return newest


def _late(moment: Moment, measure: str, scope: str) -> dict[str, dict[str, Series]]:
    """The series of a measure to which anything came late, by value of the scope's dimension and facet."""
    kind = scope.partition(":")[0]
    return moment.board.late_of(measure, "rep" if kind in ("company", "team", "territory") else kind)


def _latest_of(moment: Moment, term: Term, scope: str, cut: Cut, late: dict[str, dict[str, Series]]) -> int:
    kind, _, scope_id = scope.partition(":")
    if kind == "company":
        chosen: Iterable[tuple[str, list[Span]]] = ((value, EVERYWHERE) for value in late)
    elif kind in ("team", "territory"):
        chosen = members_of(moment, term.measure, scope)
    else:
        chosen = ((scope_id, EVERYWHERE),)
    start, end, known_before = cut
    receipts = (
        series.latest_receipt(max(low, start), min(high, end), known_before)
        for value, spans in chosen
        for low, high in spans
        if low < end and start < high
        for facet, series in late.get(value, {}).items()
        if term.facet in (None, facet)
    )
    return max(receipts, default=0)
