"""Whether a rep's stall is worth an alert: long for this rep, of today, and known to the end."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from zoneinfo import ZoneInfo

from schemas.alert import AlertDefinition
from schemas.cells import MINUTE_MS
from schemas.kpi import KpiDefinition
from stream.alerts.engagements import engaged_minutes, engagements
from stream.alerts.lateness import EVENTS, Lateness
from stream.board.feeds import kinds_of, reps_fed
from stream.board.forms.stall import idle_minutes, last_minute, qualifying_in
from stream.board.moment import Moment
from stream.board.reference.roster import active_at
from stream.board.reference.working import absences_of, timesheet_of
from stream.board.sources import is_fed_by, newest_of, sources_at, speaking_of
from stream.board.windows import Window
from stream.calendars import local_time

HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN
USUAL_DAYS = 28
KNOWN_MIN = 240
"""Working minutes of which somebody has to be known before anything is usual."""
FIRST_DAY_MIN = 480
OTHERS = 2
LEAST_FREE = 4
"""Of so many minutes one at least is thought to be free, whatever is said of the others."""


@dataclass(frozen=True)
class Stall:
    """A rep's stall: its last qualifying minute (None: never any), the working minutes since, of which ``forgiven``
    don't count, how many activities a minute are usual (None: not known yet), and how many of the minutes were with
    customers.
    """

    rep: str
    last: int | None
    idle: int
    forgiven: int = 0
    pace: float | None = None
    engaged: int = 0

    @property
    def since_ms(self) -> int | None:
        """When it began."""
        return None if self.last is None else (self.last + 1) * MINUTE_MS

    @property
    def counted(self) -> int:
        """The minutes that count."""
        return self.idle - self.forgiven

    @property
    def usual(self) -> float | None:
        """How many activities are usual in so much time."""
        return None if self.pace is None else self.pace * self.counted

    def less(self, forgiven: int) -> Stall:
        """The same, with so many minutes that don't count."""
        return replace(self, forgiven=forgiven)

    def is_long(self, definition: AlertDefinition) -> bool:
        """Whether it is long, also for this rep. Who was never heard of gets a day: they may not be there to sell."""
        if self.last is None and self.counted <= FIRST_DAY_MIN:
            return False
        return self.counted > definition.fire and (self.usual is None or self.usual >= definition.of_usual)

    def may_escalate(self, definition: AlertDefinition) -> bool:
        """Whether it is long enough for this rep to be somebody else's, too."""
        return self.usual is None or self.usual >= definition.of_usual_escalated

    def evidence(self) -> dict[str, int | float | str]:
        """What is told besides: what is usual and what doesn't count, in numbers and in words."""
        found: dict[str, int | float | str] = {}
        words = ""
        if self.engaged:
            found["engaged"] = self.engaged
            words += f" Another {self.engaged} min with customers don't count."
        if self.usual is not None:
            found["usual"] = round(self.usual, 2)
            words += f" In so much time it is usually {self.usual:.1f} activities."
        return found | {"habit": words}


def stall_of(moment: Moment, kpi: KpiDefinition, definition: AlertDefinition, rep: str, live: int) -> Stall | None:
    """A rep's stall; None for whoever isn't active. What is usual is read only where it decides anything; of whom
    nothing was ever heard, only what passed since events come as they happen (``live``, a UTC minute) counts.
    """
    organisation = moment.board.organisation
    if rep not in active_at(organisation, moment.cut_ms):
        return None
    last, idle = last_minute(moment, kpi, rep), idle_minutes(moment, kpi, rep)
    if last is None:
        sheet = timesheet_of(organisation, moment.cut_ms, rep)
        return Stall(rep, last, idle, max(idle - sheet.minutes(live, moment.cut), 0))
    if idle <= definition.fire:
        return Stall(rep, last, idle)
    sheet = timesheet_of(organisation, moment.cut_ms, rep)
    engaged = sum(sheet.minutes(*span) for span in engagements(moment, rep, last, definition.appointment_min))
    return Stall(rep, last, idle, engaged, _pace(moment, kpi, rep), engaged)


def _pace(moment: Moment, kpi: KpiDefinition, rep: str) -> float | None:
    """Qualifying activities that the rep usually does in a working minute, until its last; while too little is known of
    the rep, those of its team.
    """
    done, worked = _done(moment, kpi, rep)
    if worked < KNOWN_MIN:
        active = active_at(moment.board.organisation, moment.cut_ms)
        team = [each for each, said in active.items() if said.team == active[rep].team]
        both = [_done(moment, kpi, each) for each in team]
        done, worked = sum(each for each, _ in both), sum(each for _, each in both)
    return done / worked if worked >= KNOWN_MIN else None


