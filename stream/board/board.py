"""The board of one tenant: its cells, its organisation, whom it heard, and its newest accepted activity.

It also knows what changed since when, so that whoever has read it needn't read everything again.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.cells import CellsRecord
from stream.board.counted import Counted
from stream.board.heard import Heard
from stream.board.organisation import Organisation
from stream.board.segments import Segment
from stream.board.series import Series

SeriesKey = tuple[str, str, str, str]
"""(measure, dimension, value, facet)"""
Spot = tuple[str, str, str]
"""(measure, dimension, value): all facets of it."""
SegmentKey = tuple[str, str, str, str, int]
"""A series and the number of its segment."""

BEGINNING_MS = -(2**62)
FOREVER_MIN = 2**62


class Board:
    """What one tenant's numbers are computed from. ``newest_ms`` is BEGINNING_MS until there is any activity."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str], dict[str, dict[str, Series]]] = {}
        self.organisation = Organisation()
        self.heard = Heard()
        self.counted = Counted()
        self.newest_ms = BEGINNING_MS
        self.applied = 0  # cells records, and restored segments
        self.spots = 0
        self._touched: dict[Spot, tuple[int, int]] = {}  # → `applied` at its last change, first pane; the newest last

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes whenever anything is folded that a value might depend on."""
        return self.applied, self.organisation.changes, self.heard.changes

    def touched_since(self, applied: int) -> Iterator[Spot]:
        """What changed after ``applied`` of the board was as said."""
        for spot, (at, _) in reversed(self._touched.items()):
            if at <= applied:
                return
            yield spot

    def first_pane(self, spot: Spot) -> int:
        """The oldest pane of a spot that was ever added to; FOREVER_MIN if there is none."""
        return self._touched.get(spot, (0, FOREVER_MIN))[1]

    def find(self, measure: str, dimension: str, value: str) -> dict[str, Series]:
        """The series of a value, by facet."""
        return self.series.get((measure, dimension), {}).get(value, {})

    def all_of(self, measure: str, dimension: str) -> dict[str, dict[str, Series]]:
        """The series of a measure and dimension, by value and facet."""
        return self.series.get((measure, dimension), {})

    def open(self, key: SeriesKey) -> Series:
        """The series of that key, made where it is new."""
        measure, dimension, value, facet = key
        values = self.series.setdefault((measure, dimension), {})
        facets = values.get(value)
        if facets is None:
            facets = values[value] = {}
            self.spots += 1
        found = facets.get(facet)
        if found is None:
            found = facets[facet] = Series()
        return found

    def apply(self, record: CellsRecord, offset: int, reflected: dict[SegmentKey, int]) -> Iterator[SegmentKey]:
        """Add a record's cells, leaving out those that ``reflected`` rows already hold; the segments that changed."""
        self.newest_ms = max(self.newest_ms, record.newest_ms)
        touched: dict[Spot, int] = {}
        for measure, dimension, value, facet, pane, known, packed in record.cells:
            key = (measure, dimension, value, facet)
            segment = (*key, Series.segment_of(pane))
            if reflected.get(segment, 0) <= offset:
                self.open(key).add(pane, known, int(packed))
                spot = key[:3]
                if pane < touched.get(spot, FOREVER_MIN):
                    touched[spot] = pane
                yield segment
        for measure, dimension, value, facet, pane, known, packed, receipt_s in record.late:
            key = (measure, dimension, value, facet)
            segment = (*key, Series.segment_of(pane))
            if reflected.get(segment, 0) <= offset:
                series = self.open(key)
                series.add(pane, known, int(packed))
                series.note_late(pane, known, receipt_s, int(packed))
                spot = key[:3]
                if pane < touched.get(spot, FOREVER_MIN):
                    touched[spot] = pane
                yield segment
        self._touch(touched)

    def put(self, segment: SegmentKey, part: Segment) -> None:
        """Take a segment, or a part of one, as restored."""
        self.open(segment[:4]).put(segment[4], part)
        self._touch({segment[:3]: min([*part.plain, *(pane for pane, _ in part.moved)], default=FOREVER_MIN)})

    def _touch(self, spots: dict[Spot, int]) -> None:
        """Note which spots changed, each with the oldest pane that did."""
        self.applied += 1
        for spot, pane in spots.items():
            _, first = self._touched.pop(spot, (0, FOREVER_MIN))
            self._touched[spot] = (self.applied, min(pane, first))
