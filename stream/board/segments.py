"""A segment: the numbers of 28 days of a series, as they are stored and, made when they are read, in order of pane."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

SEGMENT_MIN = 28 * 24 * 60
"""A state row holds one segment of a series: 28 days of panes."""

INT64_MAX = 2**63 - 1
FEW = 64
"""So many numbers are added up faster one by one than by numpy."""

Late = tuple[int, int]
"""Of what came late at one address: the newest receipt (UTC s) and the amount."""


class Ordered:
    """Numbers of a segment in order of pane, with running sums. ``last`` is the newest pane or known among them."""

    __slots__ = ("_arrays", "amounts", "knowns", "last", "moved", "panes", "sums")

    def __init__(self, numbers: list[tuple[int, int, int]]) -> None:
        """``numbers`` are (pane, known, amount)."""
        numbers.sort()
        self.panes = [pane for pane, _, _ in numbers]
        self.knowns = [known for _, known, _ in numbers]
        self.amounts = [amount for _, _, amount in numbers]
        self.sums = [0, *accumulate(self.amounts)]
        self.moved = self.panes != self.knowns
        self.last = max(self.panes[-1:] + self.knowns if self.moved else self.panes[-1:], default=-INT64_MAX)
        self._arrays: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None

    def append(self, pane: int, known: int, amount: int) -> bool:
        """Take one more at the end; False if it belongs further ahead."""
        if not self.panes or pane < self.panes[-1]:
            return False
        self._arrays = None
        if pane == self.panes[-1] and known == self.knowns[-1]:
            self.amounts[-1] += amount
            self.sums[-1] += amount
            return True
        self.panes.append(pane)
        self.knowns.append(known)
        self.amounts.append(amount)
        self.sums.append(self.sums[-1] + amount)
        self.moved = self.moved or pane != known
        self.last = max(self.last, pane, known)
        return True

    def below(self, end: int) -> int:
        """The sum over panes before ``end``, whenever they are known."""
        return self.sums[bisect_left(self.panes, end)]

    def between(self, start: int, end: int, cut: int) -> int:
        """The sum over panes in [start, end) of what is known before ``cut``."""
        low, high = self._span(start, end, cut)
        if low >= high:
            return 0
        if cut > self.last or not self.moved:
            return self.sums[high] - self.sums[low]
        if high - low > FEW:
            arrays = self._arrays or self._make_arrays()
            if arrays is not None:
                knowns, amounts = arrays
                return int(amounts[low:high][knowns[low:high] < cut].sum())
        return sum([self.amounts[at] for at in range(low, high) if self.knowns[at] < cut])

    def next_known(self, cut: int) -> int | None:
        """The first minute from the cut on of which a pane or a known is."""
        if cut > self.last:
            return None
        return min(late for late in map(max, self.panes, self.knowns) if late >= cut)

    def each(self, start: int, end: int, cut: int) -> Iterator[tuple[int, int]]:
        """(pane, amount) of the same numbers one by one."""
        for at in range(*self._span(start, end, cut)):
            if self.knowns[at] < cut:
                yield self.panes[at], self.amounts[at]

    def _span(self, start: int, end: int, cut: int) -> tuple[int, int]:
        """Where the panes of [start, end) stand; nothing is known before its pane where nothing is moved."""
        return bisect_left(self.panes, start), bisect_left(self.panes, end if self.moved else min(end, cut))

    def _make_arrays(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Knowns and amounts for numpy; None where their sum might need more than 64 bits."""
        if max(map(abs, self.amounts)) * len(self.amounts) > INT64_MAX:
            return None
        self._arrays = np.array(self.knowns, np.int64), np.array(self.amounts, np.int64)
        return self._arrays


class Receipts:
    """When late contributions came, in order of pane."""

    __slots__ = ("_last", "_newest_from", "_panes", "_receipts", "_stored")

    def __init__(self, late: dict[tuple[int, int], Late]) -> None:
        self._stored = late
        ordered = sorted((pane, receipt_s) for (pane, _), (receipt_s, _) in late.items())
        self._panes = [pane for pane, _ in ordered]
        self._receipts = [receipt_s for _, receipt_s in ordered]
        self._newest_from = [*accumulate(reversed(self._receipts), max)][::-1]
        self._last = max(known for _, known in late)

    def latest(self, start: int, end: int, cut: int) -> int:
        """The newest receipt (UTC s) among panes in [start, end) known before ``cut``; 0 if none came late."""
        if cut <= self._last:
            found = [r for (pane, known), (r, _) in self._stored.items() if start <= pane < end and known < cut]
            return max(found, default=0)
        low, high = bisect_left(self._panes, start), bisect_left(self._panes, end)
        if high == len(self._panes):
            return self._newest_from[low] if low < high else 0
        return max(self._receipts[low:high], default=0)


class Segment:
    """The numbers of 28 days: ``plain`` by pane, ``moved`` and what of them came ``late`` by (pane, known)."""

    __slots__ = ("_late_numbers", "_numbers", "_receipts", "late", "moved", "plain")

    def __init__(self) -> None:
        self.plain: dict[int, int] = {}
        self.moved: dict[tuple[int, int], int] = {}
        self.late: dict[tuple[int, int], Late] = {}
        self._numbers: Ordered | None = None
        self._late_numbers: Ordered | None = None
        self._receipts: Receipts | None = None

    def add(self, pane: int, known: int, amount: int) -> None:
        """Add a contribution."""
        if pane == known:
            self.plain[pane] = self.plain.get(pane, 0) + amount
        else:
            self.moved[pane, known] = self.moved.get((pane, known), 0) + amount
        if self._numbers is not None and not self._numbers.append(pane, known, amount):
            self._numbers = None

    def note_late(self, pane: int, known: int, receipt_s: int, amount: int) -> None:
        """Note that a contribution, which is added as well, came late."""
        receipt_before_s, amount_before = self.late.get((pane, known), (0, 0))
        self.late[pane, known] = (max(receipt_before_s, receipt_s), amount_before + amount)
        self._late_numbers = self._receipts = None

    def join(self, part: Segment) -> None:
        """Take another part of the same segment, as restored."""
        self.plain |= part.plain
        self.moved |= part.moved
        self.late |= part.late
        self._numbers = self._late_numbers = self._receipts = None

    def numbers(self) -> Ordered:
        """Everything in order of pane."""
        if self._numbers is None:
            plain = [(pane, pane, amount) for pane, amount in self.plain.items()]
            self._numbers = Ordered(plain + [(*place, amount) for place, amount in self.moved.items()])
        return self._numbers

    def late_numbers(self) -> Ordered:
        """What came late, in order of pane."""
        if self._late_numbers is None:
            self._late_numbers = Ordered([(*place, amount) for place, (_, amount) in self.late.items()])
        return self._late_numbers

    def receipts(self) -> Receipts:
        """When it came. There must be some."""
        if self._receipts is None:
            self._receipts = Receipts(self.late)
        return self._receipts
