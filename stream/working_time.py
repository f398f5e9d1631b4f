"""Working time: how many minutes between two UTC minutes are worked, by shifts, holidays, absences and ramps.

A minute is worked if its local wall time lies in a shift of its local date. So a shift over an hour that the clock
skips is shorter, one over an hour that comes twice longer. Counts come from running totals by local day.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from stream.calendars import EPOCH, local_time

DAY_MIN = 24 * 60
EPOCH_DAY = EPOCH.date()
WEEK_DAYS = 7
EPOCH_WEEKDAY = 3
"""The first of January 1970 was a Thursday, counted from Monday."""
FURTHEST_OFFSET_MIN = DAY_MIN
"""No zone is further from UTC."""
PROBE_MIN = 6 * 60
"""A zone changes its offset at most once within this time."""
WEEKS_MAX = 1_000
"""Working weeks whose totals are remembered."""

Shift = tuple[int, int]
"""Minutes of the local day, [start, end)."""
Span = tuple[int, int]
"""UTC minutes, [start, end)."""


@dataclass(frozen=True)
class Week:
    """What a calendar says: ``shifts`` of Monday to Sunday (None: every minute) and ``holidays``, days since the epoch,
    in local time of ``zone``.
    """

    zone: ZoneInfo
    shifts: tuple[tuple[Shift, ...], ...] | None
    holidays: frozenset[int] = frozenset()


class WorkedWeek:
    """Counts the minutes that a week of shifts works, for ever."""

    def __init__(self, week: Week) -> None:
        self._week = week
        self._spans: dict[int, list[Span]] = {}
        self._first = 0
        self._totals: list[int] = []  # of the days from _first on: minutes worked before each, from the first asked for

    def minutes(self, start: int, end: int) -> int:
        """The minutes worked in [start, end)."""
        return self._before(end) - self._before(start) if start < end else 0

    def spans_of(self, day: int) -> list[Span]:
        """What is worked on a local date (days since the epoch)."""
        found = self._spans.get(day)
        if found is None:
            found = self._spans[day] = list(_spans_of(self._week, day))
        return found

    def _before(self, minute: int) -> int:
        # The wall clock never runs more than a day apart from UTC, so other dates lie wholly before or behind.
        day = minute // DAY_MIN
        near = (span for each in range(day - 1, day + 2) for span in self.spans_of(each))
        return self._total_before(day - 1) + sum(max(min(end, minute) - start, 0) for start, end in near)

    def _total_before(self, day: int) -> int:
        if not self._totals:
            self._first, self._totals = day, [0]
        while self._first > day:
            earlier = min(self._first - day, len(self._totals))
            totals = self._totals[:1]  # the first asked for stays the origin; before it totals are negative
            for each in range(self._first - 1, self._first - earlier - 1, -1):
                totals.append(totals[-1] - self._count(each))
            self._totals = totals[:0:-1] + self._totals
            self._first -= earlier
        while self._first + len(self._totals) <= day:
            self._totals.append(self._totals[-1] + self._count(self._first + len(self._totals) - 1))
        return self._totals[day - self._first]

    def _count(self, day: int) -> int:
        return sum(end - start for start, end in self.spans_of(day))


@lru_cache(maxsize=WEEKS_MAX)
def worked(week: Week) -> WorkedWeek:
    """The counter of a week; the same one for the same week, so that its totals are made once."""
    return WorkedWeek(week)


@dataclass(frozen=True)
class Piece:
    """UTC minutes [start, end) of somebody's time: what is worked of it (None: every minute), what a minute weighs."""

    start: int
    end: int
    week: WorkedWeek | None
    weight: Fraction = Fraction(1)

    def minutes(self, start: int, end: int) -> int:
        """Minutes worked of this piece within [start, end)."""
        low, high = max(start, self.start), min(end, self.end)
        if low >= high:
            return 0
        return high - low if self.week is None else self.week.minutes(low, high)


