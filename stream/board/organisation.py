"""Reference data of a tenant as it was: roster, rates and settings, each in force from its own time, by their highest
revisions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from schemas.cells import MINUTE_MS
from schemas.data import Data, RateSet, RosterChanged, TenantConfigured
from schemas.event import Event, same_content
from schemas.verdicts import Code
from stream.calendars import Calendar, zone_spans

FOREVER_MIN = 2**62
CACHED_MAX = 1_000
"""Readings remembered between changes; every ``as_of`` makes some of its own."""

D = TypeVar("D", bound=Data)


@dataclass(frozen=True)
class Membership:
    """A rep belongs to ``team`` for panes in [start, end), UTC minutes."""

    team: str | None
    start: int
    end: int


class Organisation:
    """Organisation events by identity; what they say is read as of a cut (epoch ms): only events before it count."""

    def __init__(self) -> None:
        self.events: dict[tuple[str, str, str], Event] = {}  # (subject, source, id) → highest revision
        self._cache: dict[tuple[object, ...], object] = {}

    def judge(self, event: Event) -> Code:
        """The verdict on an event, which is stored if it is accepted."""
        identity = (event.subject, event.source, event.id)
        held = self.events.get(identity)
        if held is not None:
            if event.revision < held.revision:
                return Code.SUPERSEDED
            if event.revision == held.revision:
                return Code.DUPLICATE if same_content(held, event) else Code.CONFLICT
        self.events[identity] = event
        self._cache.clear()
        return Code.ACCEPTED

    def in_force(self, shape: type[D], cut_ms: int) -> list[tuple[int, D]]:
        """(time_ms, data) of what kind of event is in force before the cut, in order of time, then source and id."""
        chosen = [e for e in self.events.values() if isinstance(e.data, shape) and e.time_ms < cut_ms]
        chosen.sort(key=lambda e: (e.time_ms, e.source, e.id))
        return [(e.time_ms, e.data) for e in chosen if isinstance(e.data, shape)]

    def _remember(self, key: tuple[object, ...], value: object) -> None:
        if len(self._cache) > CACHED_MAX:
            self._cache.clear()
        self._cache[key] = value

    def calendar(self, cut_ms: int) -> Calendar:
        """Zones, week and fiscal year as configured before the cut. Unset: UTC, Monday, January."""
        found = self._cache.get(("calendar", cut_ms))
        if isinstance(found, Calendar):
            return found
        zones: list[tuple[int, str]] = []
        week, fiscal = 1, 1
        for time_ms, data in self.in_force(TenantConfigured, cut_ms):
            if data.time_zone is not None:
                zones.append((time_ms, data.time_zone))
            week = data.week_starts_on or week
            fiscal = data.fiscal_year_starts_in or fiscal
        calendar = Calendar(zone_spans(zones), week, fiscal)
        self._remember(("calendar", cut_ms), calendar)
        return calendar

    def base_currency(self, cut_ms: int) -> str | None:
        """The configured base currency, or None."""
        base: str | None = None
        for _, data in self.in_force(TenantConfigured, cut_ms):
            base = data.base_currency or base
        return base

    def min_n(self, cut_ms: int) -> int | None:
        """What a ratio must rest on at least, as configured, or None."""
        least: int | None = None
        for _, data in self.in_force(TenantConfigured, cut_ms):
            least = data.min_n if data.min_n is not None else least
        return least

    def rates(self, currency: str, cut_ms: int, calendar: Calendar) -> list[tuple[int, Fraction]]:
        """(first minute, base units per unit) in order; each rate rules the days at whose end it is in force."""
        key = ("rates", currency, cut_ms)
        found = self._cache.get(key)
        if not isinstance(found, list):
            found = [
                (_day_start(time_ms, calendar), Fraction(data.base_per_unit))
                for time_ms, data in self.in_force(RateSet, cut_ms)
                if data.currency == currency
            ]
            self._remember(key, found)
        return found

    def memberships(self, cut_ms: int, calendar: Calendar) -> dict[str, list[Membership]]:
        """For each rostered rep the teams it was in, day by day; what a later change leaves out stays as it was."""
        key = ("memberships", cut_ms)
        found = self._cache.get(key)
        if not isinstance(found, dict):
            changes: dict[str, list[tuple[int, str | None]]] = {}
            for time_ms, data in self.in_force(RosterChanged, cut_ms):
                history = changes.setdefault(data.rep, [])
                team = data.team or (history[-1][1] if history else None)
                history.append((_day_start(time_ms, calendar), team))
            found = {rep: list(_spans(history)) for rep, history in changes.items()}
            self._remember(key, found)
        return found


def _day_start(time_ms: int, calendar: Calendar) -> int:
    """The first minute of the local day at whose end a version of that time is in force."""
    return calendar.day_start(calendar.date_of(time_ms // MINUTE_MS))


def _spans(history: list[tuple[int, str | None]]) -> Iterator[Membership]:
    for at, (start, team) in enumerate(history):
        end = history[at + 1][0] if at + 1 < len(history) else FOREVER_MIN
        if start < end:
            yield Membership(team, start, end)
