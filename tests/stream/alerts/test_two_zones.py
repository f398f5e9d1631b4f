"""Berlin and New York around the end of October: every notice of four working days, worked out by hand.

Whoever works does something every ten minutes, so nobody stalls but for what is said here. Europe has left summer time
on the Sunday between, New York hasn't: from Monday on they are five hours apart. Judged every five minutes.

    Friday     B-1 stops at 15:25, and begins again on Monday; B-2 stops at 16:05, until Monday 10:15
    Monday     N-1 does nothing from 09:45 to 15:05 in New York
    Tuesday    a holiday in Berlin, where the CRM is out from 03:00 to 03:40
    Wednesday  B-2 is ill, recorded at 10:50; Berlin's CRM is out from 14:00 to 14:40, and what was done meanwhile comes
               at 14:50; N-2 doesn't come, and leaves the company at 11:00 in New York

Team N has sold nothing of its target, nor has any of its reps: one alert, and N-2's end is not the end of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.stream.alerts.watching import Sourced, Told, Watch
from tests.stream.office import BERLIN, OFFICE_HOURS, Line, Office, at_ms, call, rep, target

FRIDAY, MONDAY, TUESDAY, WEDNESDAY = "2026-10-23", "2026-10-26", "2026-10-27", "2026-10-28"
DAYS = (FRIDAY, MONDAY, TUESDAY, WEDNESDAY)
NEW_YORK = ZoneInfo("America/New_York")
LONG_LUNCH = {day: [["09:00", "12:30"], ["13:15", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}
SHIFTS = {"B": ((540, 720), (780, 1020)), "N": ((540, 750), (795, 1050))}
ZONES, SOURCES = {"B": BERLIN, "N": NEW_YORK}, {"B": "crm/eu", "N": "crm/us"}
REPS = ("B-1", "B-2", "B-3", "N-1", "N-2", "N-3")
IDLE = {
    "B-1": ((f"{FRIDAY} 15:30", f"{MONDAY} 09:00"),),
    "B-2": ((f"{FRIDAY} 16:10", f"{MONDAY} 10:10"), (f"{WEDNESDAY} 00:00", "2026-11-01 00:00")),
    "B-3": ((f"{WEDNESDAY} 13:20", f"{WEDNESDAY} 14:30"),),
    "N-1": ((f"{MONDAY} 14:50", f"{MONDAY} 20:00"),),
    "N-2": ((f"{WEDNESDAY} 00:00", "2026-11-01 00:00"),),
}
"""When somebody does nothing, in Berlin's time as everything below."""
OUTAGES = ((f"{TUESDAY} 03:00", f"{TUESDAY} 03:40"), (f"{WEDNESDAY} 14:00", f"{WEDNESDAY} 14:40"))
SAID: tuple[Sourced, ...] = (
    ("hr", (f"{WEDNESDAY} 10:50", "absence.recorded", {"rep": "B-2", "from": WEDNESDAY, "to": "2026-10-30"})),
    ("hr", (f"{WEDNESDAY} 16:00", "roster.changed", rep("N-2", active=False))),
)

TRUTH: list[Told] = [
    (
        f"{FRIDAY} 10:05",
        "fired",
        "pace_behind",
        "team:N",
    ),  # an hour after the first call
    # B-1's 94 minutes at the end of Friday: nobody else was heard after the 90th, and on Monday it is at work.
    (f"{MONDAY} 09:45", "fired", "rep_stall", "rep:B-2"),  # 54 minutes on Friday, 41 today; B-1 was heard at 09:45
    (f"{MONDAY} 10:15", "resolved", "rep_stall", "rep:B-2"),
    (f"{MONDAY} 16:25", "fired", "rep_stall", "rep:N-1"),  # 11:25 in New York
    (f"{MONDAY} 19:35", "escalated", "rep_stall", "rep:N-1"),  # 164 minutes before lunch, 77 after it
    (f"{MONDAY} 20:05", "resolved", "rep_stall", "rep:N-1"),
    (f"{TUESDAY} 03:15", "fired", "source_silent", "publisher:crm/eu"),  # last heard at 02:55
    (f"{TUESDAY} 03:45", "resolved", "source_silent", "publisher:crm/eu"),
    (f"{WEDNESDAY} 10:35", "fired", "rep_stall", "rep:B-2"),  # 4 minutes on Monday, 96 today
    (f"{WEDNESDAY} 10:50", "resolved", "rep_stall", "rep:B-2"),
    (f"{WEDNESDAY} 14:15", "fired", "source_silent", "publisher:crm/eu"),
    (f"{WEDNESDAY} 14:45", "resolved", "source_silent", "publisher:crm/eu"),
    (f"{WEDNESDAY} 15:35", "fired", "rep_stall", "rep:N-2"),  # 4 minutes on Tuesday, 96 today: 10:35 in New York
    (f"{WEDNESDAY} 16:00", "resolved", "rep_stall", "rep:N-2"),
]


