"""KPI values: formulas over sums of cells, evaluated when they are read, at any moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from fractions import Fraction

from schemas.cells import MINUTE_MS
from schemas.kpi import KpiDefinition, KpiValue, Status, Term
from stream.board.board import BEGINNING_MS, Board
from stream.board.measures import MONEY
from stream.board.sums import Moment, latest_receipt, moment_of, series_of, sum_term, sum_terms
from stream.board.windows import WINDOWS, Window, closed_periods, cut_of, is_out_of_history, window_at
from stream.catalogue.catalogue import Catalogue, UnknownScope

SCOPE_KINDS = ("company", "team", "rep", "source")


def moment_at(board: Board, as_of_ms: int) -> Moment:
    """The board at ``as_of`` (epoch ms), cut as precisely as its age allows."""
    newest_ms = board.newest_ms if board.newest_ms != BEGINNING_MS else as_of_ms
    finest = board.organisation.calendar((as_of_ms // MINUTE_MS + 1) * MINUTE_MS)
    cut = cut_of(as_of_ms, newest_ms, finest)
    return moment_of(board, cut, board.organisation.calendar(cut * MINUTE_MS))


def value_of(board: Board, catalogue: Catalogue, *, kpi: str, scope: str, window: str, as_of_ms: int) -> KpiValue:
    """One value. Raises UnknownKpi, UnknownScope or UnknownWindow, whose text says what is allowed."""
    definition = catalogue.find(kpi)
    _check_scope(definition, scope)
    moment = moment_at(board, as_of_ms)
    span = window_at(window, moment.cut, moment.calendar)
    if is_out_of_history(window, as_of_ms, board.newest_ms):
        return _out_of_history(definition, scope, window, moment)
    return evaluate(moment, definition, scope, span)


def every_value(
    board: Board,
    catalogue: Catalogue,
    *,
    as_of_ms: int,
    kpis: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    windows: Collection[str] | None = None,
) -> Iterator[KpiValue]:
    """Every value that has data (n > 0, or a numerator that isn't 0), sorted by kpi, scope, window; filters narrow it.

    Without ``windows``, closed periods are included. Raises as `value_of` does.
    """
    moment = moment_at(board, as_of_ms)
    for definition in sorted(catalogue.choose(kpis), key=lambda d: d.slug):
        for scope in scopes or ():
            _check_scope(definition, scope, among=catalogue.choose(kpis))
        first = _first_pane(board, definition)
        spans = _spans(moment, windows, first)
        for scope in sorted(_scopes(moment, definition) if scopes is None else set(scopes)):
            if scope.partition(":")[0] not in definition.scopes:
                continue
            for span in spans:
                if is_out_of_history(span.name, as_of_ms, board.newest_ms):
                    continue
                value = evaluate(moment, definition, scope, span)
                if value.n or value.numerator:
                    yield value


def _spans(moment: Moment, windows: Collection[str] | None, first: int | None) -> list[Window]:
    names = WINDOWS if windows is None else windows
    spans = [window_at(name, moment.cut, moment.calendar) for name in names]
    if windows is None and first is not None:
        spans += closed_periods(first, moment.cut, moment.calendar)
    return sorted(spans, key=lambda span: span.name)


def evaluate(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> KpiValue:
    """A definition's formula over a window."""
    top = sum_terms(moment, definition.numerator, scope, window)
    count = sum_terms(moment, definition.count, scope, window)
    is_money = any(term.measure in MONEY for term in definition.numerator)
    numerator = round_half_even(top.amount) if is_money else shortest(top.amount)
    value: int | float | None = numerator
    denominator: int | float | None = None
    bottom = None
    if definition.denominator:
        bottom = sum_terms(moment, definition.denominator, scope, window)
        denominator = shortest(bottom.amount)
        value = shortest(definition.multiplier * top.amount / bottom.amount) if bottom.amount else None
    terms = definition.numerator + definition.denominator + definition.count
    receipt_s = latest_receipt(moment, terms, scope, window)
    is_partial = top.is_partial or (bottom is not None and bottom.is_partial)
    status: Status = "partial" if is_partial else "restated" if receipt_s else "live"
    return KpiValue(
        kpi=definition.slug,
        scope=scope,
        window=window.name,
        as_of=instant(moment.cut * 60),
        value=value,
        unit=definition.unit,
        n=int(count.amount),
        numerator=numerator,
        denominator=denominator,
        facets=_facets(moment, definition, scope, window, bottom.amount if bottom is not None else Fraction(1)),
        status=status,
        restated_at=instant(receipt_s) if receipt_s else None,
        definition=definition.definition,
    )


def _facets(
    moment: Moment, definition: KpiDefinition, scope: str, window: Window, denominator: Fraction
) -> dict[str, int | float]:
    if definition.facets == "none" or definition.facets_of is None:
        return {}
    measure = definition.facets_of
    names = {facet for facet, _, _ in series_of(moment, measure, scope)} | set(definition.facet_names)
    facets: dict[str, int | float] = {}
    for name in sorted(names):
        amount = sum_term(moment, Term(measure=measure, facet=name), scope, window).amount
        if definition.facets == "count":
            facets[name] = shortest(amount)
        elif amount and denominator:
            facets[name] = shortest(amount / denominator)
    return facets


def _scopes(moment: Moment, definition: KpiDefinition) -> set[str]:
    """Every scope that may have data."""
    measures = {term.measure for term in definition.numerator + definition.count}
    scopes: set[str] = set()
    for kind in definition.scopes:
        if kind == "company":
            scopes.add("company")
        elif kind == "team":
            scopes |= {f"team:{team}" for team in moment.spans}
        else:
            scopes |= {f"{kind}:{value}" for measure in measures for value in moment.board.all_of(measure, kind)}
    return scopes


def _first_pane(board: Board, definition: KpiDefinition) -> int | None:
    """The oldest pane of any measure of a definition."""
    panes: list[int] = []
    for term in definition.numerator + definition.count:
        for facets in board.all_of(term.measure, "rep").values():
            for series in facets.values():
                first = series.first_pane()
                if first is not None:
                    panes.append(first)
    return min(panes, default=None)


def _check_scope(definition: KpiDefinition, scope: str, among: Collection[KpiDefinition] | None = None) -> None:
    """A scope must be one of the definition's kinds, or of any definition in ``among``."""
    kind, colon, scope_id = scope.partition(":")
    kinds = {kind for each in among or (definition,) for kind in each.scopes}
    if kind not in kinds or (kind == "company") == bool(colon) or (kind != "company" and not scope_id):
        allowed = ", ".join(k if k == "company" else f"{k}:<id>" for k in SCOPE_KINDS if k in kinds)
        raise UnknownScope(f"scope {scope!r} is not known for {definition.slug}; allowed: {allowed}")


def _out_of_history(definition: KpiDefinition, scope: str, window: str, moment: Moment) -> KpiValue:
    return KpiValue(
        kpi=definition.slug,
        scope=scope,
        window=window,
        as_of=instant(moment.cut * 60),
        value=None,
        unit=definition.unit,
        n=0,
        numerator=None,
        denominator=None,
        facets={},
        status="out_of_history",
        restated_at=None,
        definition=definition.definition,
    )


def with_staleness(value: KpiValue, *, is_stale: bool) -> KpiValue:
    """The same value, said to be stale where the pipeline lags behind what was received."""
    if not is_stale or value.status == "out_of_history":
        return value
    changed = KpiValue(**{name: getattr(value, name) for name in value.__struct_fields__})
    changed.status = "stale"
    return changed


def shortest(amount: Fraction) -> int | float:
    """An integer where it is one, else the nearest float."""
    return amount.numerator if amount.denominator == 1 else float(amount)


def round_half_even(amount: Fraction) -> int:
    """Minor units, rounded once, half to even."""
    return round(amount)


def instant(seconds: int) -> str:
    """UTC seconds as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
