"""Events, publishers and parts of a gateway that tests put together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from gateway.log_writer import LogUnavailable, LogWriter
from gateway.records import Outgoing

NOW_MS = 1_795_342_500_000  # 2026-11-22T10:15:00Z
PARTITIONS = {"activity": 8, "organisation": 4, "dead_letters": 8}


def at(ms: int) -> str:
    """Epoch milliseconds as RFC 3339."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def event(**changes: object) -> dict[str, Any]:
    """A win, with what the test changes; None takes an attribute out."""
    made: dict[str, object] = {
        "specversion": "1.0",
        "id": "W-1",
        "source": "crm/eu",
        "type": "sales.deal.won",
        "time": at(NOW_MS),
        "subject": "A-17",
        "data": {"deal": "D-9", "amount_minor": 120_000, "currency": "EUR", "rep": "R-4"},
    }
    made |= changes
    return {name: value for name, value in made.items() if value is not None}


def raw(**changes: Any) -> bytes:
    """The bytes of `event`."""
    return json.dumps(event(**changes)).encode()


class Paper(LogWriter):
    """A log on paper: keeps what is written; confirms what ``confirms`` says, or nothing at all while it is away."""

    def __init__(self) -> None:
        super().__init__("", {})
        self.records: list[Outgoing] = []
        self.away = False
        self.confirmed_topics = {"activity", "organisation", "dead_letters"}

    async def append(self, records: Sequence[Outgoing]) -> list[bool]:
        """Keep them."""
        if self.away:
            raise LogUnavailable("away")
        self.records += records
        return [record.topic in self.confirmed_topics for record in records]

    def of(self, topic: str) -> list[Outgoing]:
        """The records of a role."""
        return [record for record in self.records if record.topic == topic]
