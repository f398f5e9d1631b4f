"""A series: the numbers of one measure for one value of a dimension and one facet, by pane and by when they are known.

What is read is mostly known already: then a sum is the difference of two running sums, however long the series.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate

from stream.board.segments import INT64_MAX, SEGMENT_MIN, Segment


class Series:
    """All segments of a series, and what reading them needs, made when it is asked for."""

    __slots__ = ("_before", "_last", "_ordered", "is_late", "segments")

    def __init__(self) -> None:
        self.segments: dict[int, Segment] = {}
        self.is_late = False  # whether anything came late
        self._last = -INT64_MAX  # the newest pane or known
        self._ordered: list[int] | None = None  # numbers of segments
        self._before: list[int] = []  # the sum of all segments before each

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
            self._ordered = None
        elif self._ordered is not None and number != self._ordered[-1]:
            self._ordered = None
        segment.add(pane, known, amount)
        if pane > self._last or known > self._last:
            self._last = max(pane, known)

    def note_late(self, pane: int, known: int, receipt_s: int, amount: int) -> None:
        """Note that a contribution came late."""
        self.is_late = True
        self.segments[pane // SEGMENT_MIN].note_late(pane, known, receipt_s, amount)

    def put(self, number: int, part: Segment) -> None:
        """Take a segment, or a part of one, as restored."""
        segment = self.segments.get(number)
        if segment is None:
            self.segments[number] = part
        else:
            segment.join(part)
        self._ordered = None
        self.is_late = self.is_late or bool(part.late)
        self._last = max(
            [self._last, *part.plain, *(known for _, known in part.moved), *(pane for pane, _ in part.moved)]
        )

    def total(self, start: int, end: int, cut: int) -> int:
        """The sum over panes in [start, end) of what is known before ``cut``, all in UTC minutes."""
        if start >= end or start > self._last:
            return 0
        if cut > self._last:
            return self._below(end) - self._below(start)
        return sum(segment.numbers().between(start, end, cut) for segment in self._within(start, end))

    def totals(self, starts: Iterable[int], end: int, cut: int) -> list[int]:
        """The same from several starts, all before the end."""
        if cut <= self._last or not self.segments:
            return [self.total(start, end, cut) for start in starts]
        found: list[int] = []
        numbers, upper, last = self._numbers(), self._below(end), self._last
        newest, floor = self.segments[numbers[-1]].numbers(), numbers[-1] * SEGMENT_MIN
        in_newest = upper - self._before[len(numbers) - 1]
        for start in starts:
            if start > last:
                found.append(0)
            elif start >= floor:
                found.append(in_newest - newest.sums[bisect_left(newest.panes, start)])
            else:
                found.append(upper - self._below(start))
        return found

    def late_total(self, start: int, end: int, cut: int) -> int:
        """The sum of what of the same came late."""
        late = (segment.late_numbers() for segment in self._within(start, end) if segment.late)
        return sum(numbers.between(start, end, cut) for numbers in late)

    def amounts(self, start: int, end: int, cut: int, *, without_late: bool = False) -> Iterator[tuple[int, int]]:
        """(pane, amount) of the same cells one by one, for what depends on the day."""
        for segment in self._within(start, end):
            yield from segment.numbers().each(start, end, cut)
            if without_late and segment.late:
                yield from ((pane, -amount) for pane, amount in segment.late_numbers().each(start, end, cut))

    def latest_receipt(self, start: int, end: int, cut: int) -> int:
        """The newest receipt (UTC s) of a late contribution among the same cells; 0 if none came late."""
        late = (segment.receipts() for segment in self._within(start, end) if segment.late)
        return max((receipts.latest(start, end, cut) for receipts in late), default=0)

    def first_from(self, minute: int) -> int | None:
        """The oldest pane at or after a minute that holds anything."""
        if minute > self._last:
            return None
        for segment in self._within(minute, self._last + 1):
            panes = segment.numbers().panes
            at = bisect_left(panes, minute)
            if at < len(panes):
                return panes[at]
        return None

    def next_known(self, cut: int) -> int | None:
        """The first minute from the cut on in which anything more is known: whatever counts only after it."""
        if cut > self._last:
            return None
        found = (segment.numbers().next_known(cut) for segment in self.segments.values())
        return min((minute for minute in found if minute is not None), default=None)

    def first_pane(self) -> int | None:
        """The oldest pane that holds anything."""
        return self.segments[min(self.segments)].numbers().panes[0] if self.segments else None

    def _within(self, start: int, end: int) -> Iterator[Segment]:
        """Segments that share panes with [start, end), in order."""
        numbers = self._numbers()
        low, high = bisect_left(numbers, start // SEGMENT_MIN), bisect_left(numbers, -(-end // SEGMENT_MIN))
        return (self.segments[number] for number in numbers[low:high])

    def _below(self, end: int) -> int:
        """The sum over panes before ``end``."""
        numbers = self._numbers()
        number = end // SEGMENT_MIN
        at = bisect_left(numbers, number)
        if at < len(numbers) and numbers[at] == number:
            return self._before[at] + self.segments[number].numbers().below(end)
        if at == len(numbers) and numbers:
            return self._before[at - 1] + self.segments[numbers[-1]].numbers().sums[-1]
        return self._before[at] if at < len(numbers) else 0

    def _numbers(self) -> list[int]:
        if self._ordered is None:
            self._ordered = sorted(self.segments)
            sums = (self.segments[number].numbers().sums[-1] for number in self._ordered)
            self._before = [0, *accumulate(sums)]
        return self._ordered
