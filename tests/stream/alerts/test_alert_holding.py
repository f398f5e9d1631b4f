"""What holds an alert back, and what it says of whom: pictures of a week that a stranger simulated."""

from __future__ import annotations

from typing import Any

from tests.stream.alerts.test_alert_pictures import ANN, BOB, beats, calls, every, watch
from tests.stream.alerts.watching import Sourced, Told, Watch
from tests.stream.office import OFFICE_HOURS, Line, Office, call, rep, target, win

DAY = "2026-05-13"
NEW_YORK = {"calendar": "new york", "time_zone": "America/New_York", "shifts": OFFICE_HOURS}


def stalls(seen: Watch) -> list[Told]:
    return [each for each in seen.told if each[2] == "rep_stall"]


def test_whoever_has_no_shift_plan_has_no_working_time_to_do_nothing_in() -> None:
    """Without a calendar every minute would count, and every night would be a stall."""
    seen = Watch(Office(ANN, BOB, (f"{DAY} 16:00", "touch.logged", call("R-1"))))
    assert not seen.run(f"{DAY} 16:00", f"{DAY} 23:00")


def test_a_stall_that_an_absence_explains_is_over_though_its_minutes_stay() -> None:
    seen = watch((f"{DAY} 09:00", "touch.logged", call("R-1")), (f"{DAY} 09:00", "touch.logged", call("R-2")))
    away: Line = (
        f"{DAY} 10:45",
        "absence.recorded",
        {"rep": "R-1", "from": f"{DAY}T10:45:00+02:00", "to": "2026-05-16T00:00:00+02:00"},
    )
    seen.run(f"{DAY} 09:00", f"{DAY} 11:00", [("hr", away)])
    assert [each for each in stalls(seen) if each[3] == "rep:R-1"] == [
        (f"{DAY} 10:31", "fired", "rep_stall", "rep:R-1"),
        (f"{DAY} 10:45", "resolved", "rep_stall", "rep:R-1"),
    ]
    assert (
        seen.of("rep_stall", "rep:R-1").text == "R-1 of team T-1 is away, or no longer expected to work (told: 10:31)."
    )


def test_who_has_just_begun_the_day_is_not_late_yet() -> None:
    """85 minutes of Tuesday afternoon make no stall five minutes into Wednesday; half an hour of Wednesday does."""
    events = calls("R-1", "2026-05-12", "15:34") + calls("R-2", "2026-05-12", "15:34") + calls("R-1", DAY, "09:12")
    seen = watch()
    seen.run("2026-05-12 15:30", "2026-05-12 17:10", events[:2])
    told = seen.run(f"{DAY} 08:55", f"{DAY} 09:40", events[2:])
    assert told == [(f"{DAY} 09:29", "fired", "rep_stall", "rep:R-2")]


def test_a_stall_is_told_only_once_its_publisher_was_heard_since() -> None:
    """The last heartbeat came while Ann could still have been in time: what she did then may be on its way."""
    seen = watch()
    events = beats(DAY, 540, 627) + every("R-2", DAY, 540, 627, 5) + calls("R-1", DAY, "09:00")
    events += beats(DAY, 660, 720) + every("R-2", DAY, 660, 720, 5) + calls("R-1", DAY, "11:00")
    told = seen.run(f"{DAY} 09:00", f"{DAY} 12:00", events)
    assert [each[1:] for each in told] == [
        ("fired", "source_silent", "publisher:crm"),
        ("resolved", "source_silent", "publisher:crm"),
    ]


def test_after_an_outage_an_older_stall_says_all_of_its_time() -> None:
    seen = watch()
    events = beats(DAY, 540, 660) + every("R-2", DAY, 540, 660, 5) + calls("R-1", DAY, "09:00")
    events += beats(DAY, 690, 720) + every("R-2", DAY, 690, 720, 5)
    told = seen.run(f"{DAY} 09:00", f"{DAY} 12:00", events)
    assert [each for each in told if each[2] == "rep_stall"] == [(f"{DAY} 10:31", "fired", "rep_stall", "rep:R-1")]
    assert "for 2 h 55 min of working time, since 09:01." in seen.of("rep_stall", "rep:R-1").text


def test_whoever_was_told_of_a_stall_is_told_of_its_end_though_the_rep_changes_teams() -> None:
    seen = watch((f"{DAY} 09:00", "touch.logged", call("R-1")), (f"{DAY} 09:00", "touch.logged", call("R-2")))
    seen.run(f"{DAY} 09:00", f"{DAY} 11:00", [("hr", (f"{DAY} 10:40", "roster.changed", rep("R-1", team="T-2")))])
    assert seen.of("rep_stall", "rep:R-1").value == 116.0
    assert seen.of("rep_stall", "rep:R-1").team == "T-1"
    seen.run(f"{DAY} 11:00", f"{DAY} 11:02", calls("R-1", DAY, "11:00"))
    over = seen.of("rep_stall", "rep:R-1")
    assert (over.state, over.team, over.group) == ("resolved", "T-1", "rep_stall/T-1")
    assert over.text == "R-1 of team T-1 is active again. Nothing had been heard since 09:01 (told: 10:31)."
    assert not over.next_step


