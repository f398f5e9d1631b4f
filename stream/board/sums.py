"""Sums of cells for a scope and a window: the only thing a KPI's formula is made of.

What a rep adds up to is remembered for the moment; teams and the company are sums over reps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from schemas.kpi import Term
from stream.board.measures import LATEST
from stream.board.moment import Amount, Cut, Moment, Sums
from stream.board.own import NOTHING, own_sums
from stream.board.reference.roster import NOBODY
from stream.board.reference.versions import FOREVER_MIN
from stream.board.windows import BEGINNING_MIN, Window
from stream.panes import DAY_MIN


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
    known_before = min(moment.cut, window.end) if measure in LATEST else moment.cut
    return sums_of(moment, measure, scope, (window.start, window.end, known_before)).facets


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
    rest = moment.rests.get((measure, cut), {}).pop(scope, None)
    if rest is not None:
        return added((rest.sums, *_of_reps(moment, measure, rest.reps, cut)))
    if kind == "company":
        return added(_of_reps(moment, measure, moment.board.all_of(measure, "rep"), cut))
    if kind in ("team", "territory"):
        return added(_of_members(moment, measure, scope, cut))
    series = moment.board.find(measure, kind, scope_id)
    starts = moment.together.get((measure, cut[1], cut[2]), ())
    if cut[0] not in starts:
        return own_sums(moment, measure, series, (cut[0],), *cut[1:])[0]
    for start, sums in zip(starts, own_sums(moment, measure, series, starts, *cut[1:]), strict=True):
        moment.sums.setdefault((measure, (start, *cut[1:])), {})[scope] = sums
    return moment.sums[measure, cut][scope]


def read_together(moment: Moment, places: Iterable[tuple[str, Cut]]) -> None:
    """Say which sums of each value of a dimension will be asked for: one of them is made with all others that end as it
    does, at a fraction of the cost.
    """
    starts: dict[tuple[str, int, int], set[int]] = {}
    for measure, (start, end, known_before) in places:
        if start < end:
            starts.setdefault((measure, end, known_before), set()).add(start)
    moment.together.update({place: tuple(sorted(several)) for place, several in starts.items() if len(several) > 1})


def _of_reps(moment: Moment, measure: str, reps: Iterable[str], cut: Cut) -> Iterator[Sums]:
    return (sums_of(moment, measure, f"rep:{rep}", cut) for rep in reps)


def _of_members(moment: Moment, measure: str, scope: str, cut: Cut) -> Iterator[Sums]:
    """What each member of a group adds while it belongs to it."""
    start, end, known_before = cut
    for high, low, rep in members_of(moment, measure, scope):
        if high <= start:
            return
        if end <= high and (low <= start or low <= moment.board.first_pane((measure, "rep", rep))):
            yield sums_of(moment, measure, f"rep:{rep}", cut)
        elif low < end:
            series = moment.board.find(measure, "rep", rep)
            yield own_sums(moment, measure, series, (max(low, start),), min(high, end), known_before)[0]


def members_of(moment: Moment, measure: str, scope: str) -> list[tuple[int, int, str]]:
    """The reps of a team or territory, each with the panes [low, high) during which it belongs to it, as (high, low,
    rep), who left last first. Of whom the roster doesn't know belongs to nobody's.
    """
    kind, _, scope_id = scope.partition(":")
    groups = moment.spans if kind == "team" else moment.territories
    found = cast("list[tuple[int, int, str]] | None", moment.readings.get(("members", scope)))
    if found is None:
        members = groups.get(scope_id, {}).items()
        found = sorted(((high, low, rep) for rep, spans in members for low, high in spans), reverse=True)
        moment.readings["members", scope] = found
    if scope_id == NOBODY:
        strangers = moment.board.all_of(measure, "rep").keys() - groups[NOBODY].keys()
        return [*((FOREVER_MIN, BEGINNING_MIN, rep) for rep in strangers), *found]
    return found


def added(parts: Iterable[Sums]) -> Sums:
    """Several together."""
    facets: dict[str, int] = {}
    foreign: Amount = 0
    unrated: dict[tuple[str, date], int] = {}
    late: dict[str, int] = {}
    for part in parts:
        if part is NOTHING:
            continue
        for facet, amount in part.facets.items():
            facets[facet] = facets.get(facet, 0) + amount
        if part.foreign:
            foreign += part.foreign
        for day, amount in part.unrated.items():
            unrated[day] = unrated.get(day, 0) + amount
        for facet, receipt_s in part.late.items():
            if receipt_s > late.get(facet, 0):
                late[facet] = receipt_s
    facets = {facet: amount for facet, amount in facets.items() if amount}
    return Sums(facets, foreign, unrated, late) if facets or foreign or unrated or late else NOTHING


def without(whole: Sums, parts: Iterable[Sums]) -> Sums | None:
    """The whole without some of its parts; None where one of them may have had the newest receipt of all."""
    facets, unrated = dict(whole.facets), dict(whole.unrated)
    foreign = whole.foreign
    for part in parts:
        for facet, amount in part.facets.items():
            facets[facet] = facets.get(facet, 0) - amount
        if part.foreign:
            foreign -= part.foreign
        for day, amount in part.unrated.items():
            unrated[day] = unrated.get(day, 0) - amount
        for facet, receipt_s in part.late.items():
            if receipt_s == whole.late[facet]:
                return None
    return Sums(facets, foreign, unrated, whole.late)


def latest_receipt(moment: Moment, terms: tuple[Term, ...], scope: str, window: Window) -> int:
    """The newest receipt (UTC s) among late contributions to any of the terms; 0 if none came late."""
    newest = 0
    for term in terms:
        late = sums_of(moment, term.measure, scope, cut_of_term(moment, term, window)).late
        if late:
            newest = max(newest, max(late.values()) if term.facet is None else late.get(term.facet, 0))
    return newest
