"""What is counted for ever: for some measures, what each rep gained and what was taken back from it.

Sums of cells fall when an event is voided or corrected, so they are no counters. Gains and losses are: both only grow,
and their difference is the sum of the cells. They are a function of the cells records in the order of the log, and kept
in state rows, one for each rep; so they go on where they stood after a restart and at another worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from schemas.cells import CellsRecord, Packed, PackedLate

MEASURES = ("deals_won", "revenue", "touches")
"""Measures that are counted: by rep, those with facets by facet."""
REPS_MAX = 5_000
"""Reps of a tenant that are counted one by one; further ones are counted together, as OTHER."""
OTHER = "_other"

Row = tuple[str, ...]
"""A rep, and a facet where the measure has any."""
Gains = dict[tuple[str, str], list[int]]
"""By measure and facet: what was gained, what was lost."""

_COUNTED = frozenset(MEASURES)


class Counted:
    """The counters of one tenant."""

    def __init__(self) -> None:
        self.reps: dict[str, Gains] = {}
        self._reflected: dict[str, int] = {}

    def take(self, record: CellsRecord, offset: int) -> Iterable[str]:
        """Count a record's cells, leaving out those that restored rows hold already; the reps that changed."""
        changed: dict[str, None] = {}
        reps, reflected = self.reps, self._reflected
        cells: Iterator[Packed | PackedLate] = chain(record.cells, record.late)
        for cell in cells:
            measure, rep = cell[0], cell[2]
            if measure not in _COUNTED or cell[1] != "rep":
                continue
            if rep not in reps and len(reps) >= REPS_MAX:
                rep = OTHER
            if reflected and reflected.get(rep, 0) > offset:
                continue
            gains = reps.get(rep)
            if gains is None:
                gains = reps[rep] = {}
            amounts = gains.get((measure, cell[3]))
            if amounts is None:
                amounts = gains[measure, cell[3]] = [0, 0]
            amount = int(cell[6])
            amounts[amount < 0] += abs(amount)
            changed[rep] = None
        return changed

    def put(self, rep: str, gains: Gains, offset: int) -> None:
        """Take a rep's counters as restored; they hold every record below ``offset``."""
        self.reps[rep] = gains
        self._reflected[rep] = offset

    def finish_restore(self) -> None:
        """From now on every record is new."""
        self._reflected = {}

    def columns(self, measure: str) -> tuple[list[Row], list[int], list[int]]:
        """Rows, gains and losses of a measure."""
        found = [
            ((rep, facet) if facet else (rep,), amounts)
            for rep, gains in self.reps.items()
            for (counted, facet), amounts in gains.items()
            if counted == measure
        ]
        return [row for row, _ in found], [amounts[0] for _, amounts in found], [amounts[1] for _, amounts in found]
