"""What is late for whom: alerts by what is usual for a rep, and for a publisher."""

from __future__ import annotations

from tests.stream.alerts.test_alert_pictures import START, beats, calls, every, watch
from tests.stream.alerts.watching import Sourced, Told, Watch
from tests.stream.office import Line, Office, call, rep

CAT: Line = ("2026-05-04 08:00", "roster.changed", rep("R-3", team="T-1", name="Cat Carr"))
MONDAY, TUESDAY, DAY, FRIDAY = "2026-05-11", "2026-05-12", "2026-05-13", "2026-05-15"
REPS = ("R-1", "R-2", "R-3")
WEEKS_BEFORE = ("2026-04-21", "2026-04-22", "2026-04-28", "2026-04-29", "2026-05-05", "2026-05-06")


def three(*lines: Line) -> Watch:
    return Watch(Office(*START, CAT, *lines))


def lines(events: list[Sourced]) -> tuple[Line, ...]:
    return tuple(line for _, line in events)


def stalls(told: list[Told]) -> list[Told]:
    return [each for each in told if each[2] == "rep_stall"]


def thrice(who: str, *days: str) -> list[Sourced]:
    return [each for day in days for each in calls(who, day, "09:20", "11:40", "15:30")]


def test_who_does_three_things_a_day_is_not_late_after_90_minutes() -> None:
    """Three activities in seven hours: seven of them take more than two of the rep's days."""
    seen = three(*lines([each for who in REPS for each in thrice(who, "2026-05-07", "2026-05-08", MONDAY)]))
    others = [each for who in REPS[1:] for each in thrice(who, TUESDAY, DAY, FRIDAY)]
    for day in (TUESDAY, DAY, FRIDAY):
        seen.run(f"{day} 09:00", f"{day} 17:00", [each for each in others if day in each[1][0]], every_min=5)
    assert seen.told == [(f"{FRIDAY} 09:30", "fired", "rep_stall", "rep:R-1")]


def test_a_stall_says_who_it_is_and_what_is_usual() -> None:
    seen = three(*lines([each for who in REPS for each in every(who, TUESDAY, 540, 1020, 10)]))
    seen.run(f"{DAY} 09:00", f"{DAY} 10:41", every("R-1", DAY, 540, 690, 10) + calls("R-3", DAY, "09:05"))
    assert seen.fired("rep_stall")[-1] == (f"{DAY} 10:40", "fired", "rep_stall", "rep:R-3")
    record = seen.of("rep_stall", "rep:R-3")
    assert record.title == "Rep stall: Cat Carr (R-3)"
    assert record.text.startswith(
        "Cat Carr (R-3) of team T-1 has done nothing that qualifies for 1 h 35 min of working time, since 09:06. "
        "In so much time it is usually "
    )


def test_of_whom_nothing_was_ever_heard_only_time_since_the_beginning_counts() -> None:
    """The roster is months old, the first event comes today: nobody has done nothing for months."""
    seen = three()
    told = seen.run(f"{DAY} 09:00", f"{DAY} 17:00", every("R-1", DAY, 540, 1020, 10), every_min=5)
    assert not stalls(told)


def test_where_everybody_is_quiet_nobody_stalls() -> None:
    """A phone system without heartbeat goes out before its habits are known; or all are in one meeting."""
    seen = three(*lines([each for who in REPS for each in every(who, TUESDAY, 540, 1020, 10)]))
    events = [each for who in REPS for each in every(who, DAY, 540, 600, 10)]
    assert not seen.run(f"{DAY} 09:00", f"{DAY} 17:00", events, every_min=5)


def in_batches(seen: Watch, day: str, events: list[Sourced]) -> None:
    """A day of which each half hour comes when it is over."""
    for begin in range(540, 1020, 30):
        times = [f"{at // 60:02}:{at % 60:02}" for at in (begin, begin + 30)]
        seen.run(f"{day} {times[0]}", f"{day} {times[1]}", every_min=2)
        part = [line for _, line in events if times[0] <= line[0][11:] < times[1]]
        seen.office.tell(*part)


def test_who_synchronises_every_half_hour_is_not_silent_in_between() -> None:
    """By the times of its events it speaks every two minutes; by when they come it doesn't."""
    before = [each for day in WEEKS_BEFORE for who in REPS for each in every(who, day, 540, 1020, 7)]
    seen = three(*lines(before))
    for day in (TUESDAY, DAY):
        in_batches(seen, day, [each for who in REPS for each in every(who, day, 540, 1020, 7)])
        seen.restart()
    assert not seen.told
    seen.run(f"{DAY} 17:00", f"{DAY} 17:30")
    assert not seen.told


def test_a_clock_that_is_slow_is_one_alert_that_says_so() -> None:
    """Heartbeats every 5 minutes, stamped 12 minutes ago: on the verge of silence all day."""
    seen, at = watch(), 540
    for at in range(540, 720, 5):
        seen.office.tell((f"{DAY} {(at - 12) // 60:02}:{(at - 12) % 60:02}", "source.heartbeat", {"interval_s": 300}))
        seen.office.tell((f"{DAY} {(at - 12) // 60:02}:{(at - 12) % 60:02}", "touch.logged", call("R-1")))
        seen.run(f"{DAY} {at // 60:02}:{at % 60:02}", f"{DAY} {(at + 5) // 60:02}:{(at + 5) % 60:02}")
    assert [each[1:] for each in seen.told] == [("fired", "source_silent", "publisher:crm")]
    assert "what is 15 min old: it lags, or its clock is slow" in seen.of("source_silent", "publisher:crm").text
    seen.run(f"{DAY} 12:00", f"{DAY} 13:00", beats(DAY, 720, 780))
    assert seen.told[-1][1:] == ("resolved", "source_silent", "publisher:crm")