def _done(moment: Moment, kpi: KpiDefinition, rep: str) -> tuple[int, int]:
    """What a rep did in the USUAL_DAYS up to its last activity, and in how many working minutes it was free to."""
    last = last_minute(moment, kpi, rep)
    if last is None:
        return 0, 0
    done = list(qualifying_in(moment, kpi, rep, last + 1 - USUAL_DAYS * DAY_MIN, last + 1))
    sheet = timesheet_of(moment.board.organisation, moment.cut_ms, rep)
    first = min(pane for pane, _ in done)
    worked = sheet.minutes(first, last + 1)
    engaged = engaged_minutes(moment, rep, first, last + 1)
    return sum(amount for _, amount in done), max(worked - engaged, worked // LEAST_FREE)


def is_at_work(moment: Moment, rep: str) -> bool:
    """Whether a rep could stall now: not one who is away, or of whom nobody said when they work."""
    organisation, cut = moment.board.organisation, moment.cut
    if any(start < cut <= end for start, end in absences_of(organisation, moment.cut_ms).get(rep, ())):
        return False
    now = timesheet_of(organisation, moment.cut_ms, rep).within(cut - 1, cut)
    return not any(piece.week is None or piece.week.minutes(cut - DAY_MIN, cut) == DAY_MIN for piece in now)


def is_of_today(moment: Moment, definition: AlertDefinition, stall: Stall, zone: ZoneInfo) -> bool:
    """Whether enough of a stall is of the rep's present day."""
    local = local_time(moment.cut - 1, zone)
    today = moment.cut - 1 - local.hour * HOUR_MIN - local.minute
    sheet = timesheet_of(moment.board.organisation, moment.cut_ms, stall.rep)
    since = today if stall.last is None else max(today, stall.last + 1)
    return sheet.minutes(since, moment.cut) >= definition.of_today_min


def is_witnessed(
    moment: Moment, kpi: KpiDefinition, definition: AlertDefinition, stall: Stall, window: Window, lateness: Lateness
) -> bool:
    """Whether a stall is long as far as is known: what was done in time may still be on its way.

    A publisher that sends heartbeats has to have been heard since the stall was one. And one that speaks for others who
    work, too, has to have brought something of anybody since; where they are all quiet, it isn't this rep. One that
    speaks for nobody else, and comes late, gets its time.
    """
    if stall.last is None:
        return True
    scope, told = f"rep:{stall.rep}", list[int]()
    for name, source in sources_at(moment).items():
        if not is_fed_by(moment, name, kpi.measures, scope, window):
            continue
        if source.interval_s is not None and not _was_long(moment, definition, stall, source.last_ms):
            return False
        newest_ms = newest_of(moment.board.heard, (name, 0), moment) or 0
        if not _speaks_for_others(moment, kpi, name, stall):
            newest_ms = max(newest_ms, moment.as_of_ms - (lateness.of(f"{EVENTS}/{name}") or 0) * MINUTE_MS)
        told.append(newest_ms)
    return not told or _was_long(moment, definition, stall, max(told))


def _was_long(moment: Moment, definition: AlertDefinition, stall: Stall, at_ms: int) -> bool:
    """Whether a stall was already long at an earlier moment."""
    sheet = timesheet_of(moment.board.organisation, moment.cut_ms, stall.rep)
    idle = sheet.minutes((stall.last or 0) + 1, min(at_ms // MINUTE_MS + 1, moment.cut))
    return replace(stall, idle=idle).is_long(definition)


def _speaks_for_others(moment: Moment, kpi: KpiDefinition, name: str, stall: Stall) -> bool:
    """Whether a publisher speaks for OTHERS more who should have worked since a stall began."""
    reps = reps_fed(speaking_of(moment, name), kinds_of(kpi.measures))
    organisation, since = moment.board.organisation, (stall.last or 0) + 1
    active = active_at(organisation, moment.cut_ms)
    others = (rep for rep in (active.keys() if reps is None else reps & active.keys()) if rep != stall.rep)
    worked = (rep for rep in others if timesheet_of(organisation, moment.cut_ms, rep).minutes(since, moment.cut))
    return len(list(islice(worked, OTHERS))) == OTHERS
