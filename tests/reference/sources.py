"""Which publishers should have spoken by now and haven't, and whose numbers that leaves in the dark."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from schemas.data import SourceHeartbeat
from schemas.event import Event, Kind
from tests.reference.organisation import Organisation, moment
from tests.reference.timeline import NONE
from tests.reference.working import MINUTE_MS, WorkingTime

DAY_MS = 86_400_000
MISSED = 4
BEATS_MISSED = 3
HABIT_AFTER_MS, FED_DAYS, KEPT_DAYS = 14 * DAY_MS, 28, 91
WEEKS = (1, 2, 3, 4)

CLOSES = (Kind.DEAL_WON, Kind.DEAL_LOST, Kind.DEAL_REOPENED)
ORDERS = (Kind.ORDER_PLACED, Kind.ORDER_REFUNDED)
DEALS = (*CLOSES, Kind.DEAL_OPENED, Kind.OWNER_CHANGED, Kind.STAGE_CHANGED, Kind.AMOUNT_CHANGED)
DEALS_STAND = (*CLOSES, Kind.DEAL_OPENED, Kind.STAGE_CHANGED, Kind.AMOUNT_CHANGED)
FAMILY = {**dict.fromkeys((*CLOSES, Kind.STAGE_CHANGED), DEALS), Kind.ORDER_REFUNDED: ORDERS}
"""Kinds that mean the rep of their deal or order when they name none, and who else speaks of the same things."""
FED_BY = {
    "acquisition_rate": (*CLOSES, Kind.ORDER_PLACED, Kind.LEAD_CREATED),
    **{f"acquisition_rate_{age_d}d": (*CLOSES, Kind.LEAD_CREATED) for age_d in (7, 30, 90)},
    "activity_count": (Kind.TOUCH,),
    "average_deal_size": CLOSES,
    "cycle_length": (*CLOSES, Kind.TOUCH, Kind.LEAD_CREATED, Kind.DEAL_OPENED),
    "deals_won": CLOSES,
    "new_leads": (Kind.LEAD_CREATED,),
    "new_opportunities": (Kind.DEAL_OPENED,),
    "nps": (Kind.SURVEY_ANSWERED,),
    "nps_classes": (Kind.SURVEY_ANSWERED,),
    "rep_stall": (Kind.TOUCH, Kind.STAGE_CHANGED, Kind.APPOINTMENT_HELD),
    "revenue": (*CLOSES, *ORDERS),
    "stalled_deals": (*DEALS_STAND, Kind.TOUCH, Kind.APPOINTMENT_HELD),
    "time_to_convert": (*CLOSES, Kind.LEAD_CREATED),
    "touches_per_won_deal": (*CLOSES, Kind.TOUCH),
    "win_rate": CLOSES,
}


class Heard(NamedTuple):
    """A publisher spoke, with an event of some kind, naming these reps."""

    source: str
    kind: int
    reps: frozenset[str]
    time_ms: int


def heard_of(event: Event) -> Heard:
    """What an event lets one hear."""
    named = [getattr(event.data, "rep", None), *(split.rep for split in getattr(event.data, "splits", None) or ())]
    reps = frozenset(rep for rep in named if rep is not None)
    return Heard(event.source, event.kind, reps or frozenset({NONE}), event.time_ms)


class Sources:
    """The publishers of a tenant at ``as_of_ms``, by what was heard of them before the cut."""

    def __init__(
        self,
        heard: Iterable[Heard],
        organisation: Organisation,
        working: WorkingTime,
        *,
        newest_ms: int,
        as_of_ms: int,
        cut_ms: int,
    ) -> None:
        kept_from_ms = newest_ms // DAY_MS * DAY_MS - KEPT_DAYS * DAY_MS
        self.heard = [one for one in heard if kept_from_ms <= one.time_ms < cut_ms]
        self.organisation, self.working = organisation, working
        self.as_of_ms, self.cut_ms = as_of_ms, cut_ms
        beats = [event for event in organisation.said if isinstance(event.data, SourceHeartbeat)]
        self.beats = [event for event in beats if event.time_ms >= kept_from_ms]
        self._spoken: dict[str, dict[int, set[str]]] = {}
        self._rates: dict[tuple[str, dt.date, int], Fraction] = {}
        names = {one.source for one in self.heard} | {event.source for event in self.beats}
        self.silent = {name: self.last_ms(name) for name in sorted(names) if self.is_silent(name)}

    def moments(self, name: str) -> list[int]:
        """Whenever a publisher was heard."""
        return [one.time_ms for one in self.heard if one.source == name] + [
            event.time_ms for event in self.beats if event.source == name
        ]

    def last_ms(self, name: str) -> int:
        """When a publisher was heard last."""
        return max(self.moments(name))

    def is_silent(self, name: str) -> bool:
        """Whether three beats of its heart are missing; of one that has none, four of the gaps it usually leaves."""
        promised = [event.data.interval_s for event in self.beats
                    if event.source == name and isinstance(event.data, SourceHeartbeat)]  # fmt: skip
        intervals = [seconds for seconds in promised if seconds is not None]
        last_ms, first_ms = self.last_ms(name), min(self.moments(name))
        if intervals:
            return self.as_of_ms - last_ms > BEATS_MISSED * intervals[-1] * 1000
        if self.as_of_ms - first_ms // MINUTE_MS * MINUTE_MS < HABIT_AFTER_MS or not self.rate(name, self.as_of_ms):
            return False
        missed, at_ms = Fraction(0), self.as_of_ms
        while at_ms > last_ms and missed <= MISSED:
            start_ms = max((at_ms - 1) // MINUTE_MS * MINUTE_MS, last_ms)
            rate = self.rate(name, start_ms)
            if not rate:
                break  # It is never heard in this hour: what came before was another day's work.
            missed += rate * Fraction(at_ms - start_ms, MINUTE_MS)
            at_ms = start_ms
        return missed > MISSED

    def rate(self, name: str, at_ms: int) -> Fraction:
        """Heard minutes per minute in that local hour one to four weeks before, since the publisher was first heard."""
        day = self.organisation.day_of(at_ms)
        hour = moment(at_ms, self.organisation.zone_at(at_ms)).hour
        if (name, day, hour) not in self._rates:
            moments = self.moments(name)
            spoken = {time_ms // MINUTE_MS * MINUTE_MS for time_ms in moments}
            minutes = [
                minute
                for weeks in WEEKS
                for minute in self.minutes_of_hour(day - dt.timedelta(weeks=weeks), hour, after_ms=min(moments))
            ]
            share = Fraction(sum(minute in spoken for minute in minutes), len(minutes)) if minutes else Fraction(0)
            self._rates[name, day, hour] = share
        return self._rates[name, day, hour]

    def minutes_of_hour(self, day: dt.date, hour: int, *, after_ms: int) -> list[int]:
        """The minutes of a local hour, none if it was over by then."""
        start_ms = self.working.day_start_ms(day)
        end_ms = self.working.day_start_ms(day + dt.timedelta(days=1))
        zone = self.organisation.zone_at(start_ms)
        minutes = [at_ms for at_ms in range(start_ms, end_ms, MINUTE_MS) if moment(at_ms, zone).hour == hour]
        return minutes if minutes and minutes[-1] + MINUTE_MS > after_ms else []

    def missing(self, kpi: str, scope: str, *, end_ms: int) -> list[str]:
        """The silent publishers that a number up to ``end_ms`` misses."""
        return [
            f"source:{name}"
            for name, last_ms in self.silent.items()
            if last_ms < end_ms and self.feeds(name, FED_BY[kpi], scope, min(end_ms, self.cut_ms) - 1)
        ]

    def spoken(self, name: str) -> dict[int, set[str]]:
        """Of whom a publisher spoke in the last four weeks, by kind; NONE where it named nobody."""
        if name not in self._spoken:
            since_ms = self.cut_ms // DAY_MS * DAY_MS - FED_DAYS * DAY_MS
            found: dict[int, set[str]] = {}
            self._spoken[name] = found
            for one in self.heard:
                if one.source == name and one.time_ms >= since_ms:
                    found.setdefault(one.kind, set()).update(one.reps)
        return self._spoken[name]

    def feeds(self, name: str, kinds: Iterable[int], scope: str, at_ms: int) -> bool:
        """Whether a publisher spoke of anybody in the scope, with one of the kinds, in the last four weeks."""
        spoken = self.spoken(name)
        reps: set[str] = set()
        for kind in (kind for kind in kinds if kind in spoken):
            named = spoken[kind]
            if NONE in named and kind in FAMILY:
                named = {rep for other in FAMILY[Kind(kind)] for rep in spoken.get(other, ())} - {NONE}
                if not named:
                    return True
            reps |= named
        sort, _, wanted = scope.partition(":")
        if sort == "rep":
            return wanted in reps
        if sort in ("team", "territory"):
            group_on = self.organisation.team_on if sort == "team" else self.organisation.territory_on
            return any(group_on(rep, self.organisation.day_of(at_ms)) == wanted for rep in reps)
        return bool(reps)
