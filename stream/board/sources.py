"""Publishing sources: when each was last heard, whether it should have been heard since, and what it feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from schemas.cells import DAY_MS, MINUTE_MS
from stream.board.feeds import Speaking, kinds_of, reps_fed
from stream.board.heard import DAY_MIN, Heard, Minutes, Rhythm, is_over, kept_from
from stream.board.moment import Moment
from stream.board.reference.roster import NOBODY, Groups
from stream.board.windows import Window
from stream.calendars import Calendar

HEARTBEATS_MISSED = 3
GAPS_MISSED = 4
"""No event for three times its heartbeat's interval, or for four times its usual gap: then a source is silent."""
WEEKS = (1, 2, 3, 4)
HABIT_AFTER_MS = 14 * DAY_MS
"""Nobody has habits earlier than this after they were first heard."""
FED_DAYS = 28
HOUR_MIN = 60


@dataclass(frozen=True)
class Source:
    """A publisher at a moment. It keeps either its heartbeat's interval or its habit: the usual gap in minutes at this
    hour of the week, None where it is not usually heard.
    """

    name: str
    last_ms: int
    interval_s: int | None
    usual_gap_min: Fraction | None
    is_silent: bool


def sources_at(moment: Moment) -> dict[str, Source]:
    """Every publisher heard before the cut, as far back as that is kept, by name."""
    heard, key = moment.board.heard, ("sources", moment.cut, moment.as_of_ms, moment.calendar)
    return heard.remember(key, lambda: {source.name: source for source in _sources(moment)})


def silent_sources(moment: Moment) -> list[Source]:
    """The publishers that should have been heard since."""
    found = moment.readings.get(("silent",))
    if not isinstance(found, list):
        found = moment.readings["silent",] = [source for source in sources_at(moment).values() if source.is_silent]
    return found


def silent_feeders(moment: Moment, measures: Iterable[str], scope: str, window: Window) -> list[str]:
    """The silent sources that feed any of the measures in a scope, and might have spoken about the window since."""
    silent = [source.name for source in silent_sources(moment) if source.last_ms < window.end * MINUTE_MS]
    return sorted(name for name in silent if is_fed_by(moment, name, measures, scope, window))


def is_fed_by(moment: Moment, name: str, measures: Iterable[str], scope: str, window: Window) -> bool:
    """Whether a publisher feeds any of the measures in a scope."""
    reps = reps_fed(speaking_of(moment, name), kinds_of(measures))
    return _are_in(moment, scope, reps, min(window.end, moment.cut) - 1)


def speaking_of(moment: Moment, name: str) -> Speaking:
    """For whom a publisher spoke, by kind, since the beginning of the UTC day 28 days before the cut."""
    heard = moment.board.heard
    return heard.remember(("speaking", name, moment.cut), lambda: _speaking(heard, moment, name))


def _speaking(heard: Heard, moment: Moment, name: str) -> Speaking:
    since_day = moment.cut // DAY_MIN - FED_DAYS
    oldest_day = kept_from(moment.board.newest_ms)
    speaking: Speaking = {}
    for (kind, rep, span), (first_ms, last_day) in heard.spoken.get(name, {}).items():
        if first_ms < moment.cut_ms and last_day >= since_day and not is_over(span, oldest_day):
            speaking.setdefault(kind, set()).add(rep)
    return speaking


def _are_in(moment: Moment, scope: str, reps: set[str] | None, minute: int) -> bool:
    """Whether any of the reps (None: whoever there is) belongs to a scope in that minute."""
    kind, _, name = scope.partition(":")
    if reps is None:
        return True
    if kind == "rep":
        return name in reps
    if kind not in ("team", "territory"):
        return bool(reps)
    groups = moment.spans if kind == "team" else moment.territories
    return any(name in _groups_of(groups, rep, minute) for rep in reps)


def _groups_of(groups: Groups, rep: str, minute: int) -> set[str]:
    """The groups of a rep in a minute; NOBODY's for whom the roster doesn't know."""
    found = {
        name for name, members in groups.items() if any(low <= minute < high for low, high in members.get(rep, ()))
    }
    return found or {NOBODY}


