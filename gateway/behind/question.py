"""What a number rests on: the cells its formula sums, and what the board says they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.behind.rows import Sought
from schemas.kpi import KpiDefinition, KpiValue, Term
from stream.board.board import Board
from stream.board.forms.attainment import target_of
from stream.board.forms.stall import idle_minutes, last_minute
from stream.board.moment import Moment, moment_at
from stream.board.reference.roster import NOBODY, Span, active_at
from stream.board.reference.versions import FOREVER_MIN
from stream.board.sums import cut_of_term
from stream.board.values import value_of
from stream.board.windows import BEGINNING_MIN, Window, window_at
from stream.catalogue.catalogue import Catalogue

EVERYWHERE: Sequence[Span] = ((BEGINNING_MIN, FOREVER_MIN),)
Amounts = dict[str, int]
"""By facet; of money by currency, in minor units."""


class NothingBehind(Exception):
    """A number that can't be told by events, or not at this moment. The text says why."""


@dataclass(frozen=True)
class Asked:
    """Whose number, over what, when."""

    kpi: str
    scope: str
    window: str
    as_of_ms: int


@dataclass(frozen=True)
class Question:
    """A number and what it rests on; ``board`` is what the board's cells come to, for each that is ``sought``."""

    value: KpiValue
    sought: Sequence[Sought]
    parts: Sequence[str]
    board: Sequence[Amounts]
    first_ms: int
    """No event before it counts."""


def question_of(board: Board, catalogue: Catalogue, asked: Asked) -> Question:
    """The question for a value. Raises UnknownKpi, UnknownScope, UnknownWindow or NothingBehind."""
    names = {"kpi": asked.kpi, "scope": asked.scope, "window": asked.window}
    value = value_of(board, catalogue, **names, as_of_ms=asked.as_of_ms)
    if value.status in ("out_of_history", "suppressed"):
        raise NothingBehind(f"{asked.kpi} of {asked.scope}, {asked.window}, is {value.status}")
    moment = moment_at(board, asked.as_of_ms)
    window = window_at(asked.window, moment.cut, moment.calendar)
    definition, scope = catalogue.find(asked.kpi), asked.scope
    if definition.form == "stalled":
        raise NothingBehind(f"{asked.kpi} counts deals about which nothing has happened: no events tell it")
    if definition.form == "stall":
        scope, window = _last_deed(moment, definition, scope)
    elif definition.form == "attainment":
        target = target_of(moment, catalogue, scope, window)
        if target is None:
            raise NothingBehind(f"{scope} has no target in {asked.window}")
        definition = catalogue.find(target.kpi)
    elif definition.ranks is not None:
        definition = catalogue.find(definition.ranks)
    terms = dict(_terms(definition))
    sought = [_sought(moment, term, scope, window) for term in terms]
    first = min(each.start for each in sought)
    sums = [_sum_of(moment, each) for each in sought]
    return Question(value, sought, list(terms.values()), sums, first * 60_000)


def _terms(definition: KpiDefinition) -> Iterator[tuple[Term, str]]:
    """The terms of a formula and what each is part of, weights aside; what is only counted comes last."""
    found: dict[Term, list[str]] = {}
    for part, terms in (
        ("numerator", definition.numerator),
        ("denominator", definition.denominator),
        ("n", definition.count),
    ):
        for term in terms:
            found.setdefault(term.model_copy(update={"weight": 1}), []).append(part)
    yield from ((term, ", ".join(dict.fromkeys(parts))) for term, parts in found.items())


def _sought(moment: Moment, term: Term, scope: str, window: Window) -> Sought:
    kind, _, scope_id = scope.partition(":")
    members: Mapping[str, Sequence[Span]] | None = {scope_id: EVERYWHERE}
    if kind == "company":
        members = None
    elif kind in ("team", "territory"):
        members = _members_of(moment, term.measure, scope)
    dimension = "source" if kind == "source" else "rep"
    return Sought(term.measure, term.facet, *cut_of_term(moment, term, window), dimension, members)


def _members_of(moment: Moment, measure: str, scope: str) -> Mapping[str, Sequence[Span]]:
    """The reps of a team or territory; of whom the roster doesn't know belongs to nobody's."""
    kind, _, scope_id = scope.partition(":")
    groups = moment.spans if kind == "team" else moment.territories
    members: dict[str, Sequence[Span]] = {**groups.get(scope_id, {})}
    if scope_id == NOBODY:
        strangers = moment.board.all_of(measure, "rep").keys() - groups[NOBODY].keys()
        members |= dict.fromkeys(strangers, EVERYWHERE)
    return members


def _sum_of(moment: Moment, sought: Sought) -> Amounts:
    """What the board's cells come to, as they are: of money each currency for itself."""
    found: Amounts = {}
    start, end, known_before = sought.start, sought.end, sought.known_before
    for value, facets in moment.board.all_of(sought.measure, sought.dimension).items():
        spans = EVERYWHERE if sought.members is None else sought.members.get(value, ())
        for low, high in spans:
            for facet, series in facets.items():
                if sought.facet in (None, facet):
                    amount = series.total(max(low, start), min(high, end), known_before)
                    if amount:
                        found[facet] = found.get(facet, 0) + amount
    return {facet: amount for facet, amount in found.items() if amount}


def _last_deed(moment: Moment, definition: KpiDefinition, scope: str) -> tuple[str, Window]:
    """A stall rests on the last minute in which a rep did anything; that of a team or a company on its idlest rep's."""
    kind, _, scope_id = scope.partition(":")
    reps = [scope_id]
    if kind != "rep":
        active = active_at(moment.board.organisation, moment.cut_ms)
        reps = [rep for rep, said in active.items() if kind == "company" or (said.team or NOBODY) == scope_id]
    rep = max(reps, key=lambda rep: idle_minutes(moment, definition, rep) if kind != "rep" else 0, default=None)
    minute = None if rep is None else last_minute(moment, definition, rep)
    if minute is None:
        raise NothingBehind(f"nobody of {scope} has done anything yet")
    return f"rep:{rep}", Window("", minute, minute + 1)
