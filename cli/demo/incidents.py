"""Incidents to be seen on the board: what happens, and how it is told by events as a real company would tell it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random

from cli.demo.accounts import Account
from cli.demo.company import BASE_CURRENCY, DAY_MS, HOUR_MS, MINUTE_MS, DemoEvent, Rep
from cli.demo.floor import PIPELINE, STAGES
from cli.demo.history import Demo
from cli.demo.mishaps import Sent
from cli.demo.story import effective
from cli.demo.systems import Systems
from schemas.instants import milliseconds_of

SCENARIOS = ("rep-stalls", "source-silent", "big-deal", "win-voided", "calm")
STALLED_MIN = 100
"""Working minutes without a deed of the rep who stalls; the alert fires beyond 90."""
TODAY_MIN = 35
LASTS_MS = 10 * MINUTE_MS
"""A rep who stalls and a system that is silent come back by themselves after this."""
SILENT_SYSTEM = "telephony"
BIG_MINOR = (24_000_000, 42_000_000)
QUALIFYING = ("sales.touch.logged", "sales.deal.stage_changed", "sales.appointment.held")


@dataclass
class Played:
    """What was played: events to publish, and what to tell whoever watches."""

    text: str
    events: list[Sent] = field(default_factory=list)


class Incidents:
    """Plays scenarios into a company and its systems. ``log`` is what was published since a day ago."""

    def __init__(self, demo: Demo, systems: Systems) -> None:
        self._demo, self._systems = demo, systems
        self._random = Random(f"{demo.plan.seed}-{demo.run}-incidents")
        self._until_ms: int | None = None

    def play(self, scenario: str, log: Iterable[DemoEvent], now_ms: int) -> Played:
        """Play one of SCENARIOS now."""
        if scenario == "rep-stalls":
            return self._stall(log, now_ms)
        if scenario == "source-silent":
            self._systems.silent.add(SILENT_SYSTEM)
            self._until_ms = now_ms + LASTS_MS
            return Played(
                f"{SILENT_SYSTEM} has fallen silent: in 45 s touches and stalls are `partial` and name it, and one "
                "alert says so"
            )
        if scenario == "big-deal":
            return self._big_deal(now_ms)
        if scenario == "win-voided":
            return _void_win(log)
        return self._calm()

    def due(self, now_ms: int) -> Played | None:
        """The end of what has lasted long enough."""
        return self._calm() if self._until_ms is not None and now_ms >= self._until_ms else None

    def _calm(self) -> Played:
        self._until_ms = None
        self._demo.idle.clear()
        back = list(self._systems.speak_again())
        return Played(f"all is calm again; {len(back)} events that had waited are told now", back)

    def _stall(self, log: Iterable[DemoEvent], now_ms: int) -> Played:
        """The latest deeds of a rep turn out to be a colleague's: the systems that told of them correct themselves."""
        told = list(effective(log))
        for rep in self._demo.on_duty(now_ms):
            since_ms = self._demo.shifts.back(rep, now_ms, STALLED_MIN)
            mates = [mate for mate in self._demo.on_duty(now_ms) if mate.team == rep.team and mate is not rep]
            if since_ms is None or not mates or rep.id in self._demo.idle or _has_plans(told, rep, since_ms, now_ms):
                continue
            if self._is_settled_in(rep, now_ms):
                self._demo.idle.add(rep.id)
                self._until_ms = now_ms + LASTS_MS
                moved: list[Sent] = [*_moved(told, rep, self._random.choice(mates), since_ms)]
                return Played(
                    f"{rep.name} ({rep.id}, team {rep.team}) has stalled: {len(moved)} deeds of the last {STALLED_MIN} "
                    "working minutes were a colleague's and are corrected; `Rep stall` fires within a minute",
                    moved,
                )
        return Played("nobody has worked for long enough with a colleague beside them; try again in a while")

    def _is_settled_in(self, rep: Rep, now_ms: int) -> bool:
        """Whether a rep's day has begun long enough ago: nobody is blamed for the first half hour."""
        begun_ms = self._demo.shifts.back(rep, now_ms, TODAY_MIN)
        return begun_ms is not None and local_date(begun_ms, rep) == local_date(now_ms, rep)

    def _big_deal(self, now_ms: int) -> Played:
        """An account that nobody had heard of: three weeks of work come to their end now."""
        duty = [rep for rep in self._demo.on_duty(now_ms) if rep.id not in self._demo.idle]
        rep = self._random.choice(duty or self._demo.reps)
        floor, name = self._demo.floor, self._demo.floor.new_name()
        account = Account(f"A-{name}", rep=rep.id, lead=f"L-{name}")
        amount = self._random.randrange(*BIG_MINOR) // 100_000 * 100_000
        about = {"deal": f"D-{name}"}
        asked = {"lead": account.lead, "rep": rep.id, "source": "referral"}
        first_ms = now_ms - 21 * DAY_MS
        events = [floor.event("lead.created", account, first_ms, asked)]
        opened = about | {"rep": rep.id, "lead": account.lead, "pipeline": PIPELINE, "stage": STAGES[0]}
        money = {"amount_minor": amount, "currency": BASE_CURRENCY}
        events.append(floor.event("deal.opened", account, first_ms + DAY_MS, opened | money))
        for day, kind in enumerate(("email", "meeting", "demo", "video_meeting", "meeting", "email"), 2):
            touch = {"rep": rep.id, "kind": kind, "direction": "outbound", "phase": "pre_sale"} | about
            events.append(floor.event("touch.logged", account, first_ms + 3 * day * DAY_MS - HOUR_MS, touch))
        for step, stage in enumerate(STAGES[1:], 1):
            moved = about | {"stage": stage}
            events.append(floor.event("deal.stage_changed", account, first_ms + 5 * step * DAY_MS, moved))
        told: list[Sent] = [replace(event, backfill=True) for event in events]
        told.append(floor.event("deal.won", account, now_ms, about | money | {"rep": rep.id}))
        return Played(f"{rep.name} ({rep.id}, team {rep.team}) has won {amount / 100:,.0f} {BASE_CURRENCY}", told)


