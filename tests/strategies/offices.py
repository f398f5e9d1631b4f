"""Two offices in two time zones over five weeks, written by a generator with a seed: some 3,000 lines of a file.

The weeks hold a leap day and both offices' change of clocks. Money comes in three currencies, the roster changes twice
and is corrected once, targets are set in the middle of their period. Events are late, corrected and taken back.
"""

from __future__ import annotations

import datetime as dt
import json
from random import Random
from typing import Any

Event = dict[str, Any]

START = dt.datetime(2024, 2, 27, 6, tzinfo=dt.UTC)
END = dt.datetime(2024, 4, 1, 20, tzinfo=dt.UTC)
WEEK = {day: [["08:30", "12:00"], ["12:45", "17:15"]] for day in ("mon", "tue", "wed", "thu")} | {
    "fri": [["08:30", "13:00"]],
    "sat": [["22:00", "24:00"]],
    "sun": [["01:00", "05:00"]],
}
"""The night from Saturday to Sunday holds the hour that is left out."""
ZONES = {"nord": "Europe/Berlin", "west": "America/New_York"}
BASES = {"nord": "EUR", "west": "USD"}
CURRENCIES = ("EUR", "USD", "JPY")
RATES = {"EUR": {"USD": ("0.92", "0.9175"), "JPY": ("0.0061", "0.006125")},
         "USD": {"EUR": ("1.0871", "1.09"), "JPY": ("0.0066", "0.00667")}}  # fmt: skip
REPS = ("R-1", "R-2", "R-3", "R-4", "R-5")
SOURCES = ("web", "fair", None)
TOUCHES = ("call", "email", "video_meeting", "meeting", "demo")
MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400


