"""Periods of a report: what is written on the command line as a window, a moment, and what it is compared with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from stream.board.windows import DAY_WINDOWS, WINDOWS, UnknownWindow, period_of
from stream.calendars import Calendar, ZoneSpan, add_months

MINUTE_MS = 60_000
LONG_AGO = date(1900, 1, 1)
WEEK_DAYS = 7
ALLOWED = (
    "2026-W46, 2026-10, 2026-Q3, 2026, last-week, last-month, last-quarter, last-year, or a window of the API: "
    + ", ".join(WINDOWS)
)
LAST = ("last-week", "last-month", "last-quarter", "last-year")
_WEEK = re.compile(r"(\d{4})-W(\d\d)")
_CALENDAR = {
    re.compile(r"\d{4}-\d\d"): ("month", 1),
    re.compile(r"\d{4}-Q\d"): ("quarter", 3),
    re.compile(r"\d{4}"): ("year", 12),
}
_SHIFTED = {"today": (7, 0), "wtd": (7, 0), "mtd": (0, 1), "qtd": (0, 3), "ytd": (0, 12)}
"""How far back a window that grows is compared: days, months."""


class BadPeriod(ValueError):
    """A period that can't be reported on. The text says why and what is allowed."""


@dataclass(frozen=True)
class Cut:
    """A window of the API at a moment, epoch milliseconds."""

    window: str
    as_of_ms: int


@dataclass(frozen=True)
class Period:
    """What a report is about. ``name`` tells it from the others of its sort; ``first`` and ``last`` are local days,
    both included, None where it is no span of whole days.
    """

    name: str
    now: Cut
    before: Cut | None
    first: date | None = None
    last: date | None = None
    is_over: bool = False
    """Whether ``now`` is its end."""