def _sources(moment: Moment) -> Iterable[Source]:
    heard, oldest_day = moment.board.heard, kept_from(moment.board.newest_ms)
    newest: dict[str, list[tuple[int, int]]] = {}  # → (newest moment, − interval) of each rhythm
    for (name, interval_s), days in heard.minutes.items():
        last_ms = _newest(days, oldest_day, moment.cut)
        if last_ms is not None:
            newest.setdefault(name, []).append((last_ms, -interval_s))
    for name, rhythms in sorted(newest.items()):
        last_ms = max(at_ms for at_ms, _ in rhythms)
        promised = [rhythm for rhythm in rhythms if rhythm[1]]
        if promised:
            interval_s = -max(promised)[1]
            is_silent = moment.as_of_ms - last_ms > HEARTBEATS_MISSED * interval_s * 1_000
            yield Source(name, last_ms, interval_s, None, is_silent)
        else:
            habit = Habit(heard.minutes[name, 0], oldest_day, moment.calendar)
            gap = habit.usual_gap_min(moment.as_of_ms)
            is_silent = gap is not None and habit.misses(last_ms, moment.as_of_ms)
            yield Source(name, last_ms, None, gap, is_silent)


def newest_of(heard: Heard, rhythm: Rhythm, moment: Moment) -> int | None:
    """The newest moment (epoch ms) of a publisher's rhythm before the cut."""
    return _newest(heard.minutes.get(rhythm, {}), kept_from(moment.board.newest_ms), moment.cut)


def _newest(days: dict[int, Minutes], oldest_day: int, cut: int) -> int | None:
    """The newest moment (epoch ms) before a cut (UTC minutes)."""
    for day in sorted(days, reverse=True):
        if oldest_day <= day and day * DAY_MIN < cut:
            minutes = days[day]
            heard = np.flatnonzero(np.frombuffer(minutes, np.uint16)[: cut - day * DAY_MIN])
            if len(heard):
                at = int(heard[-1])
                return (day * DAY_MIN + at) * MINUTE_MS + minutes[at] - 1
    return None


class Habit:
    """In which minutes a publisher was heard, hour of the week by hour of the week, over the four weeks before."""

    def __init__(self, days: dict[int, Minutes], oldest_day: int, calendar: Calendar) -> None:
        self._days = {day: minutes for day, minutes in days.items() if day >= oldest_day}
        self._calendar = calendar
        self._rates: dict[tuple[date, int], Fraction] = {}
        first_day = min(self._days)
        self._first = first_day * DAY_MIN + int(np.flatnonzero(np.frombuffer(self._days[first_day], np.uint16))[0])

    def usual_gap_min(self, at_ms: int) -> Fraction | None:
        """Minutes from one heard minute to the next, usually, at this hour of the week; None: not usually heard."""
        rate = self._rate(at_ms // MINUTE_MS) if at_ms - self._first * MINUTE_MS >= HABIT_AFTER_MS else None
        return 1 / rate if rate else None

    def misses(self, last_ms: int, at_ms: int) -> bool:
        """Whether it would usually have been heard in more than GAPS_MISSED minutes since it was, or since an hour in
        which it is never heard; each hour by its own habit.
        """
        missed, end_ms = Fraction(0), at_ms
        while end_ms > last_ms and missed <= GAPS_MISSED:
            minute = (end_ms - 1) // MINUTE_MS
            start_ms = max((self._calendar.hour_end(minute) - HOUR_MIN) * MINUTE_MS, last_ms)
            rate = self._rate(minute)
            if not rate:
                break
            missed += rate * Fraction(end_ms - start_ms, MINUTE_MS)
            end_ms = start_ms
        return missed > GAPS_MISSED

    def _rate(self, minute: int) -> Fraction:
        """Heard minutes per minute, in the same local hour one to four weeks before, as far as it was known by then."""
        hour = self._calendar.hour_of(minute)
        rate = self._rates.get(hour)
        if rate is None:
            spans = [self._calendar.hour_span(hour[0] - timedelta(weeks=weeks), hour[1]) for weeks in WEEKS]
            known = [(start, end) for start, end in spans if start < end and self._first < end]
            heard = sum(self._heard(start, end) for start, end in known)
            rate = Fraction(heard, sum(end - start for start, end in known)) if known else Fraction(0)
            self._rates[hour] = rate
        return rate

    def _heard(self, start: int, end: int) -> int:
        """Distinct minutes heard in [start, end)."""
        heard = 0
        for day in range(start // DAY_MIN, (end - 1) // DAY_MIN + 1):
            minutes = self._days.get(day)
            if minutes is not None:
                part = minutes[max(start - day * DAY_MIN, 0) : end - day * DAY_MIN]
                heard += len(part) - part.count(0)
        return heard
