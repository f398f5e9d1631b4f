"""Who works when: calendars by the day, a rep's time under them, less absences, weighed by a ramp."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.data import AbsenceRecorded, CalendarChanged, Ramp, RosterChanged, TenantConfigured
from stream.board.organisation import Organisation
from stream.board.reference.roster import rosters_of
from stream.board.reference.settings import settings_of
from stream.board.reference.versions import (
    BEGINNING_MIN,
    FOREVER_MIN,
    Version,
    by_day,
    grouped,
    local_date,
    minutes_held,
    version_at,
)
from stream.calendars import Calendar, add_months
from stream.working_time import EPOCH_DAY, Piece, Span, Timesheet, Week, WorkedWeek, worked

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LAST_RAMP_YEAR = 3_000
CALENDARS_MAX = 1_000

Weeks = list[tuple[int, int, WorkedWeek | None]]
"""(start, end, week) in order over all time; None where every minute counts."""


def timesheet_of(organisation: Organisation, cut_ms: int, rep: str | None) -> Timesheet:
    """A rep's working time while active, or that of the tenant's calendar: for None, and for whom no roster knows."""

    def make() -> Timesheet:
        absences = absences_of(organisation, cut_ms).get(rep or "", ())
        versions = rosters_of(organisation, cut_ms).get(rep or "")
        if versions is None:
            return Timesheet((Piece(*week) for week in weeks_of(organisation, cut_ms, None)), absences)
        calendar = settings_of(organisation, cut_ms).calendar
        pieces = (piece for version in versions for piece in _pieces(organisation, cut_ms, version, calendar))
        return Timesheet(pieces, absences)

    return organisation.remember(("timesheet", rep, *_versions(organisation, cut_ms)), make)


def absences_of(organisation: Organisation, cut_ms: int) -> dict[str, list[Span]]:
    """The UTC minutes of each rep's absences."""

    def make() -> dict[str, list[Span]]:
        calendar = settings_of(organisation, cut_ms).calendar
        absences: dict[str, list[Span]] = {}
        for _, data in organisation.in_force(AbsenceRecorded, cut_ms):
            absences.setdefault(data.rep, []).append(minutes_held(data.from_, data.to, calendar))
        return absences

    return organisation.remember(("absences", *_versions(organisation, cut_ms)), make)


def calendars_of(organisation: Organisation, cut_ms: int) -> dict[str, list[Version[CalendarChanged]]]:
    """The versions of each working calendar."""

    def make() -> dict[str, list[Version[CalendarChanged]]]:
        calendar = settings_of(organisation, cut_ms).calendar
        said = grouped(organisation.in_force(CalendarChanged, cut_ms), "calendar")
        return {name: by_day(changes, calendar) for name, changes in said.items()}

    return organisation.remember(("calendars", *_versions(organisation, cut_ms)), make)


def weeks_of(organisation: Organisation, cut_ms: int, name: str | None) -> Weeks:
    """The weeks of a calendar; on days on which nobody has defined it those of the tenant's, else every minute."""

    def make() -> Weeks:
        settings = settings_of(organisation, cut_ms)
        calendars = calendars_of(organisation, cut_ms)
        zones = settings.calendar.spans
        named = calendars.get(name or "", [])
        usual = {each.data.calendar for each in settings.by_day if each.data.calendar is not None}
        edges = {span.start for span in zones} | {each.start for each in settings.by_day}
        edges |= {each.start for versions in [named, *(calendars.get(n, []) for n in usual)] for each in versions}
        starts = sorted(edges | {BEGINNING_MIN})
        weeks: Weeks = []
        for start, end in zip(starts, [*starts[1:], FOREVER_MIN], strict=True):
            chosen = version_at(named, start)
            if chosen is None:
                now = version_at(list(settings.by_day), start)
                chosen = version_at(calendars.get((now and now.calendar) or "", []), start)
            zone = zones[bisect_right(zones, start, key=lambda span: span.start) - 1].zone
            weeks.append((start, end, None if chosen is None else worked(_week(chosen, zone))))
        return weeks

    return organisation.remember(("weeks", name, *_versions(organisation, cut_ms)), make)


def _versions(organisation: Organisation, cut_ms: int) -> Iterator[tuple[int, int]]:
    for shape in (TenantConfigured, CalendarChanged, RosterChanged, AbsenceRecorded):
        yield organisation.version(shape, cut_ms)


def _week(said: CalendarChanged, zone: ZoneInfo) -> Week:
    shifts = None
    if said.shifts is not None:
        given = said.shifts
        shifts = tuple(tuple((_minute(a), _minute(b)) for a, b in given.get(day, ())) for day in WEEKDAYS)
    holidays = frozenset((date.fromisoformat(day) - EPOCH_DAY).days for day in said.holidays or ())
    return Week(_zone(said.time_zone) if said.time_zone is not None else zone, shifts, holidays)


@lru_cache(maxsize=CALENDARS_MAX)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _minute(time_of_day: str) -> int:
    return int(time_of_day[:2]) * 60 + int(time_of_day[3:])


def _pieces(
    organisation: Organisation, cut_ms: int, version: Version[RosterChanged], calendar: Calendar
) -> Iterator[Piece]:
    """What a version of the roster makes of a rep's time."""
    said = version.data
    if said.active is False:
        return
    for low, high, weight in _weights(said.ramp, version.start, version.end, calendar):
        for start, end, week in weeks_of(organisation, cut_ms, said.calendar):
            if max(low, start) < min(high, end):
                yield Piece(max(low, start), min(high, end), week, weight)


def _weights(ramp: Ramp | None, start: int, end: int, calendar: Calendar) -> Iterator[tuple[int, int, Fraction]]:
    """(start, end, weight): in the i-th month of a ramp of m months a minute weighs i ÷ (m + 1), elsewhere 1."""
    low = start
    if ramp is not None:
        begin, month = local_date(ramp.starts_on, calendar), 0
        while month <= ramp.months and low < end and begin.year + month // 12 < LAST_RAMP_YEAR:
            # Before its first month a ramp weighs nothing down, behind its last neither.
            edge = min(max(calendar.day_start(_months_after(begin, month)), start), end)
            if low < edge:
                yield low, edge, Fraction(month, ramp.months + 1) if month else Fraction(1)
            low, month = max(low, edge), month + 1
    if low < end:
        yield low, end, Fraction(1)


def _months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last."""
    first = add_months(day, months)
    days = (add_months(first, 1) - first).days
    return first.replace(day=min(day.day, days))
