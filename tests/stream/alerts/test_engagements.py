"""Whoever is with a customer doesn't stall: long touches and appointments, as far as events tell of them."""

from __future__ import annotations

from tests.stream.alerts.test_alert_pictures import every, watch
from tests.stream.alerts.watching import Watch
from tests.stream.office import Line, call

TUESDAY, DAY = "2026-05-12", "2026-05-13"
NOISE = every("R-2", DAY, 540, 1020, 5)


def planned(name: str, said_at: str, starts_at: str) -> Line:
    return (said_at, "appointment.set", {"appointment": name, "rep": "R-1", "starts_at": f"{starts_at}:00+02:00"})


def at_work(*lines: Line) -> Watch:
    """Ann and Bob did something every five minutes on Tuesday."""
    busy = [line for who in ("R-1", "R-2") for _, line in every(who, TUESDAY, 540, 1020, 5)]
    return watch(*busy, *lines)


def test_an_appointment_s_time_does_not_count_until_something_is_heard() -> None:
    """Since 09:51, but two hours from 10:00 on may be the appointment: 9 minutes before it, 82 from one o'clock on."""
    seen = at_work(planned("P-1", f"{TUESDAY} 12:00", f"{DAY}T10:00"))
    told = seen.run(f"{DAY} 09:00", f"{DAY} 14:22", [*NOISE, *every("R-1", DAY, 540, 591, 10)])
    assert told == [(f"{DAY} 14:21", "fired", "rep_stall", "rep:R-1")]
    text = seen.of("rep_stall", "rep:R-1").text
    assert "for 1 h 31 min of working time, since 09:51. Another 120 min with customers don't count." in text


def test_an_appointment_is_over_with_the_next_thing_that_is_done() -> None:
    seen = at_work(planned("P-1", f"{TUESDAY} 12:00", f"{DAY}T09:30"))
    told = seen.run(f"{DAY} 09:00", f"{DAY} 12:00", [*NOISE, *every("R-1", DAY, 540, 591, 10)])
    assert told == [(f"{DAY} 11:21", "fired", "rep_stall", "rep:R-1")]


def test_an_appointment_that_was_taken_back_keeps_nobody_quiet() -> None:
    lines = [planned("P-1", f"{TUESDAY} 12:00", f"{DAY}T10:00")]
    seen = at_work()
    seen.office.tell(*lines, id="plan")
    seen.office.tell(*lines, id="plan", revision=1, voided=True)
    told = seen.run(f"{DAY} 09:00", f"{DAY} 12:00", [*NOISE, *every("R-1", DAY, 540, 591, 10)])
    assert told == [(f"{DAY} 11:21", "fired", "rep_stall", "rep:R-1")]


def test_a_long_meeting_that_is_logged_when_it_ends_was_no_stall() -> None:
    """Ninety minutes from 09:40 on, logged at 11:12 at the time at which it began. The KPI counts as it is defined."""
    seen = at_work()
    seen.run(f"{DAY} 09:00", f"{DAY} 11:10", [*NOISE, *every("R-1", DAY, 540, 581, 5)])
    seen.office.tell((f"{DAY} 09:40", "touch.logged", call("R-1", duration_s=5_400)))
    assert not seen.run(f"{DAY} 11:12", f"{DAY} 12:00", NOISE[26:])
    assert seen.office.value("rep_stall", "rep:R-1", "today", f"{DAY} 12:00").value == 139
    told = seen.run(f"{DAY} 13:00", f"{DAY} 15:00", NOISE[48:])
    assert told == [(f"{DAY} 13:40", "fired", "rep_stall", "rep:R-1")]
