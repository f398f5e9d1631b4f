"""Who works when. Three regions in three shifts each cover every hour of every day, so that the board is never dead:
Sydney, Berlin and New York from 7 to 19 o'clock are 36 hours a day, and half of each team works at weekends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from random import Random

from cli.demo.company import DAY_MS, MINUTE_MS, REGIONS, Region, Rep

QUARTER_MS = 15 * MINUTE_MS
"""Shifts begin and end on a quarter of an hour in every zone."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK = {
    "office": (("mon", "tue", "wed", "thu", "fri"), (("08:30", "13:00"), ("14:00", "17:30"))),
    "early": (("wed", "thu", "fri", "sat", "sun"), (("07:00", "12:00"), ("13:00", "16:00"))),
    "late": (("mon", "tue", "wed", "sat", "sun"), (("10:00", "14:00"), ("15:00", "19:00"))),
}
"""Crew → its days and hours by the clock of its region. Only the office has holidays: somebody has to be there."""
AWAY_CHANCE = 0.35
AWAY_DAYS_MAX = 5
BACK_QUARTERS_MAX = 7 * 96


@dataclass(frozen=True)
class Absence:
    """A rep is away in [from_ms, to_ms), whole days of its region; known a day ahead."""

    rep: str
    from_ms: int
    to_ms: int
    reason: str


def shifts_of(crew: str) -> dict[str, list[list[str]]]:
    """A crew's week as a calendar's event has it."""
    days, hours = WEEK[crew]
    return {day: [list(span) for span in hours] for day in days}


def holidays_of(region: Region, crew: str, years: Iterable[int]) -> list[str]:
    """The dates on which a crew is off, in order."""
    if crew != "office":
        return []
    return [date(year, month, day).isoformat() for year in years for month, day in region.holidays]


class Shifts:
    """Who is on duty, among ``reps``."""

    def __init__(self, reps: list[Rep], *, seed: int) -> None:
        self._reps = reps
        self._seed = seed
        # The first of each crew that has weekends is never away, or a region could be empty.
        self._stays = {rep.calendar: rep.id for rep in reversed(reps) if rep.crew != "office"}
        self._away: dict[tuple[str, int, int], Absence | None] = {}
        self.on_duty = lru_cache(maxsize=4_096)(self._on_duty)

    def absence(self, rep: Rep, year: int, month: int) -> Absence | None:
        """The absence of a rep that begins in a month, if there is one."""
        key = (rep.id, year, month)
        if key not in self._away:
            self._away[key] = self._drawn(rep, year, month)
        return self._away[key]

    def back(self, rep: Rep, from_ms: int, minutes: int) -> int | None:
        """The moment from which on a rep has worked ``minutes`` by ``from_ms``; None: not in the last week."""
        quarter, left = from_ms // QUARTER_MS, minutes
        for _ in range(BACK_QUARTERS_MAX):
            start_ms = quarter * QUARTER_MS
            if rep in self.on_duty(start_ms):
                here = (min(from_ms, start_ms + QUARTER_MS) - start_ms) // MINUTE_MS
                if here >= left:
                    return min(from_ms, start_ms + QUARTER_MS) - left * MINUTE_MS
                left -= here
            quarter -= 1
        return None

    def _on_duty(self, quarter_ms: int) -> tuple[Rep, ...]:
        """Who works in the quarter of an hour that begins at ``quarter_ms``."""
        open_calendars = {
            f"{region.name}-{crew}" for region in REGIONS for crew in WEEK if _is_open(region, crew, quarter_ms)
        }
        return tuple(rep for rep in self._reps if rep.calendar in open_calendars and not self._is_away(rep, quarter_ms))

    def _is_away(self, rep: Rep, at_ms: int) -> bool:
        day = datetime.fromtimestamp(at_ms / 1000, rep.region.zone).date()
        earlier = day - timedelta(days=AWAY_DAYS_MAX)
        months = {(day.year, day.month), (earlier.year, earlier.month)}
        absences = (self.absence(rep, *month) for month in months)
        return any(away is not None and away.from_ms <= at_ms < away.to_ms for away in absences)

    def _drawn(self, rep: Rep, year: int, month: int) -> Absence | None:
        random = Random(f"{self._seed}-{rep.id}-{year}-{month}")
        if random.random() >= AWAY_CHANCE or self._stays.get(rep.calendar) == rep.id:
            return None
        first = date(year, month, random.randint(1, 28))
        last = first + timedelta(days=random.randint(1, AWAY_DAYS_MAX))
        reason = random.choice(("vacation", "vacation", "sick leave", "training"))
        return Absence(rep.id, _midnight_ms(first, rep.region), _midnight_ms(last, rep.region), reason)


def months_between(begin_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """Every (year, month) that [begin_ms, end_ms] touches, in UTC."""
    day = datetime.fromtimestamp(begin_ms / 1000, UTC).date().replace(day=1)
    while datetime(day.year, day.month, 1, tzinfo=UTC).timestamp() * 1000 <= end_ms + DAY_MS:
        yield day.year, day.month
        day = (day + timedelta(days=32)).replace(day=1)


def _midnight_ms(day: date, region: Region) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=region.zone).timestamp() * 1000)


def _is_open(region: Region, crew: str, quarter_ms: int) -> bool:
    now = datetime.fromtimestamp(quarter_ms / 1000, region.zone)
    days, hours = WEEK[crew]
    if WEEKDAYS[now.weekday()] not in days or (crew == "office" and (now.month, now.day) in region.holidays):
        return False
    clock = f"{now:%H:%M}"
    return any(start <= clock < end for start, end in hours)
