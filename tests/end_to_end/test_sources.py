"""Two publishers on a real Kafka: one falls silent, its numbers say so as time passes, and replay says the same."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.live import Live, replayed, until_equal

pytestmark = pytest.mark.takes(25)
INTERVAL_S = 5

Shown = dict[str, tuple[str, Any]]
"""KPI → status and what is missing."""


class Newsroom:
    """Publishes over HTTP as of now and keeps what it sent."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.sent: list[bytes] = []

    def say(self, source: str, name: str, **data: Any) -> str:
        """Publish one event; when it happened."""
        time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        event = {"specversion": "1.0", "id": f"{source}-{len(self.sent)}", "source": source, "type": f"sales.{name}"}
        self.sent.append(json.dumps({**event, "subject": "A-1", "time": time, "data": data}).encode())
        (verdict,) = self.live.post(self.sent[-1])
        assert verdict["code"] == "taken", verdict
        return time

    def beat(self, *sources: str) -> None:
        """A heartbeat of each."""
        for source in sources:
            self.say(source, "source.heartbeat", interval_s=INTERVAL_S)

    def shown(self) -> Shown:
        """What the API shows now."""
        rows = self.live.values(scope="rep:R-1", window="today", kpi="activity_count,new_leads,deals_won")
        return {row["kpi"]: (row["status"], row.get("missing")) for row in rows}

    def sources(self) -> dict[str, bool]:
        """Who is silent."""
        with urllib.request.urlopen(f"{self.live.stack.address}/v1/sources", timeout=60) as answer:
            lines = [json.loads(line) for line in answer.read().splitlines()]
        return {line["source"]: line["silent"] for line in lines}


@pytest.mark.timeout(400)
def test_one_of_two_publishers_falls_silent(kafka: str, tmp_path: Path) -> None:
    live_all: Shown = {"activity_count": ("live", None), "deals_won": ("live", None), "new_leads": ("live", None)}
    with Live(kafka) as live:
        room = Newsroom(live)
        room.say("crm/eu", "lead.created", lead="L-1", rep="R-1")
        room.say("voice", "touch.logged", rep="R-1", kind="call", direction="outbound")
        room.beat("voice", "crm/eu")

        def while_crm_beats() -> Shown:
            room.beat("crm/eu")
            return room.shown()

        def while_both_beat() -> Shown:
            room.beat("voice")
            return while_crm_beats()

        until_equal(while_both_beat, live_all)
        partial = {**live_all, "activity_count": ("partial", ["source:voice"])}
        until_equal(while_crm_beats, partial)
        assert room.sources() == {"crm/eu": False, "voice": True}
        silent_at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
        until_equal(lambda: live.lines(as_of=silent_at), replayed(room.sent, tmp_path, as_of=silent_at))
        assert any(b'"source:voice"' in line for line in live.lines(as_of=silent_at))
        room.say("voice", "touch.logged", rep="R-1", kind="email")
        until_equal(while_both_beat, live_all)
