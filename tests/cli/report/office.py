"""Ten weeks of a small company, as event lines: two teams, three territories, a target, and a name that is no name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

TENANT = "acme"
FIRST = datetime(2026, 9, 14, 8, 0, tzinfo=UTC)
DAYS = 70
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
NASTY = "<script>alert('x')</script> & \"Co\""
REPS = {
    "R-1": ("Ada Lovelace", "North", "Berlin"),
    "R-2": (NASTY, "North", "<b>Lyon</b>"),
    "R-3": ("=HYPERLINK(1)", "South", "Zürich"),
}


def lines(first: datetime = FIRST) -> list[bytes]:
    """Everything that happened from a day on, in order."""
    random, events = Random(4), [*_organisation(first)]
    for day in range(DAYS):
        for number in range(random.randrange(2, 6)):
            at, account = first + timedelta(days=day, minutes=40 * number), f"A-{day}-{number}"
            rep = random.choice([*REPS])
            lead = {"lead": f"L-{day}-{number}", "rep": rep, "source": "web"}
            events.append(_event("lead.created", account, at, lead))
            if random.random() < 0.6:
                deal = {"deal": f"D-{day}-{number}", "rep": rep, "lead": lead["lead"], "stage": "qualification"}
                events.append(_event("deal.opened", account, at + timedelta(minutes=9), deal))
                closed = {"deal": deal["deal"], "amount_minor": random.randrange(50_000, 900_000), "currency": "EUR"}
                outcome = "deal.won" if random.random() < 0.6 else "deal.lost"
                said = {"rep": rep, **closed} if outcome == "deal.won" else {"deal": deal["deal"]}
                events.append(_event(outcome, account, at + timedelta(hours=3), said))
    return [json.dumps(event).encode() for event in events]


def write(folder: Path) -> Path:
    """The lines as a file."""
    path = folder / "office.ndjson"
    path.write_bytes(b"\n".join(lines()) + b"\n")
    return path


def _organisation(first: datetime) -> list[dict[str, Any]]:
    office = {"time_zone": "Europe/Berlin", "base_currency": "EUR", "week_starts_on": "Monday"}
    begun = first - timedelta(days=30)
    events = [_event("tenant.configured", "", begun, office)]
    for rep, (name, team, place) in REPS.items():
        said = {"rep": rep, "name": name, "team": team, "territory": place, "active": True}
        events.append(_event("roster.changed", rep, begun, said))
    period = {"from": "2026-10-01", "to": "2026-11-01"}
    target = {"target": "T-1", "kpi": "revenue", "scope": "company", "period": period, "value": 20_000_000}
    return [*events, _event("target.set", "T-1", begun, target | {"unit": "money", "currency": "EUR"})]


def _event(kind: str, subject: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {"specversion": "1.0", "id": f"{kind}/{subject}", "source": "crm", "type": f"sales.{kind}"}
    event |= {"time": at.isoformat(), "tenant": TENANT, "backfill": True, "data": data}
    return event | ({"subject": subject} if subject else {"subject": TENANT})
