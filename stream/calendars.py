"""Local days of a tenant: which instants a date spans under the time zone in force that day, and where fiscal periods
begin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from schemas.cells import MINUTE_MS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = 12
QUARTER_MONTHS = 3
HOUR_MIN = 60
DAY = timedelta(days=1)


@dataclass(frozen=True)
class ZoneSpan:
    """A time zone in force from ``first_day`` on, which begins at ``start`` (UTC minutes)."""

    start: int
    first_day: date
    zone: ZoneInfo


@dataclass(frozen=True)
class Calendar:
    """The days, weeks and fiscal periods of a tenant, as configured at one moment."""

    spans: tuple[ZoneSpan, ...]
    week_starts_on: int = 1
    fiscal_year_starts_in: int = 1

    def date_of(self, minute: int) -> date:
        """The local date of a UTC minute; the last day under a zone lasts until the first day under the next begins."""
        at = max(bisect_right(self.spans, minute, key=lambda span: span.start) - 1, 0)
        day = local_time(minute, self.spans[at].zone).date()
        return min(day, self.spans[at + 1].first_day - DAY) if at + 1 < len(self.spans) else day

    def day_start(self, day: date) -> int:
        """The UTC minute at which a local date begins."""
        at = bisect_right(self.spans, day, key=lambda span: span.first_day)
        return midnight(day, self.spans[max(at - 1, 0)].zone)

    def hour_end(self, minute: int) -> int:
        """The UTC minute at which the local hour that contains ``minute`` ends."""
        at = bisect_right(self.spans, minute, key=lambda span: span.start)
        into = local_time(minute, self.spans[max(at - 1, 0)].zone).minute
        return minute - into + HOUR_MIN

    def hour_of(self, minute: int) -> tuple[date, int]:
        """The local date and hour of a UTC minute."""
        at = bisect_right(self.spans, minute, key=lambda span: span.start)
        return self.date_of(minute), local_time(minute, self.spans[max(at - 1, 0)].zone).hour

    def hour_span(self, day: date, hour: int) -> tuple[int, int]:
        """The UTC minutes [start, end) of a local hour: none where the clock skips it, more where it comes twice."""
        at = bisect_right(self.spans, day, key=lambda span: span.first_day)
        zone = self.spans[max(at - 1, 0)].zone
        start = datetime(day.year, day.month, day.day, hour, tzinfo=zone)
        return _minute(start), _minute(start + timedelta(hours=1))

    def week_start(self, day: date) -> date:
        """The first day of the week that contains ``day``."""
        return day - timedelta(days=(day.isoweekday() - self.week_starts_on) % 7)

    def quarter_start(self, day: date) -> date:
        """The first day of the fiscal quarter that contains ``day``."""
        past = (day.month - self.fiscal_year_starts_in) % QUARTER_MONTHS
        return add_months(day.replace(day=1), -past)

    def year_start(self, day: date) -> date:
        """The first day of the fiscal year that contains ``day``."""
        past = (day.month - self.fiscal_year_starts_in) % MONTHS
        return add_months(day.replace(day=1), -past)

    def fiscal_year(self, year: int) -> date:
        """The first day of the fiscal year that ends in the calendar year ``year``."""
        first = date(year, self.fiscal_year_starts_in, 1)
        return first if self.fiscal_year_starts_in == 1 else first.replace(year=year - 1)


@cache
def midnight(day: date, zone: ZoneInfo) -> int:
    """The UTC minute of a local midnight; where the clock skips it, of the first instant of that day."""
    return _minute(datetime(day.year, day.month, day.day, tzinfo=zone))


def _minute(local: datetime) -> int:
    return int((local.astimezone(UTC) - EPOCH) // timedelta(minutes=1))


def local_time(minute: int, zone: ZoneInfo) -> datetime:
    """A UTC minute as local time."""
    return (EPOCH + timedelta(minutes=minute)).astimezone(zone)


def add_months(first: date, months: int) -> date:
    """The first of the month that lies ``months`` after the month of ``first``."""
    index = first.year * MONTHS + first.month - 1 + months
    return date(index // MONTHS, index % MONTHS + 1, 1)


def zone_spans(versions: Sequence[tuple[int, str]]) -> tuple[ZoneSpan, ...]:
    """Spans from (time_ms, zone name) in order of time: each rules from the local day that contains its time.

    UTC before.
    """
    spans = [ZoneSpan(-(2**62), date.min, ZoneInfo("UTC"))]
    for time_ms, name in versions:
        zone = ZoneInfo(name)
        day = local_time(time_ms // MINUTE_MS, zone).date()
        start = midnight(day, zone)
        while len(spans) > 1 and spans[-1].start >= start:
            spans.pop()
        spans.append(ZoneSpan(start, max(day, spans[-1].first_day), zone))
    return tuple(spans)