class Office:
    """Writes one tenant's lines."""

    def __init__(self, tenant: str, seed: int) -> None:
        self.tenant = tenant
        self.draw = Random(f"{tenant} {seed}")
        self.events: list[Event] = []

    def say(self, at: dt.datetime, name: str, subject: str | None, data: Event, **marks: Any) -> Event:
        """An event, received a little or much later."""
        late_s = self.draw.choice([0, 1, 2, 20, 400, 400, 7_300, 200_000, 12 * DAY_S]) if subject else 1
        event: Event = {"specversion": "1.0", "id": f"e{len(self.events)}", "source": self.draw.choice(["crm", "app"])}
        event |= {"type": f"sales.{name}", "time": stamp(at), "tenant": self.tenant, "data": data}
        event |= ({"subject": subject} if subject else {}) | {"receivedat": stamp(at + dt.timedelta(seconds=late_s))}
        self.events.append(event | marks)
        return event

    def correct(self, event: Event, after: dt.timedelta, **changes: Any) -> None:
        """A revision of an event, received later."""
        received = dt.datetime.fromisoformat(event["receivedat"]) + after
        self.events.append({**event, "revision": 1, "receivedat": stamp(received), **changes})

    # What the office says of itself

    def found(self) -> None:
        """Zone, money, hours, people, targets."""
        early = START - dt.timedelta(days=70)
        base = BASES[self.tenant]
        settings = {"time_zone": ZONES[self.tenant], "base_currency": base, "calendar": "office", "min_n": 3}
        fiscal = {"fiscal_year_starts_in": "April"} if self.tenant == "west" else {"week_starts_on": "Sunday"}
        self.say(early, "tenant.configured", None, settings | fiscal)
        self.say(early, "calendar.changed", None, {"calendar": "office", "shifts": WEEK, "holidays": ["2024-03-29"]})
        for currency, (before, after) in RATES[base].items():
            self.say(early, "rate.set", None, {"currency": currency, "base_per_unit": before})
            self.say(day(15, 11), "rate.set", None, {"currency": currency, "base_per_unit": after})
        self.say(day(25), "calendar.changed", None, {"calendar": "office", "holidays": ["2024-03-29", "2024-03-05"]})
        self.hire(early)
        self.plan()

    def hire(self, early: dt.datetime) -> None:
        """A roster that changes twice, and whose second change is corrected."""
        for number, rep in enumerate(REPS[:-1]):
            self.say(early, "roster.changed", None, {"rep": rep, "team": f"T-{number % 2}", "territory": "N"})
        self.say(day(3), "roster.changed", None, {"rep": "R-2", "team": "T-0", "territory": "S"})
        moved = self.say(day(12, 22), "roster.changed", None, {"rep": "R-1", "team": "T-2"})
        self.correct(moved, dt.timedelta(days=9), time=stamp(day(10, 3)), data={"rep": "R-1", "team": "T-1"})
        self.say(day(14), "roster.changed", None, {"rep": "R-3", "ramp": {"starts_on": "2024-02-10", "months": 2}})
        self.say(day(20), "roster.changed", None, {"rep": "R-4", "active": False})
        self.say(day(8), "absence.recorded", None, {"rep": "R-2", "from": "2024-03-11", "to": "2024-03-14"})
        away = {"rep": "R-1", "from": "2024-03-20T12:00:00Z", "to": "2024-03-21T12:00:00Z"}
        taken_back = self.say(day(9), "absence.recorded", None, away)
        self.correct(taken_back, dt.timedelta(days=2), voided=True)

    def plan(self) -> None:
        """Targets for a month, a quarter and a year, most of them set when these had begun."""
        month = {"from": "2024-03-01", "to": "2024-04-01"}
        quarter, money = {"from": "2024-01-01", "to": "2024-04-01"}, {"unit": "money", "currency": "JPY"}
        year = {"from": "2024-01-01", "to": "2025-01-01"}
        if self.tenant == "west":
            year = {"from": "2023-04-01", "to": "2024-04-01"}
        asked: list[Event] = [
            {"target": "G-1", "kpi": "revenue", "scope": "company", "period": month, "value": 90_000_000, **money},
            {"target": "G-2", "kpi": "deals_won", "scope": "rep:R-1", "period": month, "value": 9, "unit": "quantity"},
            {"target": "G-3", "kpi": "revenue", "scope": "rep:R-3", "period": month, "value": 800_000, "unit": "money"},
            {"target": "G-4", "kpi": "win_rate", "scope": "team:T-1", "period": quarter, "value": 0.5, "unit": "ratio"},
            {"target": "G-5", "kpi": "new_leads", "scope": "company", "period": year, "value": 500},
        ]
        for number, target in enumerate(asked):
            self.say(day(4 * number - 1), "target.set", None, {**target, "primary": number % 2 == 0})
        curve = {"curve": [0.1, 0.2, 0.5, 1.0], "value": 700_000}
        self.say(day(17), "target.set", None, {**asked[2], **curve})

    # What its customers do

    def account(self, number: int) -> None:
        """One account from its lead to its orders, with everything that may go otherwise."""
        draw, name = self.draw, f"A-{number}"
        at = START + dt.timedelta(seconds=draw.randrange(int((END - START).total_seconds()) - 9 * DAY_S))
        rep, lead, deal = draw.choice(REPS), f"L-{number}", f"D-{number}"
        self.say(at, "lead.created", name, some(lead=lead, rep=draw.choice([rep, None]), source=draw.choice(SOURCES)))
        for step in range(draw.randrange(1, 9)):
            at += dt.timedelta(seconds=draw.choice([60, HOUR_S, 5 * HOUR_S, DAY_S]) + draw.randrange(600))
            target = {"deal": deal} if draw.random() < 0.6 else {"lead": lead}
            kind = {"kind": draw.choice(TOUCHES)}
            if draw.random() < 0.15:
                self.say(at, "touch.logged", name, {**kind, **target, "automated": True})
            else:
                self.say(at, "touch.logged", name, {**kind, **target, "rep": draw.choice([rep, rep, "R-2"])})
            if step == 1:
                self.say(at, "deal.opened", name, some(deal=deal, rep=rep, lead=draw.choice([lead, None])))
            if draw.random() < 0.2:
                self.say(at, "deal.stage_changed", name, {"deal": deal, "stage": f"s{step}"})
        if draw.random() < 0.2:
            self.say(at, "deal.owner_changed", name, {"deal": deal, "rep": draw.choice(REPS)})
            self.say(at, "appointment.held", name, {"appointment": f"P-{number}", "rep": rep, "deal": deal})
        self.close(name, deal, at + dt.timedelta(seconds=draw.randrange(3 * DAY_S)), rep)

    def close(self, name: str, deal: str, at: dt.datetime, rep: str) -> None:
        """A deal ends, perhaps twice; whoever bought may buy again, complain, give back."""
        draw = self.draw
        if draw.random() < 0.35:
            lost = self.say(at, "deal.lost", name, {"deal": deal, "reason": "price"})
            if draw.random() < 0.8:
                return
            at += dt.timedelta(hours=30)
            self.say(at, "deal.reopened", name, {"deal": lost["data"]["deal"]})
        won = self.won(name, deal, at, rep)
        if draw.random() < 0.1:
            self.correct(won, dt.timedelta(days=1), data={**won["data"], "amount_minor": 77_777})
        elif draw.random() < 0.06:
            self.correct(won, dt.timedelta(hours=2), voided=True)
        if draw.random() < 0.3:
            self.orders(name, at + dt.timedelta(hours=3), rep)
        if draw.random() < 0.4:
            score = {"survey": "S", "kind": "nps", "score": draw.randrange(11), "scale": {"min": 0, "max": 10}}
            self.say(at + dt.timedelta(hours=5), "survey.answered", name, {**score, "rep": rep})

    def won(self, name: str, deal: str, at: dt.datetime, rep: str) -> Event:
        """A win, sometimes shared."""
        draw = self.draw
        money = {"amount_minor": draw.randrange(1, 400_000), "currency": draw.choice(CURRENCIES)}
        shares = draw.choice([None, None, None, [3333, 3333, 3334], [5000, 5000]])
        names = draw.sample(REPS, 3)
        splits = [{"rep": name_of, "share_bp": bp} for name_of, bp in zip(names, shares or (), strict=False)]
        whose = draw.choice([rep, None])
        return self.say(at, "deal.won", name, some(deal=deal, splits=splits or None, rep=whose, **money))

    def orders(self, name: str, at: dt.datetime, rep: str) -> None:
        """An order, sometimes partly refunded."""
        lines = [{"product": "P", "qty": self.draw.randrange(1, 4), "unit_price_minor": self.draw.randrange(9_999)}]
        order = {"order": f"O-{name}", "lines": lines, "currency": self.draw.choice(CURRENCIES)}
        self.say(at, "order.placed", name, some(**order, rep=self.draw.choice([rep, None])))
        if self.draw.random() < 0.5:
            refund = {"order": f"O-{name}", "amount_minor": 333}
            self.say(at + dt.timedelta(hours=2), "order.refunded", name, refund)

    def history(self, number: int) -> None:
        """A win of the years before, told on purpose."""
        at = START - dt.timedelta(days=3 + 7 * number, hours=number)
        won = {"deal": f"H-{number}", "amount_minor": 100 + number, "currency": "EUR", "rep": REPS[number % 5]}
        self.say(at, "deal.won", f"B-{number}", won, backfill=True)


def some(**fields: Any) -> Event:
    """The fields that are there."""
    return {name: value for name, value in fields.items() if value is not None}


def day(number: int, hour: int = 9) -> dt.datetime:
    """An hour of one of the weeks' days."""
    return dt.datetime(2024, 2, 27, hour, tzinfo=dt.UTC) + dt.timedelta(days=number)


def stamp(at: dt.datetime) -> str:
    """RFC 3339."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def lines(*, seed: int, accounts: int) -> list[bytes]:
    """The lines of both offices, in any order."""
    events: list[Event] = []
    for tenant in ZONES:
        office = Office(tenant, seed)
        office.found()
        for number in range(accounts):
            office.account(number)
        for number in range(accounts // 5):
            office.history(number)
        events += office.events
    Random(seed).shuffle(events)
    return [json.dumps(event).encode() for event in events]
