"""Stalls: how long a rep has done nothing, in minutes in which it should have worked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import cast

from schemas.kpi import KpiDefinition
from stream.board.forms.form import Form
from stream.board.forms.reading import Number, Reading, shortest
from stream.board.moment import Moment
from stream.board.reference.roster import NOBODY, active_at, rosters_of
from stream.board.reference.working import timesheet_of
from stream.board.windows import BEGINNING_MIN, Window
from stream.catalogue.catalogue import Catalogue

DAY_MIN = 24 * 60
LOOKS_BACK_MIN = (DAY_MIN, 8 * DAY_MIN, 64 * DAY_MIN)
"""How far back the last activity is looked for, the usual case first."""
NORM_DAYS = 28


def read_stall(moment: Moment, __: Catalogue, definition: KpiDefinition, scope: str, ___: Window) -> Reading:
    """Working, rostered minutes since the last qualifying one; of a team or the company the longest of anybody's.

    A level: the window changes nothing. Only who is rostered and active now is read.
    """
    kind, _, scope_id = scope.partition(":")
    active = active_at(moment.board.organisation, moment.cut_ms)
    if kind == "rep":
        return _of_rep(moment, definition, scope_id) if scope_id in active else Reading(None, 0)
    reps = [rep for rep, said in active.items() if kind == "company" or (said.team or NOBODY) == scope_id]
    if not reps:
        return Reading(None, 0)
    idle = [idle_minutes(moment, definition, rep) for rep in reps]
    threshold = definition.threshold or 0
    stalled = sum(minutes > threshold for minutes in idle)
    facets: dict[str, Number] = {"stalled": stalled, "threshold": threshold}
    return Reading(max(idle), len(idle), facets=facets, is_listed=True)


def stall_scopes(moment: Moment, _: Catalogue, definition: KpiDefinition) -> set[str]:
    """The reps who are rostered and active, their teams, and the company if there are any."""
    active = active_at(moment.board.organisation, moment.cut_ms)
    scopes = {f"rep:{rep}" for rep in active} | {f"team:{said.team or NOBODY}" for said in active.values()}
    scopes |= {"company"} if active else set()
    return {scope for scope in scopes if scope.partition(":")[0] in definition.scopes}


def _of_rep(moment: Moment, definition: KpiDefinition, rep: str) -> Reading:
    idle, threshold = idle_minutes(moment, definition, rep), definition.threshold or 0
    hours = _hours(moment)
    sheet = timesheet_of(moment.board.organisation, moment.cut_ms, rep)
    whole = hours[-1].day_start, hours[0].day_end
    key = ("worked", sheet.within(*whole))
    worked = cast("tuple[bool, ...] | None", moment.readings.get(key))
    if worked is None:
        worked = tuple(sheet.minutes(hour.day_start, hour.day_end) > 0 for hour in hours[1:])
        moment.readings[key] = worked
    done = _done(moment, definition, rep, hours)
    facets: dict[str, Number] = {"hour": done[0]}
    if any(worked):
        usual = sum(count for count, is_worked in zip(done[1:], worked, strict=True) if is_worked)
        facets["norm"] = shortest(Fraction(usual, sum(worked)))
    facets |= {"stalled": int(idle > threshold), "threshold": threshold}
    return Reading(idle, 1, facets=facets, is_listed=True)


@dataclass(frozen=True)
class Hour:
    """A local hour [start, end) of a day [day_start, day_end), UTC minutes."""

    start: int
    end: int
    day_start: int
    day_end: int


def _hours(moment: Moment) -> list[Hour]:
    """The local hour of the cut, and the same hour of the NORM_DAYS days before, backwards."""
    found = cast("list[Hour] | None", moment.readings.get(("hours",)))
    if found is None:
        calendar = moment.calendar
        today, hour = calendar.hour_of(moment.cut - 1)
        days = [today - timedelta(days=back) for back in range(NORM_DAYS + 1)]
        found = moment.readings["hours",] = [
            Hour(*calendar.hour_span(day, hour), calendar.day_start(day), calendar.day_start(day + timedelta(days=1)))
            for day in days
        ]
    return found


def _done(moment: Moment, definition: KpiDefinition, rep: str, hours: list[Hour]) -> list[int]:
    """Qualifying activity in each of the hours, which are in order backwards."""
    done = [0] * len(hours)
    starts = [-hour.start for hour in hours]
    for pane, amount in qualifying_in(moment, definition, rep, hours[-1].start, moment.cut):
        at = bisect_left(starts, -pane)
        if at < len(hours) and pane < hours[at].end:
            done[at] += amount
    return done


def idle_minutes(moment: Moment, definition: KpiDefinition, rep: str) -> int:
    """Working minutes of an active rep after its last qualifying minute, or since it was rostered, before the cut."""
    key = ("idle", definition.slug, rep)
    found = moment.readings.get(key)
    if not isinstance(found, int):
        organisation = moment.board.organisation
        last = last_minute(moment, definition, rep)
        since = rosters_of(organisation, moment.cut_ms)[rep][0].start if last is None else last + 1
        found = moment.readings[key] = timesheet_of(organisation, moment.cut_ms, rep).minutes(since, moment.cut)
    return found


def last_minute(moment: Moment, definition: KpiDefinition, rep: str) -> int | None:
    """The last minute before the cut in which the rep did anything that qualifies."""
    high = moment.cut
    for low in (*(moment.cut - back for back in LOOKS_BACK_MIN), BEGINNING_MIN):
        done: dict[int, int] = {}
        for pane, amount in qualifying_in(moment, definition, rep, low, high):
            done[pane] = done.get(pane, 0) + amount
        last = max((pane for pane, amount in done.items() if amount > 0), default=None)
        if last is not None:
            return last
        high = low
    return None


def qualifying_in(
    moment: Moment, definition: KpiDefinition, rep: str, start: int, end: int
) -> Iterator[tuple[int, int]]:
    """What qualifies of a rep in the panes of [start, end) and was known before the cut: pane, how much."""
    for term in definition.numerator:
        for facet, series in moment.board.find(term.measure, "rep", rep).items():
            if term.facet is None or facet == term.facet:
                for pane, amount in series.amounts(start, end, moment.cut):
                    yield pane, amount * term.weight


def _no_pane(_: Moment, __: Catalogue, ___: KpiDefinition) -> None:
    """A level has no closed periods."""


STALL = Form(read_stall, stall_scopes, _no_pane)
