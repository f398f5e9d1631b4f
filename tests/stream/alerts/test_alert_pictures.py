"""Alerts as a sales lead sees them: who is told what, when, and of what nobody is told."""

from __future__ import annotations

from tests.stream.alerts.watching import Sourced, Watch
from tests.stream.office import OFFICE_HOURS, Line, Office, at_ms, call, rep, target, win

HOURS = ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS,
         "holidays": ["2026-05-14"]})  # fmt: skip
TENANT = ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"})
ANN = ("2026-05-04 08:00", "roster.changed", rep("R-1", team="T-1"))
BOB = ("2026-05-04 08:00", "roster.changed", rep("R-2", team="T-1"))
SINCE_JANUARY = ("2026-01-04 08:00", "roster.changed", rep("R-1", team="T-1"))
START = (HOURS, TENANT, ANN, BOB)


def calls(who: str, day: str, *times: str, source: str = "crm") -> list[Sourced]:
    """Calls of a rep on a day."""
    return [(source, (f"{day} {time}", "touch.logged", call(who))) for time in times]


def every(who: str, day: str, begin: int, end: int, step: int, source: str = "crm") -> list[Sourced]:
    """Calls every ``step`` minutes from ``begin`` to ``end``, minutes of the day."""
    return calls(who, day, *(f"{at // 60:02}:{at % 60:02}" for at in range(begin, end, step)), source=source)


def beats(day: str, begin: int, end: int, source: str = "crm") -> list[Sourced]:
    """A heartbeat every minute, promised every minute."""
    said = [(f"{day} {at // 60:02}:{at % 60:02}", "source.heartbeat", {"interval_s": 60}) for at in range(begin, end)]
    return [(source, line) for line in said]


def watch(*lines: Line) -> Watch:
    return Watch(Office(*START, *lines))


def test_a_silent_rep_across_lunch_and_a_holiday() -> None:
    """Lunch, the evening, Ascension Day and the weekend stop the clock; only working minutes count."""
    tuesday = every("R-1", "2026-05-12", 540, 1020, 5) + every("R-2", "2026-05-12", 540, 1020, 5)
    seen = watch(*(line for _, line in tuesday), ("2026-05-13 11:49", "touch.logged", call("R-2")))
    events = calls("R-1", "2026-05-13", "11:50", "16:09") + calls("R-2", "2026-05-13", "14:00", "16:59")
    events += calls("R-2", "2026-05-15", "09:15", "10:10")
    seen.run("2026-05-13 11:50", "2026-05-13 17:30", events)
    seen.run("2026-05-14 10:00", "2026-05-14 10:05")
    told = seen.run("2026-05-15 08:55", "2026-05-15 10:30", events[4:])
    assert told == [
        ("2026-05-13 14:21", "fired", "rep_stall", "rep:R-1"),  # 9 before lunch, 82 after it: more than 90
        ("2026-05-13 15:31", "fired", "rep_stall", "rep:R-2"),
        ("2026-05-13 16:09", "resolved", "rep_stall", "rep:R-1"),
        ("2026-05-13 16:59", "resolved", "rep_stall", "rep:R-2"),
        ("2026-05-15 09:40", "fired", "rep_stall", "rep:R-1"),  # 50 on Wednesday, none on Thursday, 41 on Friday
    ]
    record = seen.of("rep_stall", "rep:R-1")
    assert record.text.startswith(
        "R-1 of team T-1 has done nothing that qualifies for 2 h 16 min of working time, since Wed 13 May 16:10."
    )
    assert record.group == "rep_stall/T-1"


def test_while_a_source_is_out_nobody_is_alerted_but_the_source() -> None:
    seen = watch()
    day = "2026-05-13"
    events = beats(day, 540, 600) + every("R-1", day, 540, 600, 10) + every("R-2", day, 540, 600, 10)
    # Out from 10:00 to 15:00; then it speaks again, and both go on working.
    events += beats(day, 900, 1020) + every("R-1", day, 905, 1020, 10) + every("R-2", day, 905, 1020, 10)
    told = seen.run(f"{day} 09:00", f"{day} 17:00", events)
    assert told == [
        (f"{day} 10:03", "fired", "source_silent", "publisher:crm"),
        (f"{day} 15:05", "resolved", "source_silent", "publisher:crm"),
    ]