def local_date(at_ms: int, rep: Rep) -> date:
    """The date where a rep works."""
    return datetime.fromtimestamp(at_ms / 1000, rep.region.zone).date()


def _has_plans(told: Iterable[DemoEvent], rep: Rep, since_ms: int, now_ms: int) -> bool:
    """Whether an appointment of a rep began meanwhile: its time would not count."""
    plans = (event.data for event in told if event.type == "sales.appointment.set" and event.data.get("rep") == rep.id)
    begun = (milliseconds_of(str(plan.get("starts_at"))) or 0 for plan in plans)
    return any(since_ms <= starts_ms <= now_ms + LASTS_MS for starts_ms in begun)


def _moved(told: Iterable[DemoEvent], rep: Rep, mate: Rep, since_ms: int) -> Iterator[DemoEvent]:
    """Revisions that give a rep's qualifying deeds since a moment to a colleague, and take back those of no rep."""
    owners: dict[str, str] = {}
    for event in sorted(told, key=lambda event: event.time_ms):
        if event.type in ("sales.deal.opened", "sales.deal.owner_changed"):
            owners[event.data["deal"]] = event.data["rep"]
        if event.type not in QUALIFYING or event.time_ms < since_ms:
            continue
        again = replace(event, revision=event.revision + 1)
        if event.data.get("rep") == rep.id:
            yield replace(again, data=event.data | {"rep": mate.id})
        elif event.type == "sales.deal.stage_changed" and owners.get(event.data["deal"]) == rep.id:
            yield replace(again, voided=True)


def _void_win(log: Iterable[DemoEvent]) -> Played:
    """The newest win is taken back: the customer withdrew before the signature was dry."""
    wins = [event for event in effective(log) if event.type == "sales.deal.won"]
    if not wins:
        return Played("nothing was won lately that could be taken back")
    win = max(wins, key=lambda event: (not event.backfill, event.time_ms))
    amount = f"{win.data['amount_minor'] / 100:,.0f} {win.data['currency']}"
    return Played(
        f"the win of {win.data['deal']} over {amount} is taken back: it goes from every number as if it had never been",
        [replace(win, revision=win.revision + 1, voided=True)],
    )