def within(spans: tuple[tuple[str, str], ...], when: str) -> bool:
    return any(begin <= when < end for begin, end in spans)


def touches(who: str, day: str) -> Iterator[Sourced]:
    """What a rep does on a day, as it happens: every ten minutes from five past on, but for when nothing is done."""
    zone = ZONES[who[0]]
    for begin, end in SHIFTS[who[0]]:
        for minute in range(begin - begin % 10 + (5 if begin % 10 < 5 else 15), end, 10):
            there = datetime.fromisoformat(f"{day} {minute // 60:02}:{minute % 60:02}").replace(tzinfo=zone)
            when = f"{there.astimezone(BERLIN):%Y-%m-%d %H:%M}"
            if not within(IDLE.get(who, ()), when) and not (who[0] == "B" and day == TUESDAY):
                yield SOURCES[who[0]], (when, "touch.logged", call(who))


def heartbeats(day: str, begin: int, end: int) -> Iterator[Sourced]:
    """Of both systems, every five minutes that they run."""
    for minute in range(begin, end, 5):
        when = f"{day} {minute // 60:02}:{minute % 60:02}"
        yield "crm/us", (when, "source.heartbeat", {"interval_s": 300})
        if not within(OUTAGES, when):
            yield "crm/eu", (when, "source.heartbeat", {"interval_s": 300})


def two_offices() -> Office:
    since = "2026-01-01 00:00"
    said: list[Line] = [
        (since, "calendar.changed", {"calendar": "B", "shifts": OFFICE_HOURS, "holidays": [TUESDAY]}),
        (since, "calendar.changed", {"calendar": "N", "shifts": LONG_LUNCH, "time_zone": NEW_YORK.key}),
        *((since, "roster.changed", rep(who, team=who[0], calendar=who[0])) for who in REPS),
        *((since, "target.set", target(scope, scope, "2026-10-01", "2026-11-01", 1_000))
          for scope in ("team:N", "rep:N-1", "rep:N-2", "rep:N-3")),
    ]  # fmt: skip
    made = Office(*said)
    for source, line in (each for who in REPS for each in touches(who, "2026-10-22")):
        made.tell(line, source=source)
    return made


@pytest.mark.takes(20)
def test_every_notice_of_four_days_is_true_wherever_everything_is_restarted() -> None:
    seen = Watch(two_offices())
    for day in DAYS:
        done = [each for who in REPS for each in touches(who, day)]
        lost = [each for each in done if each[0] == "crm/eu" and within(OUTAGES[1:], each[1][0])]
        live = [each for each in done if each not in lost] + [each for each in SAID if each[1][0].startswith(day)]
        live += [*heartbeats(day, 160, 240), *heartbeats(day, 520, 1350)]
        if day == TUESDAY:
            night = [each for each in live if each[1][0] < f"{day} 04:00"]
            seen.run(f"{day} 02:45", f"{day} 04:00", night, restart_every=1, every_min=5)
        live = [each for each in live if each[1][0] >= f"{day} 08:00"]
        late_at = f"{day} 14:50" if day == WEDNESDAY else f"{day} 12:00"
        before = [each for each in live if at_ms(each[1][0]) < at_ms(late_at)]
        seen.run(f"{day} 08:50", late_at, before, restart_every=1, every_min=5)
        seen.office.tell(*(line for _, line in lost), source="crm/eu")
        after = [each for each in live if each not in before]
        seen.run(late_at, f"{day} 22:30", after, restart_every=1, every_min=5)
    assert seen.told == TRUTH
