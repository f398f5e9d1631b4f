"""Sums, ratios, means and classes: what comes out of sums of cells alone."""

from __future__ import annotations

from fractions import Fraction

from schemas.kpi import FormName, KpiDefinition
from stream.board.forms.facets import by_facet, facets_of
from stream.board.forms.form import Form
from stream.board.forms.reading import Reading, shortest, shown
from stream.board.measures import MONEY
from stream.board.moment import Moment
from stream.board.reference.roster import NOBODY
from stream.board.sums import Total, sum_terms
from stream.board.windows import Window
from stream.catalogue.catalogue import Catalogue


def read_sum(moment: Moment, _: Catalogue, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """The numerator."""
    reading = _read_sums(moment, definition, scope, window)
    reading.value = reading.numerator
    if _has_facets(moment, definition, reading):
        reading.facets = facets_of(moment, definition, scope, window, 1)
    return reading


def read_ratio(moment: Moment, _: Catalogue, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """``multiplier`` × numerator ÷ denominator ÷ ``divisor``; of money the fraction is kept."""
    bottom = sum_terms(moment, definition.denominator, scope, window)
    reading = _read_sums(moment, definition, scope, window, count=bottom if definition.is_counted_below else None)
    reading.denominator = bottom.amount
    reading.missing |= bottom.missing
    if reading.numerator is not None and bottom.amount:
        reading.value = Fraction(definition.multiplier * reading.numerator, definition.divisor * bottom.amount)
    if definition.maturing is not None or _has_facets(moment, definition, reading):
        reading.facets = facets_of(moment, definition, scope, window, bottom.amount)
    if definition.maturing is not None and definition.maturing in reading.facets:
        reading.maturing = Fraction(reading.facets[definition.maturing])
    return reading


def read_classes(moment: Moment, _: Catalogue, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """The numerator, and beside it the count of each class and its share of all."""
    reading = _read_sums(moment, definition, scope, window)
    reading.value = reading.numerator
    if not _has_facets(moment, definition, reading):
        return reading
    counts = by_facet(moment, definition, scope, window)
    whole = sum(counts.values())
    shares = {f"{name}_share": shortest(Fraction(count, whole)) for name, count in counts.items()} if whole else {}
    reading.facets = dict(sorted({**counts, **shares}.items()))
    return reading


def _has_facets(moment: Moment, definition: KpiDefinition, reading: Reading) -> bool:
    if definition.facets == "none" or moment.facets == "none":
        return False
    return moment.facets == "all" or reading.is_listed


def _read_sums(
    moment: Moment, definition: KpiDefinition, scope: str, window: Window, *, count: Total | None = None
) -> Reading:
    top = sum_terms(moment, definition.numerator, scope, window)
    counted = count if count is not None else sum_terms(moment, definition.count, scope, window)
    n = int(counted.amount)
    is_money = any(term.measure in MONEY for term in definition.numerator)
    return Reading(
        value=None,
        n=n,
        numerator=top.amount,
        is_money=is_money,
        missing=top.missing,
        terms=definition.terms,
        is_listed=bool(n or shown(top.amount, is_money=is_money)),
    )


def scopes_with_cells(moment: Moment, _: Catalogue, definition: KpiDefinition) -> set[str]:
    """Every scope of which there is a cell, every team, and every territory if the roster names any; the same set each
    time, not to be changed.
    """
    key = ("scopes", definition.slug)
    scopes = moment.readings.get(key)
    if not isinstance(scopes, set):
        scopes = moment.readings[key] = _with_cells(moment, definition)
    return scopes


def _with_cells(moment: Moment, definition: KpiDefinition) -> set[str]:
    scopes: set[str] = set()
    for kind in definition.scopes:
        if kind == "company":
            scopes.add("company")
        elif kind == "team":
            scopes |= {f"team:{team}" for team in moment.spans}
        elif kind == "territory" and moment.territories.keys() > {NOBODY}:
            scopes |= {f"territory:{territory}" for territory in moment.territories}
        elif kind != "territory":
            measures = {term.measure for term in definition.terms}
            scopes |= {f"{kind}:{value}" for measure in measures for value in moment.board.all_of(measure, kind)}
    return scopes


def first_pane_of_cells(moment: Moment, _: Catalogue, definition: KpiDefinition) -> int | None:
    """The oldest pane of any of its measures."""
    panes: list[int] = []
    for measure in {term.measure for term in definition.terms}:
        for facets in moment.board.all_of(measure, "rep").values():
            panes += [first for first in (series.first_pane() for series in facets.values()) if first is not None]
    return min(panes, default=None)


PLAIN: dict[FormName, Form] = {
    "sum": Form(read_sum, scopes_with_cells, first_pane_of_cells),
    "ratio": Form(read_ratio, scopes_with_cells, first_pane_of_cells),
    "mean": Form(read_ratio, scopes_with_cells, first_pane_of_cells),
    "classes": Form(read_classes, scopes_with_cells, first_pane_of_cells),
}
"""The forms whose values come out of sums of cells alone."""