@dataclass(frozen=True)
class Office:
    """Where the days are: a tenant's zone, first day of the week and first month of the fiscal year."""

    zone: ZoneInfo
    calendar: Calendar

    def end_of(self, day: date) -> int:
        """The last millisecond of a local day."""
        return self.calendar.day_start(day + timedelta(days=1)) * MINUTE_MS - 1

    def today(self, now_ms: int) -> date:
        """The local day."""
        return self.calendar.date_of(now_ms // MINUTE_MS)


def office_of(row: Mapping[str, Any] | None) -> Office:
    """The office of a row of the table `tenant`; UTC and Mondays where there is none."""
    said = row or {}
    zone = ZoneInfo(said.get("time_zone") or "UTC")
    spans = (ZoneSpan(-(2**62), LONG_AGO, zone),)
    return Office(zone, Calendar(spans, said.get("week_starts_on") or 1, said.get("fiscal_year_starts_in") or 1))


def period_at(text: str, office: Office, now_ms: int, *, as_of_ms: int | None = None) -> Period:
    """The period that ``text`` names. A period that is over is read as of its end, another as of now, or of
    ``as_of_ms``. Raises BadPeriod.
    """
    asked_ms = now_ms if as_of_ms is None else as_of_ms
    name = _named(text, office, asked_ms)
    if text in LAST and as_of_ms is not None:
        as_of_ms = None  # it chose which period is the last one
    week = _WEEK.fullmatch(name)
    if week is not None:
        return _week(name, _monday(name), office, now_ms, as_of_ms)
    if name in WINDOWS:
        return Period(name, Cut(name, asked_ms), _shifted(name, asked_ms, office))
    return _calendar_period(name, office, now_ms, as_of_ms)


def instant(at_ms: int) -> str:
    """Epoch milliseconds as RFC 3339, whole seconds."""
    return datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def last_week(office: Office, now_ms: int) -> tuple[date, date]:
    """First and last day of the tenant's last whole week."""
    first = office.calendar.week_start(office.today(now_ms)) - timedelta(days=WEEK_DAYS)
    return first, first + timedelta(days=WEEK_DAYS - 1)


def _named(text: str, office: Office, now_ms: int) -> str:
    if text == "last-week":
        first, _ = last_week(office, now_ms)
        # A week is called by the ISO week that most of it lies in, whichever day it begins with.
        iso = (first + timedelta(days=3)).isocalendar()
        return f"{iso.year}-W{iso.week:02d}"
    today = office.today(now_ms)
    if text == "last-month":
        return f"{add_months(today.replace(day=1), -1):%Y-%m}"
    if text in ("last-quarter", "last-year"):
        start = office.calendar.quarter_start(today) if text == "last-quarter" else office.calendar.year_start(today)
        day = start - timedelta(days=1)
        year = office.calendar.year_start(day)
        fiscal = add_months(year, 11).year
        return (
            f"{fiscal}-Q{((day.year - year.year) * 12 + day.month - year.month) // 3 + 1}"
            if "q" in text
            else f"{fiscal}"
        )
    return text


def _monday(name: str) -> date:
    try:
        return date.fromisocalendar(int(name[:4]), int(name[-2:]), 1)
    except ValueError as exc:
        raise BadPeriod(f"period {name!r} is not a week: {exc}") from None


def _week(name: str, monday: date, office: Office, now_ms: int, as_of_ms: int | None) -> Period:
    # The tenant's week that has most of its days in the ISO week: that of its Thursday.
    first = office.calendar.week_start(monday + timedelta(days=3))
    last = first + timedelta(days=WEEK_DAYS - 1)
    if as_of_ms is not None:
        raise BadPeriod("a week is always read as of its end; leave --as-of out, or ask for wtd or 7d")
    if office.end_of(last) >= now_ms:
        raise BadPeriod(f"week {name} is not over before {last}; until then ask for wtd")
    before = Cut("7d", office.end_of(last - timedelta(days=WEEK_DAYS)))
    return Period(name, Cut("7d", office.end_of(last)), before, first, last, is_over=True)


def _calendar_period(name: str, office: Office, now_ms: int, as_of_ms: int | None) -> Period:
    kind, months = next((sort for shape, sort in _CALENDAR.items() if shape.fullmatch(name)), ("", 0))
    if not kind:
        raise BadPeriod(f"period {name!r} is not known; allowed: {ALLOWED}")
    try:
        period = period_of(f"{kind}:{name}", 0, office.calendar)
    except UnknownWindow as exc:
        raise BadPeriod(f"period {name!r} is not known: {exc}") from None
    assert period is not None
    first, after = period
    end_ms = office.end_of(after - timedelta(days=1))
    if office.calendar.day_start(first) * MINUTE_MS > now_ms:
        raise BadPeriod(f"period {name} has not begun: it begins on {first}")
    at_ms = min(end_ms, now_ms) if as_of_ms is None else as_of_ms
    earlier = add_months(first, -months)
    before_ms = office.end_of(first - timedelta(days=1)) if at_ms >= end_ms else _earlier(at_ms, office, 0, months)
    before = Cut(_window_from(kind, earlier, office), before_ms)
    return Period(name, Cut(f"{kind}:{name}", at_ms), before, first, after - timedelta(days=1), at_ms >= end_ms)


def _window_from(kind: str, first: date, office: Office) -> str:
    if kind == "month":
        return f"month:{first:%Y-%m}"
    year = office.calendar.year_start(first)
    fiscal = add_months(year, 11).year
    if kind == "year":
        return f"year:{fiscal}"
    return f"quarter:{fiscal}-Q{((first.year - year.year) * 12 + first.month - year.month) // 3 + 1}"


def _shifted(window: str, as_of_ms: int, office: Office) -> Cut | None:
    if window in DAY_WINDOWS:
        return Cut(window, _earlier(as_of_ms, office, DAY_WINDOWS[window], 0))
    shift = _SHIFTED.get(window)
    return None if shift is None else Cut(window, _earlier(as_of_ms, office, *shift))


def _earlier(as_of_ms: int, office: Office, days: int, months: int) -> int:
    """The same local time some days or months before, on the month's last day where it has none such."""
    local = datetime.fromtimestamp(as_of_ms / 1000, UTC).astimezone(office.zone)
    if months:
        first = add_months(local.date().replace(day=1), -months)
        last = add_months(first, 1) - timedelta(days=1)
        local = local.replace(year=first.year, month=first.month, day=min(local.day, last.day))
    return int((local - timedelta(days=days)).timestamp() * 1000)
