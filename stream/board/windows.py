"""Windows: half-open spans of panes, up to ``as_of``, in the tenant's days."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from schemas.cells import MINUTE_MS
from stream.calendars import QUARTER_MONTHS, Calendar, add_months

MINUTE_WINDOWS = {"15m": 15, "1h": 60, "24h": 24 * 60}
DAY_WINDOWS = {"7d": 7, "30d": 30, "90d": 90}
TO_DATE_WINDOWS = ("today", "wtd", "mtd", "qtd", "ytd")
WINDOWS = (*MINUTE_WINDOWS, *DAY_WINDOWS, *TO_DATE_WINDOWS, "all")
PERIODS = {"mtd": 1, "qtd": QUARTER_MONTHS, "ytd": 12}
"""Windows that grow into a whole period, and its months."""
ALLOWED = f"{', '.join(WINDOWS)}, month:YYYY-MM, quarter:YYYY-Qn or year:YYYY (1900-2999)"

BEGINNING_MIN = -(2**62)
FIRST_YEAR, LAST_YEAR = 1900, 2999
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
MINUTE_PRECISION_MS = 25 * HOUR_MS
HOUR_PRECISION_MS = 91 * DAY_MS

_PERIOD = re.compile(r"(month):(\d{4})-(0[1-9]|1[0-2])|(quarter):(\d{4})-Q([1-4])|(year):(\d{4})")


class UnknownWindow(ValueError):
    """A window that isn't one of ALLOWED."""


@dataclass(frozen=True)
class Window:
    """Panes in [start, end), UTC minutes; ``end`` never lies after the cut."""

    name: str
    start: int
    end: int


def cut_of(as_of_ms: int, newest_ms: int, calendar: Calendar) -> int:
    """The exclusive cut T′ (UTC minutes) of a moment: the end of its minute, local hour or local day, the coarser the
    older.
    """
    minute = as_of_ms // MINUTE_MS
    age_ms = newest_ms - as_of_ms
    if age_ms > HOUR_PRECISION_MS:
        return calendar.day_start(calendar.date_of(minute) + timedelta(days=1))
    if age_ms > MINUTE_PRECISION_MS:
        return calendar.hour_end(minute)
    return minute + 1


def is_out_of_history(name: str, as_of_ms: int, newest_ms: int) -> bool:
    """Whether minutes are asked for at a moment where they are no longer kept."""
    return name in MINUTE_WINDOWS and newest_ms - as_of_ms > MINUTE_PRECISION_MS


def kind_of(name: str) -> str:
    """The sort of a window: its name, or "month", "quarter" or "year"."""
    return name.partition(":")[0]


def window_at(name: str, cut: int, calendar: Calendar) -> Window:
    """The span of a window whose exclusive end is ``cut`` (UTC minutes). Raises UnknownWindow."""
    if name in MINUTE_WINDOWS:
        return Window(name, cut - MINUTE_WINDOWS[name], cut)
    if name == "all":
        return Window(name, BEGINNING_MIN, cut)
    today = calendar.date_of(cut - 1)
    if name in DAY_WINDOWS:
        return Window(name, calendar.day_start(today - timedelta(days=DAY_WINDOWS[name] - 1)), cut)
    if name in TO_DATE_WINDOWS:
        return Window(name, calendar.day_start(_to_date_start(name, today, calendar)), cut)
    first, following = _period(name, calendar)
    return Window(name, calendar.day_start(first), min(calendar.day_start(following), cut))


def closed_periods(first_pane: int, cut: int, calendar: Calendar) -> Iterator[Window]:
    """Every month, fiscal quarter and fiscal year that ended by ``cut`` and did not end before ``first_pane``."""
    day = calendar.date_of(first_pane)
    month = day.replace(day=1)
    while (end := calendar.day_start(add_months(month, 1))) <= cut:
        yield Window(f"month:{month:%Y-%m}", calendar.day_start(month), end)
        month = add_months(month, 1)
    quarter = calendar.quarter_start(day)
    while (end := calendar.day_start(add_months(quarter, QUARTER_MONTHS))) <= cut:
        year = calendar.year_start(quarter)
        number = ((quarter.year - year.year) * 12 + quarter.month - year.month) // QUARTER_MONTHS + 1
        yield Window(f"quarter:{_fiscal_name(year):04d}-Q{number}", calendar.day_start(quarter), end)
        quarter = add_months(quarter, QUARTER_MONTHS)
    year = calendar.year_start(day)
    while (end := calendar.day_start(add_months(year, 12))) <= cut:
        yield Window(f"year:{_fiscal_name(year):04d}", calendar.day_start(year), end)
        year = add_months(year, 12)


def period_of(name: str, cut: int, calendar: Calendar) -> tuple[date, date] | None:
    """The whole calendar or fiscal period that a window stands in: its first day and the day after its last; None for a
    window that is no part of one.
    """
    if name in PERIODS:
        first = _to_date_start(name, calendar.date_of(cut - 1), calendar)
        return first, add_months(first, PERIODS[name])
    return _period(name, calendar) if ":" in name else None


def _fiscal_name(first: date) -> int:
    """A fiscal year is named by the calendar year it ends in."""
    return add_months(first, 11).year


def _to_date_start(name: str, today: date, calendar: Calendar) -> date:
    if name == "today":
        return today
    if name == "wtd":
        return calendar.week_start(today)
    if name == "mtd":
        return today.replace(day=1)
    return calendar.quarter_start(today) if name == "qtd" else calendar.year_start(today)


def _period(name: str, calendar: Calendar) -> tuple[date, date]:
    """First day of a named period and of the one after it."""
    match = _PERIOD.fullmatch(name)
    if match is None or not FIRST_YEAR <= int(match[2] or match[5] or match[8]) <= LAST_YEAR:
        raise UnknownWindow(f"window {name!r} is not known; allowed: {ALLOWED}")
    if match[1]:
        first = date(int(match[2]), int(match[3]), 1)
        return first, add_months(first, 1)
    if match[4]:
        first = add_months(calendar.fiscal_year(int(match[5])), QUARTER_MONTHS * (int(match[6]) - 1))
        return first, add_months(first, QUARTER_MONTHS)
    first = calendar.fiscal_year(int(match[8]))
    return first, add_months(first, 12)