def test_an_outage_that_lasts_over_the_evening_is_one_alert_and_holds_back_the_stalls_until_it_is_over() -> None:
    """By habit nobody expects the source at night; it is out all the same."""
    seen = watch()
    events: list[Sourced] = []
    for may in (1, 4, 5, 6, 7, 8, 11, 12):
        events += every("R-1", f"2026-05-{may:02}", 540, 1020, 3) + every("R-2", f"2026-05-{may:02}", 540, 1020, 3)
    for source, line in sorted(events, key=lambda each: each[1][0]):
        seen.office.tell(line, source=source)
    for april in (20, 21, 22, 23, 24, 27, 28, 29, 30):  # and two weeks of April, so that it has habits
        for _, line in every("R-1", f"2026-04-{april}", 540, 1020, 3):
            seen.office.tell(line)
    day = "2026-05-13"
    seen.run(f"{day} 14:00", f"{day} 16:00", every("R-1", day, 540, 900, 3) + every("R-2", day, 540, 900, 3))
    seen.run(f"{day} 18:00", f"{day} 18:20")
    told = seen.run("2026-05-15 08:50", "2026-05-15 09:00")
    assert [each[1:] for each in told] == [("fired", "source_silent", "publisher:crm")]
    assert told[0][0].startswith(f"{day} 15:")
    back = every("R-1", "2026-05-15", 540, 700, 3)
    told = seen.run("2026-05-15 09:00", "2026-05-15 11:40", back)[1:]
    assert told == [
        ("2026-05-15 09:05", "resolved", "source_silent", "publisher:crm"),
        # R-2 does nothing on Friday either: counted from when the source spoke again, not over its outage.
        ("2026-05-15 10:36", "fired", "rep_stall", "rep:R-2"),
    ]


def test_flapping_around_a_threshold_fires_once() -> None:
    """Pace between 0.81 and 0.9: it fired below the one, and resolves only above the other."""
    seen = watch(
        ("2026-05-01 00:00", "target.set", target("T", "rep:R-1", "2026-05-01", "2026-06-01", 20_000)),
        ("2026-05-11 09:00", "deal.won", win("R-1", "D-1", 5_600)),
    )
    events: list[Sourced] = [
        ("crm", (f"2026-05-13 {9 + n:02}:30", "deal.won", win("R-1", f"E-{n}", 180))) for n in range(7)
    ]
    events += every("R-1", "2026-05-13", 540, 1020, 30) + every("R-2", "2026-05-13", 540, 1020, 30)
    told = seen.run("2026-05-13 09:00", "2026-05-13 17:00", events)
    assert [each[1:] for each in told if each[2] == "pace_behind"] == [("fired", "pace_behind", "rep:R-1")]
    assert told[0][0] == "2026-05-13 10:00"  # an hour after it began
    seen.office.tell(("2026-05-13 17:00", "deal.won", win("R-1", "D-9", 3_000)))
    told = seen.run("2026-05-13 17:00", "2026-05-13 17:05")
    assert told[-1][1:] == ("resolved", "pace_behind", "rep:R-1")


def test_detractors_rise_for_a_team_and_not_on_too_few_answers() -> None:
    def answers(day: str, scores: list[int]) -> list[Line]:
        said = {"kind": "nps", "scale": {"min": 0, "max": 10}, "rep": "R-1"}
        return [
            (
                f"{day} 10:{n:02}",
                "survey.answered",
                {"account": f"A-{day}-{n}", "survey": f"S-{day}-{n}", "score": s, **said},
            )
            for n, s in enumerate(scores)
        ]

    seen = watch(SINCE_JANUARY, *answers("2026-04-01", [9] * 12), *answers("2026-05-11", [3] * 5))
    seen.office.tell(
        ("2026-05-13 09:00", "touch.logged", call("R-1")), ("2026-05-13 09:00", "touch.logged", call("R-2"))
    )
    assert not [told for told in seen.run("2026-05-13 09:00", "2026-05-13 09:05") if told[2] == "detractors_rising"]
    seen.office.tell(*answers("2026-05-12", [2] * 5))
    told = [told for told in seen.run("2026-05-13 09:05", "2026-05-13 09:10") if told[2] == "detractors_rising"]
    # Of the same customers the company says nothing: its team has said it.
    assert told == [("2026-05-13 09:05", "fired", "detractors_rising", "team:T-1")]


def test_history_is_imported_without_a_word() -> None:
    seen = watch(("2026-05-11 09:00", "touch.logged", call("R-1")))
    assert not seen.run("2026-05-13 09:00", "2026-05-13 12:00")
    assert seen.alerts.live_ms is None
    told = seen.run("2026-05-13 12:00", "2026-05-13 15:00", calls("R-2", "2026-05-13", "13:30"))
    assert told[0] == ("2026-05-13 13:30", "fired", "rep_stall", "rep:R-1")  # live from here on


