"""The forms of KPI there are, and how each is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.kpi import FormName, KpiDefinition
from stream.board.forms.plain import read_classes, read_ratio, read_sum
from stream.board.forms.reading import Reading
from stream.board.sums import Moment
from stream.board.windows import Window
from stream.catalogue.catalogue import Catalogue


@dataclass(frozen=True)
class Form:
    """How a form is read: its numbers for a scope and a window; which scopes may have any; the oldest pane (UTC
    minute) that a closed period must not end before, None if there is nothing.
    """

    read: Callable[[Moment, Catalogue, KpiDefinition, str, Window], Reading]
    scopes: Callable[[Moment, Catalogue, KpiDefinition], set[str]]
    first_pane: Callable[[Moment, Catalogue, KpiDefinition], int | None]


def _of_sums(read: Callable[[Moment, KpiDefinition, str, Window], Reading]) -> Form:
    def read_in_catalogue(
        moment: Moment, _: Catalogue, definition: KpiDefinition, scope: str, window: Window
    ) -> Reading:
        return read(moment, definition, scope, window)

    return Form(read_in_catalogue, scopes_with_cells, first_pane_of_cells)


def scopes_with_cells(moment: Moment, _: Catalogue, definition: KpiDefinition) -> set[str]:
    """Every scope of which there is a cell, and every team."""
    scopes: set[str] = set()
    for kind in definition.scopes:
        if kind == "company":
            scopes.add("company")
        elif kind == "team":
            scopes |= {f"team:{team}" for team in moment.spans}
        else:
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


FORMS: dict[FormName, Form] = {
    "sum": _of_sums(read_sum),
    "ratio": _of_sums(read_ratio),
    "mean": _of_sums(read_ratio),
    "classes": _of_sums(read_classes),
}
