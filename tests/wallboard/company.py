"""A made-up company whose board is worth looking at: 40 reps, 5 teams, two months of sales, targets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cli.replay.command import run
from cli.replay.lines import EventFiles
from stream.board.board import Board

NOW = datetime(2026, 11, 18, 13, 40, tzinfo=UTC)  # a Wednesday; 14:40 in Berlin
NOW_MS = int(NOW.timestamp() * 1000)
TENANT = "acme"
DAYS = 50
TEAMS = ("North", "South", "East", "West", "Key accounts")
FIRST = ("Ada", "Björn", "Cem", "Dora", "Emil", "Fay", "Gustavo", "Hana")
LAST = ("Aydın", "Baker", "Černý", "Díaz", "Eriksen")
STAGES = ("prospecting", "qualification", "proposal", "negotiation")
KINDS = ("call", "call", "call", "email", "email", "meeting", "sms", "demo")
HOURS = [["09:00", "12:00"], ["13:00", "18:00"]]
SHIFTS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)


def stamp(at: datetime) -> str:
    """RFC 3339."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def event(
    kind: str, name: str, at: datetime, data: dict[str, Any], subject: str = TENANT, **more: Any
) -> dict[str, Any]:
    """An event of the company."""
    made = {"specversion": "1.0", "id": name, "source": "crm/eu", "type": f"sales.{kind}", "time": stamp(at)}
    return made | {"subject": subject, "tenant": TENANT, "data": data} | more


class Company:
    """``reps`` in ``teams``; ``targets`` or none; ``ranking`` is the tenant's policy."""

    def __init__(
        self,
        *,
        reps: int = 40,
        teams: tuple[str, ...] = TEAMS,
        targets: bool = True,
        ranking: str = "full",
        currency: str = "EUR",
        scale: float = 1.0,
        name: str = "",
        days: int = DAYS,
    ) -> None:
        self._random = Random(5)
        self.reps = [
            (f"R-{n}", name or f"{FIRST[n % 8]} {LAST[n // 8 % 5]}", teams[n % len(teams)]) for n in range(reps)
        ]
        self._teams, self._targets = teams, targets
        self._settings = {"time_zone": "Europe/Berlin", "base_currency": currency, "ranking": ranking, "min_n": 5}
        self._currency, self._scale, self._days = currency, scale, days

    def events(self) -> Iterator[dict[str, Any]]:
        """Everything up to NOW, settings first."""
        since = NOW - timedelta(days=DAYS + 30)
        yield event("tenant.configured", "settings", since, self._settings)
        yield event(
            "calendar.changed", "office", since, {"calendar": "office", "time_zone": "Europe/Berlin", "shifts": SHIFTS}
        )
        for rep, name, team in self.reps:
            yield event(
                "roster.changed", f"roster-{rep}", since, {"rep": rep, "name": name, "team": team, "calendar": "office"}
            )
        if self._targets:
            yield from self._goals(since)
        for day in range(self._days, -1, -1):
            yield from self._day(NOW - timedelta(days=day), is_today=day == 0)
        yield from self._open_deals()
        for source, silent_min in (("crm/eu", 0), ("telephony", 0), ("web shop", 4)):
            heard = NOW - timedelta(minutes=silent_min, seconds=20)
            yield event("source.heartbeat", f"beat-{source}", heard, {"interval_s": 60}, source=source)

    def _open_deals(self) -> Iterator[dict[str, Any]]:
        """Deals that nobody has closed, each left alone for some days."""
        for number, (rep, _, _) in enumerate(self.reps * 3):
            at = NOW - timedelta(days=number * 7 % 17, hours=3)
            deal = {
                "deal": f"D-open-{number}",
                "rep": rep,
                "pipeline": "standard",
                "stage": STAGES[number % len(STAGES)],
            }
            amount = {"amount_minor": int(90_000 * self._scale) * (1 + number % 7), "currency": self._currency}
            yield event("deal.opened", f"open-{number}", at, deal | amount, f"A-open-{number}")

    def _goals(self, since: datetime) -> Iterator[dict[str, Any]]:
        period = {"from": "2026-11-01", "to": "2026-12-01"}
        for scope, share in [("company", 1.0), *((f"team:{team}", 0.2) for team in self._teams)]:
            stretch = self._random.uniform(0.75, 1.3) if share < 1 else 1
            value = int(len(self.reps) * 2_000_000 * share * stretch * self._scale)
            target = {"target": f"T-{scope}", "kpi": "revenue", "scope": scope, "period": period, "value": value}
            yield event("target.set", f"T-{scope}", since, target | {"unit": "money", "primary": True})

    def _day(self, day: datetime, *, is_today: bool) -> Iterator[dict[str, Any]]:
        if day.weekday() >= 5:
            return
        morning = day.replace(hour=8, minute=0)
        minutes = int((NOW - morning).total_seconds() // 60) if is_today else 480
        for number, (rep, _, _) in enumerate(self.reps):
            idle_min = 90 if is_today and number % 9 == 4 else 0
            for touch in range(self._random.randint(3, 9)):
                at = morning + timedelta(minutes=self._random.randrange(max(1, minutes - idle_min)))
                name = f"{rep}-{day:%m%d}-{touch}"
                account = f"A-{rep}-{touch % 4}-{day:%m%d}"
                yield from self._contact(rep, name, account, at)

    def _contact(self, rep: str, name: str, account: str, at: datetime) -> Iterator[dict[str, Any]]:
        chance = self._random.random()
        if 0.16 < chance < 0.35:
            yield event("lead.created", f"l-{name}", at, {"lead": f"L-{name}", "rep": rep, "source": "web"}, account)
        yield event("touch.logged", f"t-{name}", at, {"rep": rep, "kind": self._random.choice(KINDS)}, account)
        if chance < 0.16:
            opened = at - timedelta(days=self._random.randint(3, 24))
            lead = {"lead": f"L-{name}", "rep": rep, "source": "web"}
            yield event("lead.created", f"l-{name}", opened - timedelta(days=2), lead, account)
            yield event(
                "deal.opened", f"o-{name}", opened, {"deal": f"D-{name}", "rep": rep, "lead": f"L-{name}"}, account
            )
            for step in range(self._random.randint(2, 11)):
                early = opened + (at - opened) * self._random.random()
                touch = {"rep": rep, "kind": self._random.choice(KINDS), "deal": f"D-{name}"}
                yield event("touch.logged", f"p-{name}-{step}", early, touch, account)
            amount = int(self._random.lognormvariate(12.2, 0.7) * self._scale)
            won = {"deal": f"D-{name}", "rep": rep, "amount_minor": amount, "currency": self._currency}
            if chance < 0.065:
                yield event("deal.won", f"w-{name}", at, won, account)
            else:
                yield event("deal.lost", f"x-{name}", at, {"deal": f"D-{name}", "reason": "price"}, account)
        elif chance > 0.93:
            score = self._random.choice((10, 10, 9, 9, 8, 7, 5, 3))
            said = {"survey": f"S-{name}", "kind": "nps", "score": score, "scale": {"min": 0, "max": 10}, "rep": rep}
            yield event("survey.answered", f"s-{name}", at, said, account)

    def board(self) -> Board:
        """The company's board after all of it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.ndjson"
            lines = sorted((each for each in self.events()), key=lambda each: (each["type"] > "sales.s", each["time"]))
            path.write_text("".join(json.dumps(line) + "\n" for line in lines))
            with EventFiles([path]) as files:
                return run(files, partitions=2)[TENANT]
