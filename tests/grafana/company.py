"""A small company that is selling right now: five teams, eighteen reps, two months of sales, a target."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from cli.replay.command import run
from cli.replay.lines import EventFiles
from stream.board.board import Board

TENANT = "acme"
TEAMS = {"North": 8, "South": 3, "East": 3, "West": 2, "Key accounts": 2}
FIRST = ("Ada", "Björn", "Cem", "Dora", "Emil", "Fay", "Gustavo", "Hana", "Ines")
LAST = ("Aydın", "Baker", "Černý", "Díaz", "Eriksen")
REPS = {
    f"R-{number}": (f"{FIRST[number % 9]} {LAST[number % 5]}", team)
    for number, team in enumerate(team for team, reps in TEAMS.items() for _ in range(reps))
}
GOALS_MINOR = {"company": 460_000_000} | {f"team:{team}": reps * 26_000_000 for team, reps in TEAMS.items()}
KINDS = ("call", "call", "call", "email", "email", "meeting", "video_meeting")
DAYS = 60
AFTERNOON = 15
SILENT_MIN = 25
HOURS = [["08:00", "18:00"]]


class Company:
    """Its events up to ``now``. Wherever on earth that is an afternoon, there it is: so today holds something."""

    def __init__(self, now: datetime) -> None:
        self._now, self._random = now.replace(second=0, microsecond=0), Random(3)
        behind = (now.hour - AFTERNOON + 11) % 24 - 11  # from 11 hours before to 12 behind: such zones there are
        self._zone = f"Etc/GMT{behind:+d}"
        self._offset = timedelta(hours=-behind)

    def board(self) -> Board:
        """The company's board after all of it."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "events.ndjson"
            path.write_bytes(b"".join(line + b"\n" for line in self.lines()))
            with EventFiles([path]) as files:
                return run(files, partitions=2)[TENANT]

    def lines(self) -> list[bytes]:
        """Its events as JSON, in the order in which things happened; those of days gone by are a backfill."""
        events = sorted(self._events(), key=lambda event: str(event["time"]))
        today = (self._now - timedelta(days=1)).isoformat()
        return [json.dumps(event | {"backfill": event["time"] < today}).encode() for event in events]

    def _events(self) -> Iterator[dict[str, Any]]:
        begin = self._now - timedelta(days=DAYS + 40)
        settings = {
            "time_zone": self._zone,
            "base_currency": "EUR",
            "ranking": "full",
            "min_n": 3,
            "calendar": "office",
        }
        shifts = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), HOURS)
        yield _event("tenant.configured", "settings", begin, settings)
        yield _event(
            "calendar.changed", "office", begin, {"calendar": "office", "time_zone": self._zone, "shifts": shifts}
        )
        for rep, (name, team) in REPS.items():
            yield _event("roster.changed", rep, begin, {"rep": rep, "name": name, "team": team, "calendar": "office"})
        for scope, value in GOALS_MINOR.items():
            yield self._target(scope, value, begin)
        for day in range(DAYS, -1, -1):
            for rep in REPS:
                at = self._now - timedelta(days=day)
                yield from self._deal(rep, at, is_today=day == 0)
                yield from self._calls(rep, at)
        for number, rep in enumerate(REPS):
            yield from self._left_alone(rep, number)
        silent_since = self._now - timedelta(minutes=SILENT_MIN)
        yield _event("source.heartbeat", "beat", silent_since, {"interval_s": 60}, source="telephony")
        yield _event("source.heartbeat", "beat", self._now, {"interval_s": 60})

    def _left_alone(self, rep: str, number: int) -> Iterator[dict[str, Any]]:
        """An open deal; some have stalled."""
        at = self._now - timedelta(days=number * 2 + 1)
        deal = {"deal": f"D-{rep}-open", "rep": rep, "pipeline": "standard", "stage": "proposal"}
        yield _event(
            "deal.opened", f"open-{rep}", at, deal | {"amount_minor": 900_000, "currency": "EUR"}, f"A-{rep}-o"
        )

    def _target(self, scope: str, value: int, at: datetime) -> dict[str, Any]:
        first = (self._now + self._offset).date().replace(day=1)
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        period = {"from": first.isoformat(), "to": following.isoformat()}
        target = {"target": f"T-{scope}", "kpi": "revenue", "scope": scope, "period": period, "value": value}
        return _event("target.set", f"T-{scope}", at, target | {"unit": "money", "currency": "EUR", "primary": True})

    def _calls(self, rep: str, day: datetime) -> Iterator[dict[str, Any]]:
        """What the telephone system tells until it falls silent."""
        for number in range(self._random.randint(4, 9)):
            at = day - timedelta(minutes=self._random.uniform(SILENT_MIN, 400))
            name = f"{rep}-{day:%m%d}-{number}"
            called = {"rep": rep, "kind": "call"}
            yield _event("touch.logged", f"p-{name}", at, called, f"A-{name}", source="telephony")

    def _deal(self, rep: str, day: datetime, *, is_today: bool) -> Iterator[dict[str, Any]]:
        """A lead and its deal with some touches, closed on this day one way or the other, perhaps an answer; and
        another lead.
        """
        hour, random = timedelta(hours=1), self._random
        account, deal = f"A-{rep}-{day:%m%d}", f"D-{rep}-{day:%m%d}"
        closed = day - random.uniform(0.3, 5.5) * hour
        opened = closed - random.uniform(2, 20) * 24 * hour
        who = {"rep": rep, "deal": deal}
        yield _event(
            "lead.created", f"l-{deal}", opened - hour, {"lead": f"L-{deal}", "rep": rep, "source": "web"}, account
        )
        yield _event("deal.opened", f"o-{deal}", opened, who | {"lead": f"L-{deal}"}, account)
        for step in range(random.randint(2, 6)):
            at = opened + (closed - opened) * random.random()
            yield _event("touch.logged", f"t-{deal}-{step}", at, who | {"kind": random.choice(KINDS)}, account)
        yield _event("touch.logged", f"c-{deal}", closed - 0.1 * hour, who | {"kind": random.choice(KINDS)}, account)
        if random.random() < (0.8 if is_today else 0.4):
            amount = {"amount_minor": random.randint(400_000, 3_600_000), "currency": "EUR"}
            yield _event("deal.won", f"w-{deal}", closed, who | amount, account)
        else:
            yield _event("deal.lost", f"x-{deal}", closed, {"deal": deal, "reason": "price"}, account)
        if random.random() < 0.3:
            said = {"survey": f"S-{deal}", "kind": "nps", "score": random.choice((10, 9, 9, 8, 4)), "rep": rep}
            yield _event("survey.answered", f"s-{deal}", closed, said | {"scale": {"min": 0, "max": 10}}, account)
        yield _event(
            "lead.created", f"n-{deal}", closed, {"lead": f"N-{deal}", "rep": rep, "source": "fair"}, f"{account}-n"
        )


def _event(
    kind: str, name: str, at: datetime, data: dict[str, Any], subject: str = TENANT, source: str = "crm/eu"
) -> dict[str, Any]:
    made = {"specversion": "1.0", "id": name, "source": source, "type": f"sales.{kind}", "subject": subject}
    return made | {"time": at.astimezone(UTC).isoformat().replace("+00:00", "Z"), "tenant": TENANT, "data": data}
