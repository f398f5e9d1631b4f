"""A tick: the values of a tenant that are published, all at one moment.

The publish set is what the catalogue's ``publish_windows`` name, for the company, every team, every territory and every
rep of whom there may be numbers. A sum stays in it when it is zero again, so that whoever publishes it never shows an
old number for want of a new one.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from schemas.kpi import KpiDefinition, KpiValue
from stream.board.board import Board
from stream.board.forms.forms import FORMS
from stream.board.forms.plain import PLAIN
from stream.board.moment import Moment, moment_at
from stream.board.values import value_from
from stream.board.windows import Window, is_out_of_history, window_at
from stream.catalogue.catalogue import Catalogue

SERIES_MAX = 50_000
"""Series of a tenant (a KPI, a scope and a window each) that are published; those beyond are counted."""
KINDS = ("company", "team", "territory", "rep")
"""Scopes that are published, those first that are kept when there are too many."""

Place = tuple[KpiDefinition, str, Window]


@dataclass(frozen=True)
class Tick:
    """The published values of a tenant at ``as_of_ms`` (epoch ms): company first, then teams, territories, reps; by
    scope, KPI and window. ``series``: how many there might be; ``dropped``: how many of them were left out for want of
    room.
    """

    tenant: str
    as_of_ms: int
    values: tuple[KpiValue, ...]
    series: int
    dropped: int


class Ticker:
    """Ticks tenants by a catalogue."""

    def __init__(self, catalogue: Catalogue, *, series_max: int = SERIES_MAX) -> None:
        self._catalogue, self._series_max = catalogue, series_max

    def tick(self, board: Board, tenant: str, as_of_ms: int) -> Tick:
        """Every published value as `value_of` gives it."""
        steps = self.steps(board, tenant, as_of_ms)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: Tick = end.value
                return found

    def steps(self, board: Board, tenant: str, as_of_ms: int) -> Generator[None, None, Tick]:
        """The same in short steps, between which something else may be done."""
        moment = moment_at(board, as_of_ms)
        series = self._series(moment)
        values: list[KpiValue] = []
        for definition, scope, window in series[: self._series_max]:
            reading = FORMS[definition.form].read(moment, self._catalogue, definition, scope, window)
            if reading.is_listed or definition.form in PLAIN:
                values.append(value_from(moment, self._catalogue, definition, scope, window, reading))
            yield
        return Tick(tenant, as_of_ms, tuple(values), len(series), max(0, len(series) - self._series_max))

    def _series(self, moment: Moment) -> list[Place]:
        """Everything that might be published at a moment, in order."""
        found: list[Place] = []
        for definition in self._catalogue.definitions.values():
            names = [name for name in definition.publish_windows if not _is_gone(moment, name)]
            windows = [window_at(name, moment.cut, moment.calendar) for name in names]
            for scope in FORMS[definition.form].scopes(moment, self._catalogue, definition) if windows else ():
                if scope.partition(":")[0] in KINDS:
                    found += [(definition, scope, window) for window in windows]
        found.sort(key=lambda each: (KINDS.index(each[1].partition(":")[0]), each[1], each[0].slug, each[2].name))
        return found


def _is_gone(moment: Moment, window: str) -> bool:
    """Whether minutes are asked for that are no longer kept."""
    return is_out_of_history(window, moment.as_of_ms, moment.board.newest_ms)
