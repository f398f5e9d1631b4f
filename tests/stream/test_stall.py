"""Rep stall: minutes in which somebody should have worked and did nothing that qualifies."""

from __future__ import annotations

from tests.stream.office import OFFICE_HOURS, Office, call, rep

HOURS = ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS,
         "holidays": ["2026-05-14"]})  # fmt: skip
TENANT = ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"})
ANN = ("2026-05-04 08:00", "roster.changed", rep("R-1", team="T-1"))
BOB = ("2026-05-04 08:00", "roster.changed", rep("R-2", team="T-1"))
START = (HOURS, TENANT, ANN, BOB)


def idle(office: Office, scope: str, at: str) -> int | float | None:
    """Minutes."""
    return office.value("rep_stall", scope, "today", at).value


def test_forty_minutes_across_lunch_and_a_holiday() -> None:
    office = Office(*START, ("2026-05-13 11:50", "touch.logged", call("R-1")))
    assert idle(office, "rep:R-1", "2026-05-13 12:00") == 9
    assert idle(office, "rep:R-1", "2026-05-13 13:00") == 9
    assert idle(office, "rep:R-1", "2026-05-13 13:31") == 40
    office.tell(("2026-05-13 16:39", "touch.logged", call("R-1")))
    assert idle(office, "rep:R-1", "2026-05-14 12:00") == 20  # Ascension
    assert idle(office, "rep:R-1", "2026-05-15 09:20") == 40
    assert idle(office, "rep:R-1", "2026-05-18 10:00") == 20 + 420 + 60


def test_what_a_machine_does_is_no_activity_and_a_stage_or_an_appointment_is() -> None:
    office = Office(
        *START,
        ("2026-05-13 09:00", "deal.opened", {"deal": "D-1", "rep": "R-1"}),
        ("2026-05-13 09:10", "deal.stage_changed", {"deal": "D-1", "stage": "demo"}),
        ("2026-05-13 09:30", "touch.logged", {"rep": "R-1", "kind": "sms", "automated": True}),
        ("2026-05-13 09:20", "appointment.held", {"appointment": "P-1", "rep": "R-2"}),
    )
    assert idle(office, "rep:R-1", "2026-05-13 10:00") == 49
    assert idle(office, "rep:R-2", "2026-05-13 10:00") == 39


def test_a_stall_ends_where_a_late_touch_says_and_comes_back_when_it_is_voided() -> None:
    office = Office(*START, ("2026-05-11 09:00", "touch.logged", call("R-1")))
    before = idle(office, "rep:R-1", "2026-05-18 10:00")
    office.tell(("2026-05-13 16:37", "touch.logged", call("R-1")), id="late")
    assert idle(office, "rep:R-1", "2026-05-18 10:00") == 22 + 420 + 60  # to the minute, however old
    office.tell(("2026-05-13 16:37", "touch.logged", call("R-1")), id="late", revision=1, voided=True)
    assert idle(office, "rep:R-1", "2026-05-18 10:00") == before == 419 + 2 * 420 + 420 + 60


def test_an_absence_stops_the_clock_and_its_void_starts_it_again() -> None:
    office = Office(*START, ("2026-05-12 16:59", "touch.logged", call("R-1")))
    assert idle(office, "rep:R-1", "2026-05-15 10:00") == 420 + 60
    away = {"rep": "R-1", "from": "2026-05-13", "to": "2026-05-14", "reason": "ill"}
    office.tell(("2026-05-13 08:00", "absence.recorded", away), id="ill")
    assert idle(office, "rep:R-1", "2026-05-15 10:00") == 60
    dentist = {"rep": "R-1", "from": "2026-05-15T09:10:00+02:00", "to": "2026-05-15T09:30:30+02:00"}
    office.tell(("2026-05-15 08:00", "absence.recorded", dentist))
    assert idle(office, "rep:R-1", "2026-05-15 10:00") == 60 - 21  # the minute of 09:30 begins within it
    office.tell(("2026-05-13 08:00", "absence.recorded", away), id="ill", revision=1, voided=True)
    assert idle(office, "rep:R-1", "2026-05-15 10:00") == 420 + 39


def test_a_shift_on_the_night_the_clock_changes() -> None:
    night = {"calendar": "night", "shifts": {"sun": [["01:00", "05:00"]]}}
    office = Office(
        ("2026-01-01 00:00", "calendar.changed", night),
        ("2026-01-02 08:00", "roster.changed", rep("R-1", calendar="night")),
        ("2026-03-29 00:30", "touch.logged", call("R-1")),
        ("2026-10-25 00:30", "touch.logged", call("R-1")),
    )
    assert idle(office, "rep:R-1", "2026-03-29 12:00") == 180
    assert idle(office, "rep:R-1", "2026-10-25 12:00") == 300


def test_only_who_is_active_is_read_and_a_team_shows_its_longest() -> None:
    office = Office(
        *START,
        ("2026-05-13 09:00", "touch.logged", call("R-1")),
        ("2026-05-13 09:59", "touch.logged", call("R-2")),
        ("2026-05-13 10:00", "touch.logged", call("R-9")),
    )
    team = office.value("rep_stall", "team:T-1", "mtd", "2026-05-13 10:10")
    assert (team.value, team.n, team.unit) == (69, 2, "minutes")
    assert team.facets == {"stalled": 1, "threshold": 60}
    assert [row.scope for row in office.rows("rep_stall", "2026-05-13 10:10")] == [
        *("company", "rep:R-1", "rep:R-2", "team:T-1")
    ]
    assert {row.window for row in office.rows("rep_stall", "2026-05-13 10:10")} == {"today"}
    office.tell(("2026-05-13 18:00", "roster.changed", rep("R-1", active=False)))
    assert office.value("rep_stall", "rep:R-1", "today", "2026-05-14 10:00").value is None
    assert office.value("rep_stall", "team:T-1", "today", "2026-05-14 10:00").n == 1
    assert idle(office, "rep:R-9", "2026-05-13 10:10") is None


def test_this_hour_against_the_same_hour_of_four_weeks() -> None:
    days = [f"2026-05-{day:02}" for day in (4, 5, 6, 7, 11)]
    office = Office(*START, *((f"{day} 10:{n:02}", "touch.logged", call("R-1")) for n, day in enumerate(days)))
    office.tell(("2026-05-13 10:05", "touch.logged", call("R-1")), ("2026-05-13 11:00", "touch.logged", call("R-1")))
    value = office.value("rep_stall", "rep:R-1", "today", "2026-05-13 10:30")
    assert value.facets == {"hour": 1, "norm": 5 / 7, "stalled": 0, "threshold": 60}  # rostered since the 4th
    assert office.value("rep_stall", "rep:R-1", "today", "2026-05-13 12:00").facets["hour"] == 1


def test_without_a_calendar_every_minute_works_and_who_never_did_anything_counts_from_the_roster_on() -> None:
    office = Office(ANN)
    assert idle(office, "rep:R-1", "2026-05-05 00:00") == 1440
    office.tell(("2026-05-05 08:00", "calendar.changed", {"calendar": "later", "shifts": OFFICE_HOURS}))
    office.tell(("2026-05-05 08:01", "roster.changed", rep("R-1", calendar="later")))
    assert idle(office, "rep:R-1", "2026-05-05 10:00") == 1440 + 60
