"""Periods: from what is written to a window, a moment and what it is compared with."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cli.report.periods import BadPeriod, instant, office_of, period_at

NOW_MS = int(datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp() * 1000)
BERLIN = {"time_zone": "Europe/Berlin", "week_starts_on": 1, "fiscal_year_starts_in": 4}


@pytest.mark.parametrize(
    ("text", "window", "as_of", "before", "before_as_of"),
    [
        # The week after the clocks went back: its end and that of the week before lie on both sides of it.
        ("2026-W44", "7d", "2026-11-01T22:59:59Z", "7d", "2026-10-25T22:59:59Z"),
        ("2026-W43", "7d", "2026-10-25T22:59:59Z", "7d", "2026-10-18T21:59:59Z"),
        ("last-week", "7d", "2026-11-22T22:59:59Z", "7d", "2026-11-15T22:59:59Z"),
        ("2026-10", "month:2026-10", "2026-10-31T22:59:59Z", "month:2026-09", "2026-09-30T21:59:59Z"),
        ("2026-11", "month:2026-11", "2026-11-23T08:00:00Z", "month:2026-10", "2026-10-23T07:00:00Z"),
        ("last-quarter", "quarter:2027-Q2", "2026-09-30T21:59:59Z", "quarter:2027-Q1", "2026-06-30T21:59:59Z"),
        ("2027-Q1", "quarter:2027-Q1", "2026-06-30T21:59:59Z", "quarter:2026-Q4", "2026-03-31T21:59:59Z"),
        ("last-year", "year:2026", "2026-03-31T21:59:59Z", "year:2025", "2025-03-31T21:59:59Z"),
        ("mtd", "mtd", "2026-11-23T08:00:00Z", "mtd", "2026-10-23T07:00:00Z"),
        ("30d", "30d", "2026-11-23T08:00:00Z", "30d", "2026-10-24T07:00:00Z"),
    ],
)
def test_a_period_is_read_as_of_its_end_or_now(
    text: str, window: str, as_of: str, before: str, before_as_of: str
) -> None:
    found = period_at(text, office_of(BERLIN), NOW_MS)
    assert (found.now.window, instant(found.now.as_of_ms)) == (window, as_of)
    assert found.before is not None
    assert (found.before.window, instant(found.before.as_of_ms)) == (before, before_as_of)


def test_a_week_is_the_tenant_s_own() -> None:
    found = period_at("last-week", office_of({"time_zone": "America/New_York", "week_starts_on": 7}), NOW_MS)
    assert (found.name, str(found.first), str(found.last)) == ("2026-W47", "2026-11-15", "2026-11-21")
    again = period_at(found.name, office_of({"time_zone": "America/New_York", "week_starts_on": 7}), NOW_MS)
    assert again == found


def test_minutes_are_compared_with_nothing() -> None:
    assert period_at("1h", office_of(BERLIN), NOW_MS).before is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-W48", "is not over before 2026-11-29"),
        ("2026-W54", "is not a week"),
        ("2026-12", "has not begun"),
        ("2026-13", "not known"),
        ("yesterday", "allowed: 2026-W46"),
    ],
)
def test_what_is_no_period_is_named(text: str, said: str) -> None:
    with pytest.raises(BadPeriod, match=said):
        period_at(text, office_of(BERLIN), NOW_MS)
