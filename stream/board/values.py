"""KPI values: formulas over sums of cells, evaluated when they are read, at any moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from schemas.kpi import KpiDefinition, KpiValue
from stream.board.board import Board
from stream.board.forms.forms import FORMS
from stream.board.forms.reading import Reading, shown
from stream.board.moment import Moment, moment_at
from stream.board.reads import cuts_of, terms_of
from stream.board.reference.roster import NOBODY
from stream.board.sums import read_together
from stream.board.trust import trust_of
from stream.board.windows import (
    WINDOWS,
    UnknownWindow,
    Window,
    closed_periods,
    is_out_of_history,
    kind_of,
    window_at,
)
from stream.catalogue.catalogue import RANKABLE, Catalogue, UnknownKpi, UnknownScope

INSTANTS_MAX = 1_000
"""Texts of instants that are remembered: every value of a moment has the same."""
SCOPE_KINDS = ("company", "team", "rep", "territory", "source")


def value_of(board: Board, catalogue: Catalogue, *, kpi: str, scope: str, window: str, as_of_ms: int) -> KpiValue:
    """One value. Raises UnknownKpi, UnknownScope or UnknownWindow, whose text says what is allowed."""
    definition = catalogue.find(kpi)
    _check_scope([definition], scope)
    moment = moment_at(board, as_of_ms)
    span = window_at(window, moment.cut, moment.calendar)
    _check_window(definition, window)
    if is_out_of_history(window, as_of_ms, board.newest_ms):
        return _out_of_history(definition, scope, window, moment)
    return evaluate(moment, catalogue, definition, scope, span)


def every_value(
    board: Board,
    catalogue: Catalogue,
    *,
    as_of_ms: int,
    kpis: Collection[str] | None = None,
    scopes: Collection[str] | None = None,
    windows: Collection[str] | None = None,
) -> Iterator[KpiValue]:
    """Every value that has data (mostly: n > 0, or a numerator that isn't 0), sorted by kpi, scope, window; filters
    narrow it.

    Without ``windows``, closed periods are included. Raises as `value_of` does.
    """
    moment = replace(moment_at(board, as_of_ms), facets="listed")
    chosen = sorted(catalogue.choose(kpis), key=lambda definition: definition.slug)
    for scope in scopes or ():
        _check_scope(chosen, scope)
    _read_together(moment, chosen, windows)
    for definition in chosen:
        form = FORMS[definition.form]
        spans = [
            span
            for span in _spans(moment, catalogue, definition, windows)
            if not is_out_of_history(span.name, as_of_ms, board.newest_ms)
        ]
        for scope in sorted(form.scopes(moment, catalogue, definition) if scopes is None else set(scopes)):
            if scope.partition(":")[0] not in definition.scopes:
                continue
            for span in spans:
                reading = form.read(moment, catalogue, definition, scope, span)
                if reading.is_listed:
                    yield value_from(moment, catalogue, definition, scope, span, reading)


def _read_together(moment: Moment, definitions: Iterable[KpiDefinition], windows: Collection[str] | None) -> None:
    """Every scope's sums over the windows that end now will be asked for."""
    spans = [window_at(name, moment.cut, moment.calendar) for name in (WINDOWS if windows is None else windows)]
    terms = {(term.measure, term.age_d): term for each in definitions for term in terms_of(each)}
    read_together(moment, cuts_of(moment, terms.values(), spans))


def ranking_of(
    board: Board, catalogue: Catalogue, *, kpi: str, kind: str, window: str, as_of_ms: int
) -> list[KpiValue]:
    """The reps or teams (``kind``) by any KPI, the best first, by the same policy as the catalogue's own leaderboard.

    Raises UnknownKpi (also for one that can't be ranked), UnknownScope or UnknownWindow.
    """
    ranked = catalogue.find(kpi)
    if ranked.form not in RANKABLE:
        allowed = ", ".join(sorted(slug for slug, each in catalogue.definitions.items() if each.form in RANKABLE))
        raise UnknownKpi(f"kpi {kpi!r} can't be ranked; allowed: {allowed}")
    _check_scope([ranked], f"{kind}:{NOBODY}")
    definition = catalogue.find("leaderboard").model_copy(update={"ranks": kpi})
    moment = moment_at(board, as_of_ms)
    span = window_at(window, moment.cut, moment.calendar)
    _check_window(ranked, window)
    if is_out_of_history(window, as_of_ms, board.newest_ms):
        return []
    form = FORMS[definition.form]
    scopes = sorted(scope for scope in form.scopes(moment, catalogue, definition) if scope.startswith(f"{kind}:"))
    readings = ((scope, form.read(moment, catalogue, definition, scope, span)) for scope in scopes)
    values = [
        value_from(moment, catalogue, definition, scope, span, reading)
        for scope, reading in readings
        if reading.is_listed
    ]
    return sorted(values, key=lambda value: (value.value is None, value.value or 0, value.scope))


def _spans(
    moment: Moment, catalogue: Catalogue, definition: KpiDefinition, names: Collection[str] | None
) -> list[Window]:
    """The windows under which a definition is listed, among those asked for, by name."""
    spans = [window_at(name, moment.cut, moment.calendar) for name in (WINDOWS if names is None else names)]
    first = FORMS[definition.form].first_pane(moment, catalogue, definition) if names is None else None
    if first is not None:
        spans += closed_periods(first, moment.cut, moment.calendar)
    kinds = definition.listed_windows or definition.windows
    return sorted((span for span in spans if not kinds or kind_of(span.name) in kinds), key=lambda span: span.name)


def evaluate(moment: Moment, catalogue: Catalogue, definition: KpiDefinition, scope: str, window: Window) -> KpiValue:
    """A definition's value over a window, and how far to believe it."""
    reading = FORMS[definition.form].read(moment, catalogue, definition, scope, window)
    return value_from(moment, catalogue, definition, scope, window, reading)


def value_from(
    moment: Moment, catalogue: Catalogue, definition: KpiDefinition, scope: str, window: Window, reading: Reading
) -> KpiValue:
    trust = trust_of(moment, catalogue, definition, scope, window, reading)
    money = reading.is_money
    is_sum = reading.denominator is None
    return KpiValue(
        kpi=definition.slug,
        scope=scope,
        window=window.name,
        as_of=instant(moment.cut * 60),
        value=None if reading.value is None else shown(reading.value, is_money=money and is_sum),
        unit=definition.unit,
        n=reading.n,
        numerator=None if reading.numerator is None else shown(reading.numerator, is_money=money),
        denominator=None if reading.denominator is None else shown(reading.denominator, is_money=money),
        facets=reading.facets,
        status=trust.status,
        restated_at=instant(trust.receipt_s) if trust.receipt_s else None,
        definition=definition.definition,
        restated_by=trust.restated_by,
        missing=trust.missing,
        maturing=trust.maturing,
        unrostered=trust.unrostered,
    )


def _check_scope(definitions: Collection[KpiDefinition], scope: str) -> None:
    """A scope must be of a kind for which any of the definitions is served."""
    kind, colon, scope_id = scope.partition(":")
    kinds = {kind for each in definitions for kind in each.scopes}
    if kind not in kinds or (kind == "company") == bool(colon) or (kind != "company" and not scope_id):
        allowed = ", ".join(k if k == "company" else f"{k}:<id>" for k in SCOPE_KINDS if k in kinds)
        asked = ", ".join(definition.slug for definition in definitions)
        raise UnknownScope(f"scope {scope!r} is not known for {asked}; allowed: {allowed}")


def _check_window(definition: KpiDefinition, window: str) -> None:
    """A window must be one in which the definition makes sense."""
    if definition.windows and kind_of(window) not in definition.windows:
        allowed = ", ".join(definition.windows)
        raise UnknownWindow(f"window {window!r} makes no sense for {definition.slug}; allowed: {allowed}")


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


@lru_cache(maxsize=INSTANTS_MAX)
def instant(seconds: int) -> str:
    """UTC seconds as RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
