"""A tick: the values of a tenant that are published, all at one moment.

The publish set is what the catalogue's ``publish_windows`` name, for the company, every team, every territory and every
rep of whom there may be numbers. A sum stays in it when it is zero again, so that whoever publishes it never shows an
old number for want of a new one.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from schemas.kpi import KpiValue
from stream.board.board import Board
from stream.board.reads import Reads
from stream.board.sheet import Sheet
from stream.catalogue.catalogue import Catalogue

SERIES_MAX = 50_000
"""Values of a tenant (each of a KPI, a scope and a window) that are published; those beyond are counted."""


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
    """Ticks tenants by a catalogue. What it read the last time it reads again only where it may have changed."""

    def __init__(self, catalogue: Catalogue, *, series_max: int = SERIES_MAX) -> None:
        self._catalogue, self._series_max = catalogue, series_max
        self._reads = Reads(catalogue)
        self._sheets: dict[str, Sheet] = {}  # one for each tenant that is ticked

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
        """The same in short steps, between which anything may be folded: a value is as its step found the board. It
        may be given up at any step.
        """
        sheet = self._sheets.get(tenant)
        if sheet is None or sheet.board is not board:
            sheet = self._sheets[tenant] = Sheet(board, self._catalogue, self._reads, series_max=self._series_max)
        yield from sheet.read(as_of_ms)
        values = tuple(value for value in sheet.values if value is not None)
        return Tick(tenant, as_of_ms, values, sheet.series, max(0, sheet.series - self._series_max))

    def forget(self, tenant: str) -> None:
        """Drop what is remembered of a tenant."""
        self._sheets.pop(tenant, None)
