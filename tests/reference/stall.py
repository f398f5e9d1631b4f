"""How long a rep has done nothing, in minutes in which it should have worked."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

from tests.reference.facts import Fact
from tests.reference.figures import Figures, given, of
from tests.reference.organisation import Organisation, moment
from tests.reference.working import MINUTE_MS, WorkingTime

THRESHOLD_MIN = 60
NORM_DAYS = 28


class Stalls:
    """The stalls of an organisation's reps at a cut."""

    def __init__(self, facts: list[Fact], organisation: Organisation, working: WorkingTime, *, cut_ms: int) -> None:
        self.qualifying = of(facts, "qualifying")
        self.organisation, self.working, self.cut_ms = organisation, working, cut_ms
        self.today = organisation.day_of(cut_ms - 1)
        active = [rep for rep in organisation.rostered_reps() if organisation.is_active(rep, self.today)]
        self.teams = {rep: organisation.team_on(rep, self.today) for rep in active}
        self.idle = {rep: self.idle_minutes(rep) for rep in active}

    def idle_minutes(self, rep: str) -> int:
        """Working minutes after the rep's last qualifying one, or since it was rostered."""
        first = self.organisation.day_of(min(ms for ms, said in self.organisation.rostered if said.rep == rep))
        last = max((fact.at_ms // MINUTE_MS * MINUTE_MS for fact in self.qualifying if fact.rep == rep), default=None)
        if last is not None:
            first = max(first, self.organisation.day_of(last))
        idle = 0
        for day, start_ms, end_ms in self.working.days(first, self.today + dt.timedelta(days=1)):
            minutes = self.working.minutes(rep, day, start_ms, end_ms)
            idle += sum(at_ms < self.cut_ms and (last is None or at_ms > last) for at_ms in minutes)
        return idle

    def hour_of(self, at_ms: int) -> tuple[dt.date, int]:
        """The local day and hour of an instant."""
        return self.organisation.day_of(at_ms), moment(at_ms, self.organisation.zone_at(at_ms)).hour

    def norm(self, rep: str) -> Fraction | None:
        """What the rep does in the present hour of the day, on average over its working days of the last four weeks."""
        hour = self.hour_of(self.cut_ms - 1)[1]
        first = self.today - dt.timedelta(days=NORM_DAYS)
        worked = [day for day, start, end in self.working.days(first, self.today)
                  if self.working.minutes(rep, day, start, end)]  # fmt: skip
        done = [fact for fact in self.qualifying if fact.rep == rep and self.hour_of(fact.at_ms) in
                {(day, hour) for day in worked}]  # fmt: skip
        return Fraction(len(done), len(worked)) if worked else None

    def figures(self, scope: str) -> Figures | None:
        """Of one rep, or the longest of a team or of all; None where no rostered, active rep is."""
        sort, _, name = scope.partition(":")
        if sort == "rep":
            return self.of_rep(name) if name in self.idle else None
        idle = [minutes for rep, minutes in self.idle.items() if sort == "company" or self.teams[rep] == name]
        if not idle:
            return None
        stalled = sum(minutes > THRESHOLD_MIN for minutes in idle)
        return Figures(Fraction(max(idle)), len(idle), None, None, given(stalled=stalled, threshold=THRESHOLD_MIN))

    def of_rep(self, rep: str) -> Figures:
        """The minutes of one rep, with what it does this hour and what it does as a rule."""
        idle, now = self.idle[rep], self.hour_of(self.cut_ms - 1)
        this_hour = sum(fact.rep == rep and self.hour_of(fact.at_ms) == now for fact in self.qualifying)
        facets = given(stalled=int(idle > THRESHOLD_MIN), threshold=THRESHOLD_MIN, hour=this_hour, norm=self.norm(rep))
        return Figures(Fraction(idle), 1, None, None, facets)

    def scopes(self) -> list[str]:
        """Whose stalls there are."""
        if not self.idle:
            return []
        return ["company", *(f"rep:{rep}" for rep in self.idle), *(f"team:{team}" for team in set(self.teams.values()))]
