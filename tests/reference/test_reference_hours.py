"""The reference on hours, plans and silence, against numbers worked out by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from tests.reference.readings import Reading
from tests.reference.test_reference_pictures import Line, read

NIGHT = {"sun": [["01:00", "05:00"]]}
BERLIN: Line = ("2026-01-01T00:00:00+00:00", "tenant.configured", {"time_zone": "Europe/Berlin", "calendar": "night"})
HOURS: Line = ("2026-01-01T00:00:00+00:00", "calendar.changed", {"calendar": "night", "shifts": NIGHT})


def idle(said: tuple[Line, ...], *, at: str, lines: list[Line] | None = None) -> Reading:
    """The stall of R-1."""
    quiet: list[Line] = [("2026-01-01T10:00:00+00:00", "lead.created", {"lead": "L"})]
    return read(lines or quiet, "rep_stall", "rep:R-1", "today", at=at, said=said)


def rostered(day: str, **fields: Any) -> Line:
    """R-1 on the roster from a day on."""
    return (f"{day}T00:00:00+00:00", "roster.changed", {"rep": "R-1", **fields})


def test_a_night_shift_is_an_hour_shorter_or_longer_when_clocks_change() -> None:
    spring = (BERLIN, HOURS, rostered("2026-03-28"))
    assert idle(spring, at="2026-03-29T12:00:00+00:00").value == 3 * 60
    autumn = (BERLIN, HOURS, rostered("2026-10-24"))
    assert idle(autumn, at="2026-10-25T12:00:00+00:00").value == 5 * 60


def test_holidays_absences_and_inactive_days_do_not_work() -> None:
    days = {name: [["09:00", "17:00"]] for name in ("mon", "tue", "wed", "thu", "fri")}
    hours: Line = ("2026-01-01T00:00:00+00:00", "calendar.changed",
                   {"calendar": "day", "shifts": days, "holidays": ["2026-11-17"]})  # fmt: skip
    away = {"rep": "R-1", "from": "2026-11-18T12:00:00Z", "to": "2026-11-18T13:30:00Z"}
    said = (
        hours,
        rostered("2026-11-16", calendar="day"),
        ("2026-11-16T00:00:00+00:00", "absence.recorded", away),
        rostered("2026-11-19", active=False),
        rostered("2026-11-20", active=True),
    )
    assert idle(said, at="2026-11-20T23:00:00+00:00").value == 480 + 0 + 390 + 0 + 480
    assert idle(said, at="2026-11-19T12:00:00+00:00").value is None


def test_a_curve_says_how_much_should_be_there_and_a_ramp_weighs_days() -> None:
    won: list[Line] = [
        ("2026-11-05T10:00:00+00:00", "deal.won", {"deal": "D", "rep": "R-1", "amount_minor": 30, "currency": "EUR"})
    ]
    period = {"from": "2026-11-01", "to": "2026-12-01"}
    target = {"target": "G", "kpi": "revenue", "scope": "rep:R-1", "period": period, "value": 100}
    said = (
        rostered("2026-10-01", ramp={"starts_on": "2026-10-16", "months": 2}),
        ("2026-11-01T00:00:00+00:00", "target.set", {**target, "curve": [0.2, 1.0]}),
    )
    reading = read(won, "quota_attainment", "rep:R-1", "mtd", at="2026-11-15T23:59:00+00:00", said=said)
    elapsed = Fraction(15 * 1, 15 * 1 + 15 * 2)  # a third of a full day's weight before the 16th, two thirds after
    assert reading.facets["elapsed"] == elapsed
    assert float(reading.facets["expected"]) == round(100 * 0.2 * 2 * elapsed)
    assert reading.value == Fraction(30, 100)


def test_a_publisher_that_misses_three_beats_is_named_where_it_feeds() -> None:
    lines: list[Line] = [
        ("10:00", "touch.logged", {"rep": "R-1", "kind": "call"}),
        ("10:01", "deal.won", {"deal": "D", "rep": "R-2", "amount_minor": 1, "currency": "EUR"}),
    ]
    said: tuple[Line, ...] = (("10:00", "source.heartbeat", {"interval_s": 15}),)
    silent = read(lines, "activity_count", "rep:R-1", "today", at="10:02", said=said)
    assert (silent.status, silent.missing) == ("partial", ["source:crm"])
    assert read(lines, "activity_count", "rep:R-2", "today", at="10:02", said=said).status == "live"
    assert read(lines, "new_leads", "company", "today", at="10:02", said=said).status == "live"
    assert read(lines, "activity_count", "rep:R-1", "today", at="10:01", said=said).status == "live"


def test_a_publisher_without_a_heartbeat_is_judged_by_its_habit() -> None:
    calls: list[Line] = [
        (f"2026-11-{day:02}T10:{minute:02}:00+00:00", "touch.logged", {"rep": "R-1", "kind": "call"})
        for day in (1, 8, 15)
        for minute in range(0, 60, 5)
    ]  # every five minutes of that hour on three Sundays
    now: list[Line] = [*calls, ("2026-11-22T10:00:00+00:00", "touch.logged", {"rep": "R-1", "kind": "call"})]
    at = {minute: f"2026-11-22T10:{minute:02}:00+00:00" for minute in (20, 21)}
    assert read(now, "activity_count", "company", "today", at=at[20]).status == "live"
    assert read(now, "activity_count", "company", "today", at=at[21]).missing == ["source:crm"]
    assert read(now, "activity_count", "company", "today", at="2026-11-22T11:30:00+00:00").status == "live"
