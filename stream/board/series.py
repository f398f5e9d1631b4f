"""A series: the numbers of one measure for one value of a dimension and one facet, by pane and by when they are known.

Most numbers are known at their own pane: those are summed from sorted panes with running totals. The others keep both
times.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

SEGMENT_MIN = 28 * 24 * 60
"""A state row holds one segment of a series: 28 days of panes."""


class Segment:
    """The numbers of 28 days: ``plain`` by pane, ``moved`` by (pane, known), ``late`` receipts (UTC s) by (pane,
    known).
    """

    __slots__ = ("late", "moved", "plain")

    def __init__(self) -> None:
        self.plain: dict[int, int] = {}
        self.moved: dict[tuple[int, int], int] = {}
        self.late: dict[tuple[int, int], int] = {}


class Series:
    """All segments of a series, and what reading them needs, made when it is asked for."""

    __slots__ = ("_moved", "_panes", "_totals", "segments")

    def __init__(self) -> None:
        self.segments: dict[int, Segment] = {}
        self._panes: list[int] | None = None
        self._totals: list[int] = []
        self._moved: list[tuple[int, int, int]] = []

    @staticmethod
    def segment_of(pane: int) -> int:
        """The number of the segment a pane falls into."""
        return pane // SEGMENT_MIN

    def add(self, pane: int, known: int, amount: int) -> None:
        """Add a contribution."""
        number = pane // SEGMENT_MIN
        segment = self.segments.get(number)
        if segment is None:
            segment = self.segments[number] = Segment()
        if pane == known:
            segment.plain[pane] = segment.plain.get(pane, 0) + amount
        else:
            segment.moved[pane, known] = segment.moved.get((pane, known), 0) + amount
        self._panes = None

    def note_late(self, pane: int, known: int, receipt_s: int) -> None:
        """Note that a contribution came late."""
        late = self.segments[pane // SEGMENT_MIN].late
        late[pane, known] = max(late.get((pane, known), 0), receipt_s)

    def put(self, number: int, part: Segment) -> None:
        """Take a segment, or a part of one, as restored."""
        segment = self.segments.get(number)
        if segment is None:
            self.segments[number] = part
        else:
            segment.plain |= part.plain
            segment.moved |= part.moved
            segment.late |= part.late
        self._panes = None

    def total(self, start: int, end: int, cut: int) -> int:
        """The sum over panes in [start, end) of what is known before ``cut``, all in UTC minutes."""
        panes = self._sorted()
        low, high = bisect_left(panes, start), bisect_left(panes, min(end, cut))
        total = self._totals[high] - self._totals[low] if high > low else 0
        return total + sum(n for pane, known, n in self._moved if start <= pane < end and known < cut)

    def amounts(self, start: int, end: int, cut: int) -> Iterator[tuple[int, int]]:
        """(pane, amount) of the same cells one by one, for what depends on the day."""
        panes = self._sorted()
        for at in range(bisect_left(panes, start), bisect_left(panes, min(end, cut))):
            yield panes[at], self._totals[at + 1] - self._totals[at]
        for pane, known, amount in self._moved:
            if start <= pane < end and known < cut:
                yield pane, amount

    def latest_receipt(self, start: int, end: int, cut: int) -> int:
        """The newest receipt (UTC s) of a late contribution among the same cells; 0 if none came late."""
        newest = 0
        for segment in self.segments.values():
            for (pane, known), receipt_s in segment.late.items():
                if start <= pane < end and known < cut:
                    newest = max(newest, receipt_s)
        return newest

    def first_pane(self) -> int | None:
        """The oldest pane that holds anything."""
        panes = self._sorted()
        candidates = panes[:1] + [pane for pane, _, _ in self._moved]
        return min(candidates, default=None)

    def _sorted(self) -> list[int]:
        if self._panes is None:
            plain: dict[int, int] = {}
            moved: list[tuple[int, int, int]] = []
            for segment in self.segments.values():
                plain.update(segment.plain)
                moved += [(pane, known, amount) for (pane, known), amount in segment.moved.items()]
            self._panes = sorted(plain)
            self._totals = [0, *accumulate(plain[pane] for pane in self._panes)]
            self._moved = moved
        return self._panes
