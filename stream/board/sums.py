"""Sums of cells for a scope and a window: the only thing a KPI's formula is made of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from schemas.cells import MINUTE_MS, QUARTER_MIN
from schemas.kpi import Term
from schemas.money import exponent
from stream.board.board import BEGINNING_MS, Board
from stream.board.measures import LATEST, MONEY
from stream.board.reference.rates import rates_of
from stream.board.reference.roster import NOBODY, Groups, Span, groups_of
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import FOREVER_MIN
from stream.board.series import Series
from stream.board.windows import BEGINNING_MIN, Window, cut_of
from stream.calendars import Calendar
from stream.panes import DAY_MIN


@dataclass(frozen=True)
class Moment:
    """Everything a sum depends on beside its window: the board, the cut (UTC minutes) of ``as_of_ms`` and what is in
    force at it. ``without_late``: as if late contributions had never come.
    """

    board: Board
    cut: int
    as_of_ms: int
    calendar: Calendar
    base_currency: str | None
    spans: Groups = field(default_factory=dict)  # of teams
    territories: Groups = field(default_factory=dict)
    min_n: int | None = None
    """What the tenant wants a ratio to rest on at least; None: what its definition says."""
    without_late: bool = False
    readings: dict[tuple[object, ...], object] = field(default_factory=dict)
    """What several values of this moment have in common, remembered by those who read it."""

    @property
    def cut_ms(self) -> int:
        """The cut in epoch milliseconds."""
        return self.cut * MINUTE_MS


@dataclass
class Total:
    """A sum, and what had to be left out: "rate:USD" for want of a rate."""

    amount: Fraction = Fraction(0)
    missing: set[str] = field(default_factory=set)


def moment_at(board: Board, as_of_ms: int) -> Moment:
    """The board at ``as_of`` (epoch ms), cut as precisely as its age allows."""
    newest_ms = board.newest_ms if board.newest_ms != BEGINNING_MS else as_of_ms
    finest = settings_of(board.organisation, (as_of_ms // MINUTE_MS + 1) * MINUTE_MS).calendar
    return moment_of(board, cut_of(as_of_ms, newest_ms, finest), as_of_ms)


def moment_of(board: Board, cut: int, as_of_ms: int) -> Moment:
    """The board at the cut of a moment."""
    organisation, cut_ms = board.organisation, cut * MINUTE_MS
    settings = settings_of(organisation, cut_ms)
    base = settings.base_currency or _only_currency(board, cut)
    teams, territories = (groups_of(organisation, cut_ms, field) for field in ("team", "territory"))
    return Moment(board, cut, as_of_ms, settings.calendar, base, teams, territories, settings.min_n)


def _only_currency(board: Board, cut: int) -> str | None:
    """The one currency in which anything is known before the cut; None if there are several, or none."""
    seen: set[str] = set()
    for measure in MONEY:
        for facets in board.all_of(measure, "rep").values():
            for currency, series in facets.items():
                if currency not in seen and _has_amounts(series, cut):
                    seen.add(currency)
    return next(iter(seen)) if len(seen) == 1 else None


def _has_amounts(series: Series, cut: int) -> bool:
    """Whether anything is left: an amount taken back cancels within its quarter-hour, to which old panes go."""
    net: dict[int, int] = {}
    for pane, amount in series.amounts(BEGINNING_MIN, FOREVER_MIN, cut):
        net[pane // QUARTER_MIN] = net.get(pane // QUARTER_MIN, 0) + amount
    return any(net.values())


def series_of(moment: Moment, measure: str, scope: str) -> Iterator[tuple[str, Series, list[Span]]]:
    """(facet, series, spans of panes that count) of a measure in a scope."""
    kind, _, scope_id = scope.partition(":")
    board, everywhere = moment.board, [(BEGINNING_MIN, FOREVER_MIN)]
    if kind == "company":
        chosen = ((facets, everywhere) for facets in board.all_of(measure, "rep").values())
    elif kind in ("team", "territory"):
        groups = moment.spans if kind == "team" else moment.territories
        reps = groups.get(scope_id, {})
        chosen = ((board.find(measure, "rep", rep), spans) for rep, spans in reps.items())
        if scope_id == NOBODY:
            rostered = groups[NOBODY]
            unrostered = ((f, everywhere) for rep, f in board.all_of(measure, "rep").items() if rep not in rostered)
            chosen = (pair for part in (chosen, unrostered) for pair in part)
    else:
        chosen = ((facets, everywhere) for facets in (board.find(measure, kind, scope_id),))
    for facets, spans in chosen:
        for facet, series in facets.items():
            yield facet, series, spans


def sum_term(moment: Moment, term: Term, scope: str, window: Window) -> Total:
    """The sum of a term over a window, money in minor units of the base currency, exact."""
    total = Total()
    foreign: dict[str, dict[int, int]] = {}
    for facet, series, start, end, cut in _pieces(moment, term, scope, window):
        if term.measure in MONEY and facet != moment.base_currency:
            by_pane = foreign.setdefault(facet, {})
            for pane, amount in series.amounts(start, end, cut, without_late=moment.without_late):
                by_pane[pane] = by_pane.get(pane, 0) + amount
        else:
            total.amount += series.total(start, end, cut, without_late=moment.without_late)
    for currency, by_pane in foreign.items():
        _convert(moment, currency, by_pane, total)
    total.amount *= term.weight
    return total


def _pieces(moment: Moment, term: Term, scope: str, window: Window) -> Iterator[tuple[str, Series, int, int, int]]:
    """(facet, series, start, end, cut) of everything that a term sums."""
    cut = min(moment.cut, window.end) if term.measure in LATEST else moment.cut
    latest = window.end if term.age_d is None else min(window.end, moment.cut - term.age_d * DAY_MIN)
    for facet, series, spans in series_of(moment, term.measure, scope):
        if term.facet is None or facet == term.facet:
            for low, high in spans:
                start, end = max(low, window.start), min(high, latest)
                if start < end:
                    yield facet, series, start, end, cut


def _convert(moment: Moment, currency: str, by_pane: dict[int, int], total: Total) -> None:
    """Add foreign amounts, each at the rate of its local day; a day that has none is left out."""
    organisation, base = moment.board.organisation, moment.base_currency
    rates = rates_of(organisation, moment.cut_ms).get(currency, []) if base is not None else []
    scale = Fraction(10) ** (exponent(base) - exponent(currency)) if base is not None else Fraction(1)
    unrated: dict[date, int] = {}
    for pane, amount in by_pane.items():
        at = bisect_right(rates, pane, key=lambda rate: rate[0])
        if at:
            total.amount += amount * rates[at - 1][1] * scale
        else:
            day = moment.calendar.date_of(pane)
            unrated[day] = unrated.get(day, 0) + amount
    if any(unrated.values()):
        total.missing.add(f"rate:{currency}")


def sum_terms(moment: Moment, terms: tuple[Term, ...], scope: str, window: Window) -> Total:
    """The sum of several terms."""
    totals = [sum_term(moment, term, scope, window) for term in terms]
    return Total(sum((t.amount for t in totals), Fraction(0)), {name for t in totals for name in t.missing})


def latest_receipt(moment: Moment, terms: tuple[Term, ...], scope: str, window: Window) -> int:
    """The newest receipt (UTC s) among late contributions to any of the terms; 0 if none came late."""
    pieces = (piece for term in terms for piece in _pieces(moment, term, scope, window))
    return max((series.latest_receipt(start, end, cut) for _, series, start, end, cut in pieces), default=0)
