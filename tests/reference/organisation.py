"""Reference data as of a moment: time zone, calendar, roster and rates, each looked up by walking all versions."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from schemas.data import RateSet, RosterChanged, TenantConfigured
from schemas.event import Event
from tests.reference.timeline import NONE

UTC = dt.UTC
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name."""
    return ZoneInfo(name)


def moment(time_ms: int, zone: dt.tzinfo = UTC) -> dt.datetime:
    """An instant on the clocks of a zone."""
    return (EPOCH + dt.timedelta(milliseconds=time_ms)).astimezone(zone)


def midnight_ms(day: dt.date, zone: dt.tzinfo) -> int:
    """When a local day begins."""
    return int((dt.datetime(day.year, day.month, day.day, tzinfo=zone) - EPOCH) / dt.timedelta(milliseconds=1))


class Organisation:
    """What a tenant said about itself in events before ``before_ms``, in order of time, source and id.

    An event changes what it gives; what it leaves out stays as it was.
    """

    def __init__(self, events: list[Event], *, before_ms: int) -> None:
        said = sorted(
            (e for e in events if e.time_ms < before_ms and not e.voided), key=lambda e: (e.time_ms, e.source, e.id)
        )
        self.said = said
        self._days: dict[int, dt.date] = {}
        self.configured = [(e.time_ms, e.data) for e in said if isinstance(e.data, TenantConfigured)]
        self.rostered = [(e.time_ms, e.data) for e in said if isinstance(e.data, RosterChanged)]
        self.rated = [(e.time_ms, e.data) for e in said if isinstance(e.data, RateSet)]

    # The calendar

    def zones(self) -> list[tuple[int, dt.date, dt.tzinfo]]:
        """(beginning, first day, zone) in the order said: each rules from the beginning of its own local day on."""
        found: list[tuple[int, dt.date, dt.tzinfo]] = []
        for said_ms, configured in self.configured:
            if configured.time_zone is not None:
                zone = zone_named(configured.time_zone)
                day = moment(said_ms, zone).date()
                found.append((midnight_ms(day, zone), day, zone))
        return found

    def zone_at(self, time_ms: int) -> dt.tzinfo:
        """The zone in force: of those that have begun, the one said last; UTC before the first."""
        begun = [zone for start_ms, _, zone in self.zones() if start_ms <= time_ms]
        return begun[-1] if begun else UTC

    def day_of(self, time_ms: int) -> dt.date:
        """The local date of an instant. A date begins once: what is left of it under an old zone is the day before."""
        if time_ms not in self._days:
            day = moment(time_ms, self.zone_at(time_ms)).date()
            ahead = [
                first - dt.timedelta(days=1)
                for start_ms, first, zone in self.zones()
                if start_ms > time_ms and self.zone_at(start_ms) is zone
            ]
            self._days[time_ms] = min([day, *ahead])
        return self._days[time_ms]

    def week_starts_on(self) -> int:
        """The first day of the week in force, 1 is Monday."""
        return next(
            (said.week_starts_on for _, said in reversed(self.configured) if said.week_starts_on is not None), 1
        )

    def fiscal_year_starts_in(self) -> int:
        """The first month of the fiscal year in force, 1 is January."""
        return next(
            (
                said.fiscal_year_starts_in
                for _, said in reversed(self.configured)
                if said.fiscal_year_starts_in is not None
            ),
            1,
        )

    def base_currency(self) -> str | None:
        """The base currency in force, if any was ever set."""
        return next(
            (said.base_currency for _, said in reversed(self.configured) if said.base_currency is not None), None
        )

    def ranking(self) -> str:
        """The ranking policy in force."""
        return next((said.ranking for _, said in reversed(self.configured) if said.ranking is not None), "full")

    def min_n(self) -> int:
        """How many it takes for a ratio to be believed."""
        return next((said.min_n for _, said in reversed(self.configured) if said.min_n is not None), 1)

    # The roster and the rates

    def team_on(self, rep: str, day: dt.date) -> str:
        """The team of a rep by the roster in force at the end of a local day."""
        given = [said.team for said_ms, said in self.rostered if said.rep == rep and self.day_of(said_ms) <= day]
        return next((team for team in reversed(given) if team is not None), NONE)

    def territory_on(self, rep: str, day: dt.date) -> str:
        """The territory of a rep, likewise."""
        given = [said.territory for _, said in self.entries(rep, day)]
        return next((territory for territory in reversed(given) if territory is not None), NONE)

    def has_territories(self) -> bool:
        """Whether the roster names any territory."""
        return any(said.territory is not None for _, said in self.rostered)

    def rostered_reps(self) -> list[str]:
        """Every rep that has a roster entry."""
        return sorted({said.rep for _, said in self.rostered})

    def entries(self, rep: str, day: dt.date) -> list[tuple[int, RosterChanged]]:
        """The roster versions of a rep that were said by the end of a local day, oldest first."""
        return [(said_ms, said) for said_ms, said in self.rostered if said.rep == rep and self.day_of(said_ms) <= day]

    def is_active(self, rep: str, day: dt.date) -> bool:
        """Whether the rep is on the roster on a local day, and active."""
        entries = self.entries(rep, day)
        given = [said.active for _, said in entries if said.active is not None]
        return bool(entries) and (given[-1] if given else True)

    def rate_on(self, currency: str, base: str, day: dt.date) -> Fraction | None:
        """Units of the base currency for one of ``currency`` at the end of a local day; None where none was set."""
        if currency == base:
            return Fraction(1)
        versions = [said for said_ms, said in self.rated if said.currency == currency and self.day_of(said_ms) <= day]
        return Fraction(versions[-1].base_per_unit) if versions else None