def test_moments_are_those_of_where_the_rep_works() -> None:
    zed = ("2026-05-04 08:00", "roster.changed", rep("R-9", team="T-9", calendar="new york"))
    seen = watch(("2026-01-01 00:00", "calendar.changed", NEW_YORK), zed, (f"{DAY} 15:20", "touch.logged", call("R-9")))
    told = seen.run(f"{DAY} 15:20", f"{DAY} 17:00")
    assert (f"{DAY} 16:51", "fired", "rep_stall", "rep:R-9") in told
    assert "since 09:21 (New York time)." in seen.of("rep_stall", "rep:R-9").text


def behind(who: dict[str, float], team_sells: float) -> Watch:
    """A month's targets of 20,000 each and 40,000 of the team; what each rep has sold by the 11th."""
    wanted = {"rep:R-1": 20_000.0, "rep:R-2": 20_000.0, "team:T-1": team_sells}
    seen = watch(*(
        ("2026-05-01 00:00", "target.set", target(scope, scope, "2026-05-01", "2026-06-01", euros))
        for scope, euros in wanted.items()
    ))  # fmt: skip
    sold: list[Line] = [("2026-05-11 09:00", "deal.won", win(name, f"D-{name}", euros)) for name, euros in who.items()]
    seen.office.tell(*sold)
    both = every("R-1", DAY, 540, 720, 20) + every("R-2", DAY, 540, 720, 20)
    seen.run(f"{DAY} 09:00", f"{DAY} 11:00", both)
    return seen


def test_a_team_behind_its_target_is_one_alert_and_not_one_for_each_of_its_reps() -> None:
    seen = behind({"R-1": 2_000, "R-2": 3_000}, 40_000)
    assert [each[3] for each in seen.fired("pace_behind")] == ["team:T-1"]
    on_track = behind({"R-1": 2_000, "R-2": 30_000}, 40_000)
    assert [each[3] for each in on_track.fired("pace_behind")] == ["rep:R-1"]


def test_money_is_said_as_money() -> None:
    record = behind({"R-1": 2_000.40, "R-2": 30_000}, 40_000).of("pace_behind", "rep:R-1")
    assert ": 2,000 EUR of a target of 20,000 EUR, 7," in record.text
    assert "18,000 EUR to go" in record.text
    assert record.evidence["numerator"] == 200_040


def test_nobody_is_behind_in_the_first_quarter_of_a_month_but_teams() -> None:
    """Two sales decide about a rep then, and chance about them."""
    month = ("2026-05-01 00:00", "target.set", target("A", "rep:R-1", "2026-05-01", "2026-06-01", 20_000))
    seen = watch(month)
    seen.run("2026-05-07 13:00", "2026-05-07 17:00", every("R-1", "2026-05-07", 780, 1020, 20))
    assert not seen.fired("pace_behind")


def answers(day: str, scores: list[int]) -> list[Sourced]:
    said: dict[str, Any] = {"kind": "nps", "scale": {"min": 0, "max": 10}, "rep": "R-1"}
    named = [
        (f"{day} 10:{n:02}", {"account": f"A-{day}-{n}", "survey": f"S-{day}-{n}", "score": s, **said})
        for n, s in enumerate(scores)
    ]
    return [("forms", (at, "survey.answered", answer)) for at, answer in named]


def test_two_detractors_of_ten_are_chance() -> None:
    seen = watch(*(line for _, line in answers("2026-03-02", [9] * 20)))
    seen.run(f"{DAY} 09:50", f"{DAY} 10:30", answers(DAY, [3, 4] + [9] * 8))
    assert not seen.fired("detractors_rising")


def test_detractors_around_a_fifth_make_one_alert() -> None:
    seen = watch(*(line for _, line in answers("2026-03-02", [9] * 60)))
    events = answers(DAY, [3] * 5 + [9] * 20) + answers("2026-05-14", [9, 3, 9, 9, 9, 9, 3, 9, 9, 9])
    for day in (DAY, "2026-05-14"):
        seen.run(f"{day} 10:00", f"{day} 10:40", [each for each in events if each[1][0].startswith(day)])
    assert [each[1:] for each in seen.told if each[2] == "detractors_rising" and each[3] == "company"] == [
        ("fired", "detractors_rising", "company")
    ]
    assert seen.of("detractors_rising", "company").text == (
        "Of 35 customers of the company who answered in 30 days 7 are detractors: 20 %, 12.6 points more than the "
        "share of the last 90 days, 7.4 %. Since yesterday 10:09."
    )


def test_who_has_left_is_behind_no_target() -> None:
    month = ("2026-05-01 00:00", "target.set", target("A", "rep:R-1", "2026-05-01", "2026-06-01", 20_000))
    seen = watch(month, ("2026-05-12 18:00", "roster.changed", rep("R-1", active=False)))
    seen.run(f"{DAY} 09:00", f"{DAY} 12:00", every("R-2", DAY, 540, 720, 20))
    assert not seen.fired("pace_behind")
