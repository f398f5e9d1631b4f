"""The board of one tenant: its cells, its organisation, whom it heard, and its newest accepted activity.

It also knows what changed since when, so that whoever has read it needn't read everything again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from schemas.cells import CellsRecord
from stream.board.counted import Counted
from stream.board.heard import Heard
from stream.board.organisation import Organisation
from stream.board.segments import SEGMENT_MIN, Segment
from stream.board.series import Series

SeriesKey = tuple[str, str, str, str]
"""(measure, dimension, value, facet)"""
Spot = tuple[str, str, str]
"""(measure, dimension, value): all facets of it."""
SegmentKey = tuple[str, str, str, str, int]
"""A series and the number of its segment."""

BEGINNING_MS = -(2**62)
FOREVER_MIN = 2**62


JOURNAL_MAX = 200_000
"""Changes of spots that are remembered; who looks more seldom finds all of them changed."""


class Leaf:
    """The series of a spot by facet, the oldest pane that was ever added to, and `Board.applied` at its last change."""

    __slots__ = ("facets", "first", "spot", "touched")

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self.facets: dict[str, Series] = {}
        self.first = FOREVER_MIN
        self.touched = -1


class Board:
    """What one tenant's numbers are computed from. ``newest_ms`` is BEGINNING_MS until there is any activity."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str], dict[str, dict[str, Series]]] = {}
        self.organisation = Organisation()
        self.heard = Heard()
        self.counted = Counted()
        self.newest_ms = BEGINNING_MS
        self.applied = 0  # cells records, and restored segments
        self._leaves: dict[Spot, Leaf] = {}
        self._journal: deque[tuple[int, list[Spot]]] = deque()  # `applied`, and what changed with it
        self._journalled = 0
        self._forgotten = 0  # `applied` up to which the journal is no longer there

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes whenever anything is folded that a value might depend on."""
        return self.applied, self.organisation.changes, self.heard.changes

    def touched_since(self, applied: int) -> Iterator[Spot]:
        """What changed after ``applied`` of the board was as said, or more than that."""
        if applied < self._forgotten:
            yield from self._leaves
            return
        for at, spots in reversed(self._journal):
            if at <= applied:
                return
            yield from spots

    def first_pane(self, spot: Spot) -> int:
        """The oldest pane of a spot that was ever added to; FOREVER_MIN if there is none."""
        leaf = self._leaves.get(spot)
        return FOREVER_MIN if leaf is None else leaf.first

    def find(self, measure: str, dimension: str, value: str) -> dict[str, Series]:
        """The series of a value, by facet."""
        leaf = self._leaves.get((measure, dimension, value))
        return {} if leaf is None else leaf.facets

    def all_of(self, measure: str, dimension: str) -> dict[str, dict[str, Series]]:
        """The series of a measure and dimension, by value and facet."""
        return self.series.get((measure, dimension), {})

    def open(self, key: SeriesKey) -> Series:
        """The series of that key, made where it is new."""
        facets = self._leaf(key[:3]).facets
        found = facets.get(key[3])
        if found is None:
            found = facets[key[3]] = Series()
        return found

    def _leaf(self, spot: Spot) -> Leaf:
        leaf = self._leaves.get(spot)
        if leaf is None:
            leaf = self._leaves[spot] = Leaf(spot)
            self.series.setdefault(spot[:2], {})[spot[2]] = leaf.facets
        return leaf

    def apply(self, record: CellsRecord, offset: int, reflected: dict[SegmentKey, int]) -> Iterator[SegmentKey]:
        """Add a record's cells, leaving out those that ``reflected`` rows already hold; the segments that changed."""
        self.newest_ms = max(self.newest_ms, record.newest_ms)
        self.applied += 1
        changed: list[Spot] = []
        for measure, dimension, value, facet, pane, known, packed in record.cells:
            segment = (measure, dimension, value, facet, pane // SEGMENT_MIN)
            if not reflected or reflected.get(segment, 0) <= offset:
                self._add((measure, dimension, value), facet, pane, changed).add(pane, known, int(packed))
                yield segment
        for measure, dimension, value, facet, pane, known, packed, receipt_s in record.late:
            segment = (measure, dimension, value, facet, pane // SEGMENT_MIN)
            if not reflected or reflected.get(segment, 0) <= offset:
                series = self._add((measure, dimension, value), facet, pane, changed)
                series.add(pane, known, int(packed))
                series.note_late(pane, known, receipt_s, int(packed))
                yield segment
        self._note(changed)

    def _add(self, spot: Spot, facet: str, pane: int, changed: list[Spot]) -> Series:
        """The series that a cell is added to; its spot is noted once a record."""
        leaf = self._leaves.get(spot) or self._leaf(spot)
        if leaf.touched != self.applied:
            leaf.touched = self.applied
            changed.append(leaf.spot)
        if pane < leaf.first:
            leaf.first = pane
        series = leaf.facets.get(facet)
        if series is None:
            series = leaf.facets[facet] = Series()
        return series

    def put(self, segment: SegmentKey, part: Segment) -> None:
        """Take a segment, or a part of one, as restored."""
        self.open(segment[:4]).put(segment[4], part)
        leaf = self._leaf(segment[:3])
        leaf.first = min([leaf.first, *part.plain, *(pane for pane, _ in part.moved)])
        self.applied += 1
        self._note([leaf.spot])

    def _note(self, changed: list[Spot]) -> None:
        self._journal.append((self.applied, changed))
        self._journalled += len(changed)
        while self._journalled > JOURNAL_MAX:
            self._forgotten, oldest = self._journal.popleft()
            self._journalled -= len(oldest)
