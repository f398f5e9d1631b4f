"""The demo's company: regions, teams, reps, and what an event of theirs looks like."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

TENANT = "demo"
ZONE = ZoneInfo("Europe/Berlin")
BASE_CURRENCY = "EUR"
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
OFFICE = "office"
"""Who publishes settings, roster, calendars, absences, targets and rates."""
FIRST = (
    *("Ada", "Ben", "Cem", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Juna"),
    *("Kai", "Lia", "Max", "Nele", "Oskar", "Pia", "Quin", "Rosa", "Sam", "Tara"),
)
LAST = ("Aydin", "Baker", "Cerny", "Diaz", "Eriksen", "Fontana", "Grant", "Hoang", "Ito", "Jansen")
REPS_MAX = len(FIRST) * len(LAST)


@dataclass(frozen=True)
class Region:
    """Where teams sit: its clock, its money and how much of it things cost, and its holidays as (month, day)."""

    name: str
    zone: ZoneInfo
    currency: str
    prices: float
    holidays: tuple[tuple[int, int], ...]


EMEA = Region("EMEA", ZONE, "EUR", 1.0, ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)))
AMERICAS = Region("Americas", ZoneInfo("America/New_York"), "USD", 1.1, ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25)))
APAC = Region("APAC", ZoneInfo("Australia/Sydney"), "AUD", 1.65, ((1, 1), (1, 26), (4, 25), (12, 25), (12, 26)))
REGIONS = (EMEA, AMERICAS, APAC)
TEAMS = {"Rhine": EMEA, "Nordic": EMEA, "Hudson": AMERICAS, "Lakes": AMERICAS, "Harbour": APAC}
CREWS = ("office", "early", "office", "late")
"""Who works when (see `shifts`): half of a team from Monday to Friday, the others in crews that work at weekends."""


@dataclass(frozen=True)
class Rep:
    """Somebody who sells. ``skill`` is 1 on average; quotas follow it."""

    id: str
    name: str
    team: str
    crew: str
    skill: float

    @property
    def region(self) -> Region:
        """Where the rep's team sits."""
        return TEAMS[self.team]

    @property
    def calendar(self) -> str:
        """The id of the rep's working calendar."""
        return f"{self.region.name}-{self.crew}"


def reps_of(count: int, *, seed: int) -> list[Rep]:
    """The first ``count`` reps, at most REPS_MAX. The same seed, the same people."""
    random, teams = Random(f"{seed}-reps"), list(TEAMS)
    reps = []
    for number in range(count):
        name = f"{FIRST[number % len(FIRST)]} {LAST[(number // len(FIRST) + number) % len(LAST)]}"
        crew = CREWS[(number // len(teams) + number % len(teams)) % len(CREWS)]
        reps.append(Rep(f"R-{number + 1}", name, teams[number % len(teams)], crew, random.uniform(0.7, 1.35)))
    return reps


@dataclass(frozen=True)
class DemoEvent:
    """An event before it is written as JSON. ``time_ms`` is epoch milliseconds; ``backfill`` marks history."""

    type: str
    id: str
    subject: str
    time_ms: int
    data: dict[str, Any] = field(default_factory=dict)
    source: str = "crm"
    revision: int = 0
    voided: bool = False
    backfill: bool = False

    def attributes(self) -> dict[str, Any]:
        """The event as a CloudEvent, ready for JSON."""
        cloud: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": stamp(self.time_ms),
            "subject": self.subject,
            "tenant": TENANT,
        }
        if self.revision:
            cloud["revision"] = self.revision
        if self.voided:
            cloud["voided"] = True
        if self.backfill:
            cloud["backfill"] = True
        if not self.voided:
            cloud["data"] = self.data
        return cloud


def stamp(time_ms: int) -> str:
    """RFC 3339 to the millisecond."""
    day, rest = divmod(time_ms, DAY_MS)
    seconds, ms = divmod(rest, 1_000)
    return f"{_date(day)}T{seconds // 3_600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}Z"


@lru_cache(maxsize=1_024)
def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).strftime("%Y-%m-%d")


def instant(time_ms: int) -> str:
    """RFC 3339, to the second."""
    return datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
