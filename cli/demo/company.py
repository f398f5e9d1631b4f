"""The demo's company: its reps, teams and settings, as organisation events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

TENANT = "demo"
ZONE = ZoneInfo("Europe/Berlin")
BASE_CURRENCY = "EUR"
OTHER_CURRENCY = "USD"
TEAMS = ("north", "south")
DAY_MS = 86_400_000
NAMES = ("Ada", "Ben", "Cem", "Dora", "Emil", "Fay", "Gus", "Hana", "Ivo", "Juna", "Kai", "Lia", "Max", "Nele", "Pia")


@dataclass(frozen=True)
class DemoEvent:
    """An event before it is written as JSON. ``time_ms`` is epoch milliseconds; ``backfill`` marks history."""

    type: str
    id: str
    subject: str
    time_ms: int
    data: dict[str, Any] = field(default_factory=dict)
    source: str = "demo/crm"
    revision: int = 0
    voided: bool = False
    backfill: bool = False

    def attributes(self) -> dict[str, Any]:
        """The event as a CloudEvent, ready for JSON."""
        moment = datetime.fromtimestamp(self.time_ms // 1000, UTC).replace(
            microsecond=self.time_ms % 1000 * 1000, tzinfo=None
        )
        cloud: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "time": moment.isoformat(timespec="milliseconds") + "Z",
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


def rep_ids(reps: int) -> list[str]:
    """R-1, R-2, …"""
    return [f"R-{n}" for n in range(1, reps + 1)]


def team_of(number: int) -> str:
    """The team of the rep with this number, counted from 0."""
    return TEAMS[number % len(TEAMS)]


def organisation(begin_ms: int, end_ms: int, *, reps: int) -> Iterator[DemoEvent]:
    """Settings, roster and rates from the day before ``begin_ms`` on; half-way the last rep changes teams."""
    start = begin_ms - DAY_MS
    middle = (begin_ms + end_ms) // 2
    settings = {"time_zone": str(ZONE), "base_currency": BASE_CURRENCY, "week_starts_on": "monday"}
    yield _organisation("sales.tenant.configured", "settings", start, settings)
    for number, rep in enumerate(rep_ids(reps)):
        data = {"rep": rep, "name": NAMES[number % len(NAMES)], "team": team_of(number)}
        yield _organisation("sales.roster.changed", f"roster-{rep}", start, data)
    mover = rep_ids(reps)[-1]
    moved = {"rep": mover, "name": NAMES[(reps - 1) % len(NAMES)], "team": team_of(reps)}
    yield _organisation("sales.roster.changed", f"roster-{mover}-moved", middle, moved)
    yield _organisation("sales.rate.set", "rate-1", start, {"currency": OTHER_CURRENCY, "base_per_unit": "0.9137"})
    yield _organisation("sales.rate.set", "rate-2", middle, {"currency": OTHER_CURRENCY, "base_per_unit": "0.9211"})


def _organisation(kind: str, identity: str, time_ms: int, data: dict[str, Any]) -> DemoEvent:
    return DemoEvent(kind, identity, TENANT, time_ms, data, source="demo/office")
