"""Which moments a window holds, asked of one moment at a time."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from functools import partial

from tests.reference.organisation import Organisation, midnight_ms, moment

MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000
MINUTE_WINDOWS = {"15m": 15, "1h": 60, "24h": 1440}
DAY_WINDOWS = {"7d": 7, "30d": 30, "90d": 90}
CALENDAR_WINDOWS = ("today", "wtd", "mtd", "qtd", "ytd", "all")
OPEN_WINDOWS = (*MINUTE_WINDOWS, *DAY_WINDOWS, *CALENDAR_WINDOWS)
MINUTES_BACK_MS, HOURS_BACK_MS = 25 * HOUR_MS, 91 * DAY_MS
MONTHS_A_QUARTER = 3


def cut_ms(as_of_ms: int, newest_ms: int, organisation: Organisation) -> int:
    """T′: the end of the minute that holds T; of its local hour or day where T lies that far behind the newest data."""
    zone = organisation.zone_at(as_of_ms)
    local = moment(as_of_ms, zone)
    if newest_ms - as_of_ms > HOURS_BACK_MS:
        return midnight_ms(local.date() + dt.timedelta(days=1), zone)
    if newest_ms - as_of_ms > MINUTES_BACK_MS:
        into_hour = dt.timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return as_of_ms - into_hour // dt.timedelta(milliseconds=1) + HOUR_MS
    return as_of_ms - as_of_ms % MINUTE_MS + MINUTE_MS


def fiscal_year(day: dt.date, starts_in: int) -> int:
    """The calendar year in which the fiscal year of a day ends."""
    return day.year if starts_in == 1 or day.month < starts_in else day.year + 1


def fiscal_quarter(day: dt.date, starts_in: int) -> int:
    """1 to 4."""
    return (day.month - starts_in) % 12 // MONTHS_A_QUARTER + 1


def periods_of(day: dt.date, starts_in: int) -> tuple[str, str, str]:
    """The month, fiscal quarter and fiscal year that a local day belongs to."""
    year = fiscal_year(day, starts_in)
    return f"month:{day:%Y-%m}", f"quarter:{year}-Q{fiscal_quarter(day, starts_in)}", f"year:{year:04}"


def holds(window: str, organisation: Organisation, *, before_ms: int) -> Callable[[int], bool]:
    """A test whether the window, ending at ``before_ms`` exclusively, holds a moment before that."""
    if window in MINUTE_WINDOWS:
        return lambda at_ms: before_ms - MINUTE_WINDOWS[window] * MINUTE_MS <= at_ms < before_ms
    today = organisation.day_of(before_ms - 1)
    starts_in, week_start = organisation.fiscal_year_starts_in(), organisation.week_starts_on()
    month, quarter, year = periods_of(today, starts_in)
    first_of_week = today - dt.timedelta(days=(today.isoweekday() - week_start) % 7)
    belongs: dict[str, Callable[[dt.date], bool]] = {
        "today": lambda day: day == today,
        "wtd": lambda day: first_of_week <= day <= today,
        "mtd": lambda day: periods_of(day, starts_in)[0] == month,
        "qtd": lambda day: periods_of(day, starts_in)[1] == quarter,
        "ytd": lambda day: periods_of(day, starts_in)[2] == year,
        "all": lambda day: True,
    }
    for name, days in DAY_WINDOWS.items():
        belongs[name] = partial(_is_within, today, dt.timedelta(days=days))
    if re.fullmatch(r"(month|quarter|year):.+", window):
        return lambda at_ms: at_ms < before_ms and window in periods_of(organisation.day_of(at_ms), starts_in)
    return lambda at_ms: at_ms < before_ms and belongs[window](organisation.day_of(at_ms))


def closed_periods(moments: list[int], organisation: Organisation, *, before_ms: int) -> list[str]:
    """The periods that hold any of the moments and have ended by ``before_ms``."""
    today = organisation.day_of(before_ms)
    starts_in = organisation.fiscal_year_starts_in()
    current = periods_of(today, starts_in)
    return sorted(
        {period for at_ms in moments for period in periods_of(organisation.day_of(at_ms), starts_in)} - set(current)
    )


def _is_within(today: dt.date, span: dt.timedelta, day: dt.date) -> bool:
    return today - span < day <= today
