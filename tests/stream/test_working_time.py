"""Working minutes against a count of them one by one, and pictures of the days that are hard."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stream.working_time import Piece, Shift, Timesheet, Week, merged, worked

EPOCH_DAY = date(1970, 1, 1)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
# Offsets of a quarter-hour, of half an hour of summer, a change at a minute past midnight, and a date that never was.
ZONES = [
    BERLIN,
    NEW_YORK,
    *map(ZoneInfo, ("Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia", "UTC")),
]
NINE_TO_FIVE: tuple[Shift, ...] = ((9 * 60, 12 * 60), (13 * 60, 17 * 60))
OFFICE = (*[NINE_TO_FIVE] * 5, (), ())


def minute(text: str, zone: ZoneInfo = BERLIN) -> int:
    """The UTC minute of a local wall time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()) // 60


def day(text: str) -> int:
    """Days since the epoch."""
    return (date.fromisoformat(text) - EPOCH_DAY).days


def naive(week: Week, start: int, end: int) -> int:
    """Minutes worked, looked at one by one."""
    count = 0
    for each in range(start, end):
        local = datetime.fromtimestamp(each * 60, UTC).astimezone(week.zone)
        if (local.date() - EPOCH_DAY).days in week.holidays:
            continue
        shifts = ((0, 1440),) if week.shifts is None else week.shifts[local.weekday()]
        count += any(low <= local.hour * 60 + local.minute < high for low, high in shifts)
    return count


def test_lunch_and_a_holiday_stop_the_clock() -> None:
    week = Week(BERLIN, OFFICE, frozenset({day("2026-05-14")}))  # Ascension, a Thursday
    silent_from, now = minute("2026-05-13 11:41"), minute("2026-05-15 09:00")
    assert worked(week).minutes(silent_from, minute("2026-05-13 13:21")) == 40  # 19 before lunch, 21 after it
    assert worked(week).minutes(minute("2026-05-13 16:41"), minute("2026-05-15 09:21")) == 40
    assert worked(week).minutes(silent_from, now) == 19 + 4 * 60


def test_a_shift_over_the_skipped_hour_is_shorter_and_over_the_repeated_one_longer() -> None:
    night = Week(BERLIN, ((),) * 6 + (((60, 300),),))  # Sundays, 01:00 to 05:00
    spring, autumn, ordinary = ("2026-03-29", "2026-10-25", "2026-11-01")
    lengths = [worked(night).minutes(minute(f"{at} 00:00"), minute(f"{at} 12:00")) for at in (spring, autumn, ordinary)]
    assert lengths == [180, 300, 240]


def test_every_minute_counts_where_no_shifts_were_given() -> None:
    week = Week(BERLIN, None, frozenset({day("2026-05-14")}))
    assert worked(week).minutes(minute("2026-05-13 00:00"), minute("2026-05-16 00:00")) == 2 * 1440


def test_an_absence_is_cut_out_and_a_ramp_weighs() -> None:
    week = Week(BERLIN, OFFICE)
    monday, tuesday, wednesday = (minute(f"2026-05-{at} 00:00") for at in ("18", "19", "20"))
    pieces = [
        Piece(monday, tuesday, worked(week), Fraction(1, 4)),
        Piece(tuesday, wednesday, worked(week), Fraction(1, 2)),
    ]
    sheet = Timesheet(pieces, [(minute("2026-05-18 16:00"), minute("2026-05-19 10:00"))])
    assert sheet.minutes(monday, wednesday) == 2 * 420 - 2 * 60
    assert sheet.weight(monday, wednesday) == Fraction(360, 4) + Fraction(360, 2)
    assert sheet.minutes(minute("2026-05-18 15:30"), minute("2026-05-19 10:30")) == 60


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    times = st.integers(0, 48).map(lambda half: half * 30)
    pairs = (
        st.lists(times, max_size=4, unique=True).map(sorted).map(lambda at: tuple(zip(at[::2], at[1::2], strict=False)))
    )
    shifts = draw(st.none() | st.lists(pairs, min_size=7, max_size=7).map(tuple))
    holidays = draw(st.frozensets(st.integers(day("2010-01-01"), day("2012-01-10")), max_size=3))
    return Week(draw(st.sampled_from(ZONES)), shifts, holidays)


CHANGES = [
    datetime(*at, tzinfo=UTC)
    for at in (
        (2011, 3, 13, 7),
        (2011, 11, 6, 3),
        (2011, 3, 27, 1),
        (2011, 10, 30, 1),
        (2011, 12, 30, 10),
        (2011, 4, 2, 15),
    )
]


@given(weeks(), st.sampled_from(CHANGES), st.integers(-3000, 3000), st.integers(0, 5000))
@settings(max_examples=150, deadline=None)
def test_minutes_are_those_counted_one_by_one(week: Week, near: datetime, ahead: int, length: int) -> None:
    start = int(near.timestamp()) // 60 + ahead
    assert worked(week).minutes(start, start + length) == naive(week, start, start + length)


@given(weeks(), st.lists(st.integers(-4000, 4000), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_minutes_add_up_in_any_order_of_asking(week: Week, cuts: list[int]) -> None:
    base = int(CHANGES[1].timestamp()) // 60
    at = sorted(base + cut * 60 for cut in cuts)
    parts = [worked(week).minutes(low, high) for low, high in reversed(list(pairwise(at)))]
    assert sum(parts) == worked(week).minutes(at[0], at[-1])


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=6), st.integers(0, 300))
@settings(max_examples=100, deadline=None)
def test_absences_are_the_minutes_they_hold(absent: list[tuple[int, int]], start: int) -> None:
    spans = [(low, low + length) for low, length in absent]
    sheet = Timesheet([Piece(0, 100, None), Piece(120, 400, None)], spans)
    held = {each for low, high in spans for each in range(low, high)}
    there = [each for each in range(400) if each not in held and not 100 <= each < 120]
    assert sheet.minutes(start, 400) == sum(each >= start for each in there)
    assert all(high < low for (_, high), (low, _) in pairwise(merged(spans)))


@pytest.mark.parametrize("back", [False, True])
def test_totals_grow_both_ways(back: bool) -> None:
    week = Week(NEW_YORK, OFFICE, frozenset({day("2020-02-29") + int(back)}))
    years = [2019, 2020, 2021, 2024]
    starts = [int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // 60 for year in years]
    for start in reversed(starts) if back else starts:
        assert worked(week).minutes(start, start + 1440 * 7) == naive(week, start, start + 1440 * 7)
    whole = worked(week).minutes(starts[0], starts[-1])
    days = (timedelta(minutes=starts[-1] - starts[0])).days
    assert whole == 420 * sum(date.fromordinal(date(2019, 1, 1).toordinal() + n).weekday() < 5 for n in range(days))