class Timesheet:
    """Somebody's working time: pieces in order that don't overlap, less absences."""

    def __init__(self, pieces: Iterable[Piece], absences: Iterable[Span] = ()) -> None:
        self.pieces = tuple(_without(pieces, merged(absences)))

    def within(self, start: int, end: int) -> tuple[Piece, ...]:
        """The pieces of [start, end): equal for whoever works alike."""
        shared = (piece for piece in self.pieces if piece.start < end and start < piece.end)
        return tuple(Piece(max(p.start, start), min(p.end, end), p.week, p.weight) for p in shared)

    def minutes(self, start: int, end: int) -> int:
        """Minutes worked in [start, end)."""
        return sum(piece.minutes(start, end) for piece in self.pieces)

    def weight(self, start: int, end: int) -> Fraction:
        """The same, each minute as much as it weighs."""
        return sum((piece.weight * piece.minutes(start, end) for piece in self.pieces), Fraction(0))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same minutes as spans in order that neither overlap nor touch."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif start < end:
            found.append((start, end))
    return found


def _without(pieces: Iterable[Piece], absences: Sequence[Span]) -> Iterator[Piece]:
    """The pieces less the absences, which are in order and apart."""
    for piece in pieces:
        low = piece.start
        at = bisect_right(absences, low, key=lambda span: span[1])
        while low < piece.end and at < len(absences) and absences[at][0] < piece.end:
            start, end = absences[at]
            if low < start:
                yield Piece(low, start, piece.week, piece.weight)
            low, at = end, at + 1
        if low < piece.end:
            yield Piece(low, piece.end, piece.week, piece.weight)


def _spans_of(week: Week, day: int) -> Iterator[Span]:
    if day in week.holidays:
        return
    shifts = ((0, DAY_MIN),) if week.shifts is None else week.shifts[(day + EPOCH_WEEKDAY) % WEEK_DAYS]
    wall = day * DAY_MIN
    if not shifts:
        return
    for low, high, offset in _offsets(week.zone, wall - FURTHEST_OFFSET_MIN, wall + DAY_MIN + FURTHEST_OFFSET_MIN):
        for start, end in shifts:
            first, following = max(wall + start - offset, low), min(wall + end - offset, high)
            if first < following:
                yield first, following


def _offsets(zone: ZoneInfo, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(start, end, offset in minutes) of the stretches of [start, end) over which a zone keeps its offset."""
    for year in range(_year_of(start), _year_of(end) + 1):
        changes = _offsets_of_year(zone, year)
        at = max(bisect_left(changes, (start + 1,)) - 1, 0)
        while at + 1 < len(changes) and changes[at][0] < end:
            low, high = max(changes[at][0], start), min(changes[at + 1][0], end)
            if low < high:
                yield low, high, changes[at][1]
            at += 1


@lru_cache(maxsize=WEEKS_MAX)
def _offsets_of_year(zone: ZoneInfo, year: int) -> tuple[tuple[int, int], ...]:
    """(first minute, offset) in order within a UTC year; the last is the end of the year."""
    start, end = _first_minute(year), _first_minute(year + 1)
    changes = [(start, _offset(zone, start))]
    for probe in range(start + PROBE_MIN, end + 1, PROBE_MIN):
        offset = _offset(zone, probe)
        if offset != changes[-1][1]:
            low, high = probe - PROBE_MIN, probe
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if _offset(zone, middle) == offset else (middle, high)
            changes.append((high, offset))
    return (*(change for change in changes if change[0] < end), (end, 0))


def _offset(zone: ZoneInfo, minute: int) -> int:
    """Whole minutes that the wall clock is ahead of UTC, rounded down."""
    offset = local_time(minute, zone).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


def _year_of(minute: int) -> int:
    return local_time(minute, ZoneInfo("UTC")).year


def _first_minute(year: int) -> int:
    return int((datetime(year, 1, 1, tzinfo=UTC) - EPOCH).total_seconds()) // 60
