"""Alerts through a real Kafka, with workers killed at work: people are told once, and what they said is kept."""

from __future__ import annotations

import asyncio
import json
import signal
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from cli.broker import Broker
from cli.demo.company import instant
from tests.end_to_end.live import Live
from tests.end_to_end.sink import Sink

pytestmark = pytest.mark.takes(60)
SECRET = "a secret"
LIMIT_S = 150.0
QUIET_S = 12.0
MINUTE_MS = 60_000


def event(number: int, name: str, minutes_ago: float, data: dict[str, Any]) -> bytes:
    """An event of the default tenant some minutes before now."""
    time_ms = int(time.time() * 1000 - minutes_ago * MINUTE_MS)
    said = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}", "subject": "A-1"}
    return json.dumps({**said, "time": instant(time_ms), "data": data}).encode()


def touch(number: int, who: str, minutes_ago: float) -> bytes:
    return event(number, "touch.logged", minutes_ago, {"rep": who, "kind": "call", "direction": "outbound"})


def long_days() -> dict[str, Any]:
    """A calendar by which it is about noon now, and people work all day."""
    east_h = 12 - int(time.time() // 3_600) % 24
    shifts = {day: [["01:00", "23:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    return {"calendar": "days", "time_zone": f"Etc/GMT{-east_h:+d}", "shifts": shifts}


def until(holds: Callable[[], bool], say: Callable[[], object]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not holds():
        assert time.monotonic() < limit, say()
        time.sleep(0.2)


def alerts(live: Live, state: str = "open") -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{live.stack.address}/v1/alerts?state={state}", timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)["alerts"]
    return found


def act(live: Live, alert: dict[str, Any], kind: str, body: dict[str, Any]) -> None:
    url = f"{live.stack.address}/v1/alerts/{alert['id']}/{kind}"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 202


@pytest.mark.timeout(900)
def test_people_are_told_once_whatever_is_killed(own_broker: Broker) -> None:
    said = {"team": "T-1", "calendar": "days"}
    roster = [event(n, "roster.changed", 2 * 24 * 60, {"rep": f"R-{n}"} | said) for n in (1, 2, 3)]
    roster.append(event(4, "calendar.changed", 3 * 24 * 60, long_days()))
    history = [touch(11, "R-1", 130), touch(12, "R-2", 140), touch(13, "R-3", 0)]
    stalled = [("fired", "rep_stall", "rep:R-1"), ("fired", "rep_stall", "rep:R-2")]
    with (
        Sink(SECRET, refusals=1) as sink,
        Live(own_broker.bootstrap, SALESPULSE_WEBHOOK_URL=sink.url, SALESPULSE_WEBHOOK_SECRET=SECRET) as live,
    ):
        asyncio.run(live.publish([*roster, *history]))
        until(lambda: sorted(sink.told()) == stalled, sink.told)
        assert sink.refused == 1
        live.kill_at_work("board")
        by_scope = {alert["scope"]: alert for alert in alerts(live)}
        act(live, by_scope["rep:R-1"], "snooze", {"for_s": 3600, "note": "on the road"})
        act(live, by_scope["rep:R-2"], "acknowledge", {"by": "Ann"})
        until(lambda: states(live) == {"rep:R-1": "snoozed", "rep:R-2": "acknowledged"}, lambda: alerts(live))
        kill_everything(live, own_broker)
        until(lambda: len(states(live)) == 2, lambda: alerts(live))
        time.sleep(QUIET_S)
        assert states(live) == {"rep:R-1": "snoozed", "rep:R-2": "acknowledged"}
        asyncio.run(live.publish([touch(21, "R-2", 0)]))
        until(lambda: len(sink.told()) == 3, sink.told)
        assert sink.told()[2] == ("resolved", "rep_stall", "rep:R-2")
        live.kill_at_work("board")
        live.wait_at_work(live.workers["board"])
        time.sleep(QUIET_S)
        assert len(sink.told()) == 3
        assert states(live) == {"rep:R-1": "snoozed"}
        assert {alert["scope"]: alert["actor"] for alert in alerts(live, "resolved")} == {"rep:R-2": "Ann"}


def kill_everything(live: Live, broker: Broker) -> None:
    """kill -9 of the broker and both workers, and a start of each."""
    broker.kill()
    for worker in live.workers.values():
        live.stack.leave(worker, signal.SIGKILL)
    broker.restart()
    live.workers = {stage: live.worker(stage) for stage in live.workers}
    for worker in live.workers.values():
        live.wait_at_work(worker)


def states(live: Live) -> dict[str, str]:
    return {alert["scope"]: alert["state"] for alert in alerts(live)}