def test_numbers_that_lag_behind_neither_fire_nor_resolve() -> None:
    seen = watch(("2026-05-13 09:00", "touch.logged", call("R-1")), ("2026-05-13 09:00", "touch.logged", call("R-2")))
    seen.run("2026-05-13 09:00", "2026-05-13 10:00")
    seen.judge(at_ms("2026-05-13 11:00"), is_fresh=False)
    assert not seen.told
    seen.judge(at_ms("2026-05-13 11:01"))
    assert len(seen.told) == 2


def test_a_restart_of_everything_at_any_minute_changes_nothing() -> None:
    events = calls("R-1", "2026-05-13", "09:05", "11:50", "16:09") + calls("R-2", "2026-05-13", "09:05", "15:00")
    always, never = watch(), watch()
    told = never.run("2026-05-13 09:05", "2026-05-13 17:00", events)
    assert len(told) >= 5
    assert always.run("2026-05-13 09:05", "2026-05-13 17:00", events, restart_every=1) == told


def deal(when: str, name: str, owner: str, stage: str, euros: int) -> Line:
    """A deal that opens."""
    said = {"deal": name, "rep": owner, "stage": stage, "amount_minor": euros * 100, "currency": "EUR", "account": name}
    return (when, "deal.opened", said)


def test_deals_that_stand_still_are_their_owner_s_alert_until_all_of_them_move() -> None:
    seen = watch(
        deal("2026-05-11 10:30", "D-1", "R-1", "negotiation", 1_200),
        deal("2026-05-11 09:15", "D-2", "R-1", "proposal", 300),
        deal("2026-05-11 11:30", "D-3", "R-1", "negotiation", 50),
    )
    touches: list[Sourced] = [
        ("crm", (f"2026-05-15 {time}", "touch.logged", call("R-2", deal=name, account=name)))
        for time, name in (("13:00", "D-1"), ("13:30", "D-3"))
    ]
    morning, later = (
        every("R-1", "2026-05-15", begin, end, 30) + every("R-2", "2026-05-15", begin, end, 30)
        for begin, end in ((540, 795), (810, 1020))
    )
    seen.run("2026-05-15 09:00", "2026-05-15 13:15", morning + touches[:1])
    record = seen.of("deal_stall", "rep:R-1")
    assert record.group == "deal_stall/T-1"
    assert record.text == (
        "Stalled deals of R-1 of team T-1: 1 of 3 open ones, each for longer than the working days that its stage "
        "allows. By stage: negotiation 1. Worth 50.00 EUR; the oldest has waited for 4 days."
    )
    told = seen.run("2026-05-15 13:15", "2026-05-15 15:30", later + touches[1:])
    assert told == [
        ("2026-05-15 10:59", "fired", "deal_stall", "rep:R-1"),  # Monday, Tuesday, Wednesday; Thursday is a holiday
        ("2026-05-15 14:30", "resolved", "deal_stall", "rep:R-1"),  # an hour after the last of them moved
    ]
    ended = seen.of("deal_stall", "rep:R-1").text
    assert ended == "None of the 3 open deals of R-1 of team T-1 stands still any more (told: 10:59)."


def test_while_a_source_is_out_no_deal_stalls() -> None:
    seen = watch(deal("2026-05-11 10:30", "D-1", "R-1", "negotiation", 1_200))
    day = "2026-05-15"
    events = beats(day, 540, 600) + every("R-1", day, 540, 600, 10) + every("R-2", day, 540, 600, 10)
    back = beats(day, 780, 840) + every("R-1", day, 780, 840, 10) + every("R-2", day, 780, 840, 10)
    back += [("crm", (f"{day} 13:00", "touch.logged", call("R-1", deal="D-1", account="D-1")))]
    told = seen.run(f"{day} 09:00", f"{day} 14:00", events + back)
    assert [each[1:] for each in told] == [
        ("fired", "source_silent", "publisher:crm"),
        ("resolved", "source_silent", "publisher:crm"),
    ]


def test_stalled_deals_are_told_though_a_rate_is_missing() -> None:
    dollars = deal("2026-05-11 09:15", "D-2", "R-1", "negotiation", 300)
    dollars[2]["currency"] = "USD"
    seen = watch(deal("2026-05-11 09:15", "D-1", "R-1", "negotiation", 1_200), dollars)
    noise = every("R-1", "2026-05-15", 540, 660, 15) + every("R-2", "2026-05-15", 540, 660, 15)
    seen.run("2026-05-15 09:00", "2026-05-15 11:00", noise)
    assert [each[3] for each in seen.fired("deal_stall")] == ["rep:R-1"]
    assert "2 of 2 open ones" in seen.of("deal_stall", "rep:R-1").text
    assert "Worth 1,200 EUR and what is in USD, without a rate;" in seen.of("deal_stall", "rep:R-1").text
