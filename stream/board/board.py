"""The board of one tenant: its cells, its organisation, whom it heard, and its newest accepted activity."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.cells import CellsRecord
from stream.board.heard import Heard
from stream.board.organisation import Organisation
from stream.board.series import Series
from stream.board.counted import Counted

SeriesKey = tuple[str, str, str, str]
"""(measure, dimension, value, facet)"""
SegmentKey = tuple[str, str, str, str, int]
"""A series and the number of its segment."""

BEGINNING_MS = -(2**62)


class Board:
    """What one tenant's numbers are computed from. ``newest_ms`` is BEGINNING_MS until there is any activity."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str], dict[str, dict[str, Series]]] = {}
        self.organisation = Organisation()
        self.heard = Heard()
        self.newest_ms = BEGINNING_MS
        self._applied = 0

    @property
    def version(self) -> tuple[int, int, int]:
        """Changes whenever anything is folded that a value might depend on."""
        self.counted = Counted()
        return self._applied, self.organisation.changes, self.heard.changes

    def find(self, measure: str, dimension: str, value: str) -> dict[str, Series]:
        """The series of a value, by facet."""
        return self.series.get((measure, dimension), {}).get(value, {})

    def all_of(self, measure: str, dimension: str) -> dict[str, dict[str, Series]]:
        """The series of a measure and dimension, by value and facet."""
        return self.series.get((measure, dimension), {})

    def open(self, key: SeriesKey) -> Series:
        """The series of that key, made where it is new."""
        measure, dimension, value, facet = key
        facets = self.series.setdefault((measure, dimension), {}).setdefault(value, {})
        found = facets.get(facet)
        if found is None:
            found = facets[facet] = Series()
        return found

    def apply(self, record: CellsRecord, offset: int, reflected: dict[SegmentKey, int]) -> Iterator[SegmentKey]:
        """Add a record's cells, leaving out those that ``reflected`` rows already hold; the segments that changed."""
        self.newest_ms = max(self.newest_ms, record.newest_ms)
        self._applied += 1
        for measure, dimension, value, facet, pane, known, packed in record.cells:
            key = (measure, dimension, value, facet)
            segment = (*key, Series.segment_of(pane))
            if reflected.get(segment, 0) <= offset:
                self.open(key).add(pane, known, int(packed))
                yield segment
        for measure, dimension, value, facet, pane, known, packed, receipt_s in record.late:
            key = (measure, dimension, value, facet)
            segment = (*key, Series.segment_of(pane))
            if reflected.get(segment, 0) <= offset:
                series = self.open(key)
                series.add(pane, known, int(packed))
                series.note_late(pane, known, receipt_s, int(packed))
                yield segment
