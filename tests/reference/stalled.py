"""Open deals about which nobody did anything for some working days of their stage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from schemas.data import (
    AmountChanged,
    AppointmentHeld,
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    OwnerChanged,
    PipelineConfigured,
    StageChanged,
    Touch,
)
from schemas.event import Event
from tests.reference.arrivals import Standing
from tests.reference.figures import Figures, Money
from tests.reference.order import sort_key
from tests.reference.organisation import Organisation, moment
from tests.reference.working import MINUTE_MS, WorkingTime

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
DAY_MIN = 24 * 60
LOOKS_BACK_DAYS = 400
PATIENCE_D = {"prospecting": 14, "qualification": 7, "proposal": 5, "negotiation": 3}
USUAL_D = 14


class OpenDeal(NamedTuple):
    """A deal that is open, and the UTC hour in which somebody last did something about it."""

    owner: str
    pipeline: str | None
    stage: str | None
    amount: int
    currency: str | None
    hour_ms: int


def open_deal(deal: str, events: list[Event]) -> OpenDeal | None:
    """How a deal stands after the events of its account, in order; None unless it is open."""
    fields: dict[str, Any] = {}
    is_closed, last_ms = False, 0
    for event in events:
        said = event.data
        if getattr(said, "deal", None) != deal:
            continue
        was_open = "rep" in fields and not is_closed
        acts = isinstance(said, StageChanged | AppointmentHeld) or (isinstance(said, Touch) and not said.automated)
        if isinstance(said, DealOpened | OwnerChanged | AmountChanged | StageChanged):
            named = {name: getattr(said, name, None) for name in ("pipeline", "stage", "amount_minor", "currency")}
            fields |= {name: given for name, given in named.items() if given is not None}
        if isinstance(said, DealOpened) or (isinstance(said, OwnerChanged) and "rep" in fields):
            fields["rep"] = said.rep
        elif isinstance(said, DealWon | DealLost):
            is_closed = True
        elif isinstance(said, DealReopened):
            is_closed = False
        if "rep" in fields and not is_closed and (acts or not was_open):
            last_ms = event.time_ms
    if "rep" not in fields or is_closed:
        return None
    names = ("rep", "pipeline", "stage", "amount_minor", "currency")
    owner, pipeline, stage, amount, currency = (fields.get(name) for name in names)
    return OpenDeal(str(owner), pipeline, stage, amount or 0, currency, last_ms // HOUR_MS * HOUR_MS)


class StalledDeals:
    """The open deals of a tenant at a cut."""

    def __init__(
        self,
        accounts: dict[str, list[Standing]],
        organisation: Organisation,
        working: WorkingTime,
        money: Money,
        *,
        cut_ms: int,
    ) -> None:
        self.organisation, self.working, self.money, self.cut_ms = organisation, working, money, cut_ms
        self.today = organisation.day_of(cut_ms - 1)
        self.deals: list[OpenDeal] = []
        for standing in accounts.values():
            known = sorted((kept.event for kept in standing if kept.event.time_ms < cut_ms), key=sort_key)
            for deal in {event.data.deal for event in known if isinstance(event.data, DealOpened)}:
                found = open_deal(deal, known)
                self.deals += [found] if found is not None else []
        self.teams = {deal.owner: organisation.team_on(deal.owner, self.today) for deal in self.deals}

    def scopes(self) -> set[str]:
        """Whose deals there are."""
        owners = {f"rep:{rep}" for rep in self.teams} | {f"team:{team}" for team in self.teams.values()}
        return owners | ({"company"} if self.deals else set())

    def figures(self, scope: str) -> Figures | None:
        """How many of a scope's deals have stalled; None where none is open."""
        sort, _, name = scope.partition(":")
        mine = [
            deal
            for deal in self.deals
            if sort == "company" or name == (deal.owner if sort == "rep" else self.teams[deal.owner])
        ]
        if not mine:
            return None
        stalled = [deal for deal in mine if deal.hour_ms < self.cut_off_ms(deal)]
        facets: dict[str, Fraction] = {}
        worth, missing = Fraction(0), set[str]()
        for deal in stalled:
            stage = f"stage:{deal.pipeline}|" if deal.pipeline is not None else "stage:"
            stage += deal.stage or "_none"
            facets[stage] = facets.get(stage, Fraction(0)) + 1
            rate = self.money.rate(deal.currency, self.today) if deal.currency is not None else Fraction(0)
            if rate is not None:
                worth += deal.amount * rate
            elif deal.amount and self.money.base is not None:
                missing.add(f"rate:{deal.currency}")
        if self.money.base is not None:
            facets["amount"] = Fraction(round(worth))
        if stalled:
            facets["oldest"] = Fraction((self.cut_ms - min(deal.hour_ms for deal in stalled)) // DAY_MS)
        count = Fraction(len(stalled))
        return Figures(count, len(mine), count, None, facets, sorted(missing))

    def patience_d(self, deal: OpenDeal) -> float:
        """For how many working days it may stand still."""
        stages: dict[str, dict[str, float]] = {}
        for event in self.organisation.said:
            if isinstance(event.data, PipelineConfigured):
                given = {said.stage: said.stall_after_d for said in event.data.stages if said.stall_after_d is not None}
                stages[event.data.pipeline] = given
        stage = deal.stage or "_none"
        usual = PATIENCE_D.get(stage, USUAL_D)
        if deal.pipeline in stages:
            return stages[deal.pipeline].get(stage, usual)
        return max((given[stage] for given in stages.values() if stage in given), default=usual)

    def cut_off_ms(self, deal: OpenDeal) -> int:
        """What stood still before this hour has stalled."""
        left = int(self.patience_d(deal) * DAY_MIN)
        for day, passed in self.worked_days(deal.owner):
            if left <= passed:
                return self.hour_ms(day, passed - left)
            left -= passed
        return -(2**62)

    def worked_days(self, owner: str) -> Iterator[tuple[dt.date, int]]:
        """The owner's working days backwards, with the minutes of each that have passed."""
        is_active = owner in self.organisation.rostered_reps() and self.organisation.is_active(owner, self.today)
        last = moment(self.cut_ms - MINUTE_MS, self.organisation.zone_at(self.cut_ms - MINUTE_MS))
        for back in range(LOOKS_BACK_DAYS + 1):
            day = self.today - dt.timedelta(days=back)
            span_ms = self.working.day_start_ms(day), self.working.day_start_ms(day + dt.timedelta(days=1))
            if self.working.minutes(owner if is_active else None, day, *span_ms):
                yield day, DAY_MIN if back else last.hour * 60 + last.minute + 1

    def hour_ms(self, day: dt.date, minute: int) -> int:
        """The UTC hour in which a local hour begins."""
        if minute >= DAY_MIN:
            start_ms = self.working.day_start_ms(day + dt.timedelta(days=1))
        else:
            zone = self.organisation.zone_at(self.working.day_start_ms(day))
            local = dt.datetime(day.year, day.month, day.day, minute // 60, tzinfo=zone)
            start_ms = int(local.timestamp() * 1000)
        return start_ms // HOUR_MS * HOUR_MS
