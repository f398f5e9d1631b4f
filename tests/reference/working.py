"""Working time: every minute is asked whether it works."""

from __future__ import annotations

import calendar as calendar_days
import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache

from schemas.data import AbsenceRecorded, CalendarChanged, Ramp
from tests.reference.organisation import UTC, Organisation, midnight_ms, moment, zone_named

MINUTE_MS = 60_000
RAMP_LOOK_MONTHS = 600
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Week = tuple[tuple[tuple[int, int], ...], ...]
"""The shifts of Monday to Sunday, in minutes of the day."""
Calendar = tuple[Week | None, frozenset[dt.date], dt.tzinfo]
"""Shifts (None: all the time), holidays, the zone both are in."""


@lru_cache(maxsize=100_000)
def minutes_of(calendar: Calendar | None, start_ms: int, end_ms: int) -> tuple[int, ...]:
    """The beginnings of the minutes of [start, end) that work; of no calendar all do."""
    return tuple(at_ms for at_ms in range(start_ms, end_ms, MINUTE_MS) if calendar is None or works(calendar, at_ms))


def works(calendar: Calendar, at_ms: int) -> bool:
    """Whether the minute that begins then lies in a shift of a day that is no holiday."""
    week, holidays, zone = calendar
    local = moment(at_ms, zone)
    if local.date() in holidays:
        return False
    clock = local.hour * 60 + local.minute
    return week is None or any(start <= clock < end for start, end in week[local.weekday()])


def clock_of(text: str) -> int:
    """Minutes of the day of "HH:MM"."""
    return int(text[:2]) * 60 + int(text[3:])


def on_month(start: dt.date, months: int) -> dt.date:
    """The same day so many months later, the month's last where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    last = calendar_days.monthrange(start.year + years, month + 1)[1]
    return dt.date(start.year + years, month + 1, min(start.day, last))


class WorkingTime:
    """When the reps of an organisation work."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation
        self.zones: list[dt.tzinfo] = [UTC, *(zone for _, _, zone in organisation.zones())]

    # Days

    def day_start_ms(self, day: dt.date) -> int:
        """When a local day begins; of a date that a change of zone leaves out, the next one."""
        starts = [midnight_ms(day, zone) for zone in self.zones]
        starts += [start_ms for start_ms, _, _ in self.organisation.zones()]
        return min(start_ms for start_ms in starts if self.organisation.day_of(start_ms) >= day)

    def days(self, first: dt.date, after: dt.date) -> Iterator[tuple[dt.date, int, int]]:
        """Each local day from ``first`` on and before ``after``, with its beginning and its end."""
        for number in range((after - first).days):
            day = first + dt.timedelta(days=number)
            yield day, self.day_start_ms(day), self.day_start_ms(day + dt.timedelta(days=1))

    def moment_ms(self, text: str) -> int:
        """The beginning of a date, or an instant."""
        if "T" in text:
            return int(dt.datetime.fromisoformat(text).timestamp() * 1000)
        return self.day_start_ms(dt.date.fromisoformat(text))

    def date_of(self, text: str) -> dt.date:
        """A date, or the local date of an instant."""
        return self.organisation.day_of(self.moment_ms(text)) if "T" in text else dt.date.fromisoformat(text)

    # Versions

    def calendar_on(self, day: dt.date, *, rep: str | None) -> Calendar | None:
        """The calendar of a rep, else of the tenant, as in force at the end of a local day; None: there is none."""
        names = [said.calendar for _, said in self.organisation.entries(rep, day)] if rep is not None else []
        tenants = [said.calendar for ms, said in self.organisation.configured if self.organisation.day_of(ms) <= day]
        for candidates in (names, tenants):
            name = next((name for name in reversed(candidates) if name is not None), None)
            versions = [
                event.data
                for event in self.organisation.said
                if isinstance(event.data, CalendarChanged)
                and event.data.calendar == name
                and self.organisation.day_of(event.time_ms) <= day
            ]
            if versions:
                return self.merged(versions, day)
        return None

    def merged(self, versions: list[CalendarChanged], day: dt.date) -> Calendar:
        """What the versions of a calendar say together: the last word on each field."""
        shifts = next((said.shifts for said in reversed(versions) if said.shifts is not None), None)
        holidays = next((said.holidays for said in reversed(versions) if said.holidays is not None), [])
        zone = next((said.time_zone for said in reversed(versions) if said.time_zone is not None), None)
        week = None
        if shifts is not None:
            week = tuple(
                tuple((clock_of(start), clock_of(end)) for start, end in shifts.get(name, [])) for name in WEEKDAYS
            )
        tenants = self.organisation.zone_at(self.day_start_ms(day))
        return week, frozenset(map(dt.date.fromisoformat, holidays)), tenants if zone is None else zone_named(zone)

    def absences(self, rep: str) -> list[tuple[int, int]]:
        """When a rep is away."""
        said = [event.data for event in self.organisation.said if isinstance(event.data, AbsenceRecorded)]
        return [(self.moment_ms(one.from_), self.moment_ms(one.to)) for one in said if one.rep == rep]

    # Minutes

    def minutes(self, rep: str | None, day: dt.date, start_ms: int, end_ms: int) -> list[int]:
        """The working minutes of a local day; of a rep those on which it is active and not away.

        Whom the roster never names is active all the time.
        """
        is_known = rep is not None and rep in self.organisation.rostered_reps()
        if is_known and rep is not None and not self.organisation.is_active(rep, day):
            return []
        minutes = list(minutes_of(self.calendar_on(day, rep=rep), start_ms, end_ms))
        for away_ms, back_ms in self.absences(rep) if rep is not None else ():
            minutes = [at_ms for at_ms in minutes if not away_ms <= at_ms < back_ms]
        return minutes

    def weight(self, rep: str | None, day: dt.date) -> Fraction:
        """What a minute of a rep weighs on a day: less than one while it ramps up."""
        entries = self.organisation.entries(rep, day) if rep is not None else []
        ramp = next((said.ramp for _, said in reversed(entries) if said.ramp is not None), None)
        return Fraction(1) if ramp is None else self.ramped(ramp, day)

    def ramped(self, ramp: Ramp, day: dt.date) -> Fraction:
        """The weight in the i-th month of a ramp."""
        start = self.date_of(ramp.starts_on)
        if day < start:
            return Fraction(1)
        month = max(i for i in range(1, RAMP_LOOK_MONTHS) if on_month(start, i - 1) <= day)
        return Fraction(month, ramp.months + 1) if month <= ramp.months else Fraction(1)

    def elapsed(self, rep: str | None, first: dt.date, after: dt.date, *, cut_ms: int) -> Fraction | None:
        """The share of the working time of [first, after) that lies before the cut; None where nobody works."""
        done = total = Fraction(0)
        for day, start_ms, end_ms in self.days(first, after):
            minutes, weight = self.minutes(rep, day, start_ms, end_ms), self.weight(rep, day)
            total += weight * len(minutes)
            done += weight * sum(at_ms < cut_ms for at_ms in minutes)
        return done / total if total else None
