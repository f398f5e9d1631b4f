"""A working week with incidents: each alert is true, none is about an outage, none comes twice.

Six reps in two teams; team T-1 works in the CRM, which sends a heartbeat, team T-2 on the phone, which doesn't.

    Monday     R-1 does nothing from 10:00 to 14:00
    Tuesday    R-2 is ill, and that is recorded
    Wednesday  the phone system is out from 10:30 to 14:00; what was logged meanwhile comes in afterwards
    Thursday   a holiday
    Friday     the CRM is out from 15:30 on
"""

from __future__ import annotations

from random import Random

import pytest

from tests.stream.alerts.watching import Sourced, Watch
from tests.stream.office import OFFICE_HOURS, Line, Office, call, rep

REPS = {"R-1": "T-1", "R-2": "T-1", "R-3": "T-1", "R-4": "T-2", "R-5": "T-2", "R-6": "T-2"}
SOURCE = {"T-1": "crm", "T-2": "phone"}
OPEN, NOON, AFTER, CLOSE = 540, 720, 780, 1020
DAYS = ("2026-05-11", "2026-05-12", "2026-05-13", "2026-05-14", "2026-05-15")
HOLIDAY = "2026-05-14"
WEEKS_BEFORE = tuple(f"2026-{md}" for md in ("04-20", "04-21", "04-22", "04-23", "04-24", "04-27", "04-28", "04-29",
                                           "04-30", "05-01", "05-04", "05-05", "05-06", "05-07", "05-08"))  # fmt: skip


def day_of(random: Random, who: str, day: str, *, skip: tuple[int, int] = (0, 0)) -> list[Sourced]:
    """A rep's calls of a day, 4 to 16 minutes apart, none in ``skip`` (minutes of the day)."""
    found: list[Sourced] = []
    for begin, end in ((OPEN, NOON), (AFTER, CLOSE)):
        at = begin + random.randrange(1, 8)
        while at < end:
            if not skip[0] <= at < skip[1]:
                line = (f"{day} {at // 60:02}:{at % 60:02}", "touch.logged", call(who))
                found.append((SOURCE[REPS[who]], line))
            at += random.randrange(4, 17)
    return found


def heartbeats(day: str, end: int) -> list[Sourced]:
    """Of the CRM, every five minutes of the day up to ``end``."""
    times = [f"{day} {at // 60:02}:{at % 60:02}" for at in range(0, end, 5)]
    return [("crm", (time, "source.heartbeat", {"interval_s": 300})) for time in times]


def office() -> Office:
    """The office as it was hired, with three weeks of history."""
    said: list[Line] = [
        ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS, "holidays": [HOLIDAY]}),
        ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"}),
        *(("2026-01-04 08:00", "roster.changed", rep(who, team=team)) for who, team in REPS.items()),
        ("2026-05-11 17:30", "absence.recorded", {"rep": "R-2", "from": "2026-05-12", "to": "2026-05-13"}),
    ]
    made, random = Office(*said), Random(7)
    history = [each for day in WEEKS_BEFORE for who in REPS for each in day_of(random, who, day)]
    for source in sorted({source for source, _ in history}):
        made.tell(*(line for each, line in history if each == source), source=source)
    return made


def week() -> dict[str, list[Sourced]]:
    """What happens on each day, but for what comes late."""
    random = Random(8)
    events: dict[str, list[Sourced]] = {}
    for day in DAYS:
        if day == HOLIDAY:
            events[day] = heartbeats(day, 1440)
            continue
        events[day] = heartbeats(day, 930 if day == DAYS[4] else 1440)
        for who, team in REPS.items():
            skip = (600, 840) if (who, day) == ("R-1", DAYS[0]) else (0, 0)
            skip = (0, 1440) if (who, day) == ("R-2", DAYS[1]) else skip
            skip = (930, 1440) if team == "T-1" and day == DAYS[4] else skip
            events[day] += day_of(random, who, day, skip=skip)
    return events


@pytest.mark.timeout(300)
@pytest.mark.parametrize("restart_every", [0, 7])
def test_a_week_of_incidents_is_told_truly_and_once(restart_every: int) -> None:
    seen, events = Watch(office()), week()
    wednesday = events[DAYS[2]]
    late = [each for each in wednesday if each[0] == "phone" and "10:30" <= each[1][0][11:] < "14:00"]
    events[DAYS[2]] = [each for each in wednesday if each not in late]
    for day in DAYS:
        if day == DAYS[2]:
            seen.run(f"{day} 08:50", f"{day} 14:01", events[day], restart_every=restart_every, every_min=3)
            seen.office.tell(*(line for _, line in late), source="phone")
            rest = [each for each in events[day] if each[1][0][11:] >= "14:01"]
            seen.run(f"{day} 14:01", f"{day} 17:30", rest, restart_every=restart_every, every_min=3)
        else:
            seen.run(f"{day} 08:50", f"{day} 17:30", events[day], restart_every=restart_every, every_min=3)
        evening = [each for each in events[day] if each[1][0][11:] >= "17:30"]
        seen.run(f"{day} 22:00", f"{day} 22:10", evening, restart_every=restart_every)
    told = [(when[:10], kind, alert, scope) for when, kind, alert, scope in seen.told]
    assert told == [
        (DAYS[0], "fired", "rep_stall", "rep:R-1"),
        (DAYS[0], "resolved", "rep_stall", "rep:R-1"),
        (DAYS[2], "fired", "source_silent", "publisher:phone"),
        (DAYS[2], "resolved", "source_silent", "publisher:phone"),
        (DAYS[4], "fired", "source_silent", "publisher:crm"),
    ]
