"""A real Alertmanager takes our alerts, keeps each once, and lets go of what is resolved."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.notify.alertmanager import Alertmanager
from agents.notify.channel import NotTaken
from cli.broker.ports import free_pair
from schemas.alert import Snooze
from schemas.instants import milliseconds_of
from tests.agents.notify.making import record, telling
from tests.conftest import at_hand

CONFIG = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"
READY_S = 60.0
HOUR_MS = 3_600_000


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an Alertmanager."""
    command = at_hand(("prometheus-alertmanager", "alertmanager"), "prometheus-alertmanager")
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    (folder / "config.yml").write_text(CONFIG)
    address = f"127.0.0.1:{free_pair()}"
    options = [f"--config.file={folder}/config.yml", f"--storage.path={folder}", f"--web.listen-address={address}"]
    with subprocess.Popen([command, *options, "--cluster.listen-address="], stderr=subprocess.DEVNULL) as running:
        try:
            until = time.monotonic() + READY_S
            while not _is_ready(address):
                assert time.monotonic() < until
                time.sleep(0.1)
            yield f"http://{address}"
        finally:
            running.terminate()


def _is_ready(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://{address}/-/ready", timeout=2):
            return True
    except OSError:
        return False


def held(url: str) -> list[dict[str, Any]]:
    """The alerts that it shows."""
    with urllib.request.urlopen(f"{url}/api/v2/alerts", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return sorted(found, key=lambda each: (each["labels"]["scope"], each["labels"]["severity"]))


def test_it_keeps_each_alert_once_and_lets_go_of_what_is_over(alertmanager: str) -> None:
    channel, now_ms = Alertmanager(alertmanager, "http://board", 3_600), int(time.time() * 1000)

    async def tell() -> None:
        await channel.tell([telling("rep:R-1", now_ms), telling("rep:R-2", now_ms)])
        await channel.repeat([record("rep:R-1", now_ms), record("rep:R-2", now_ms)], now_ms + 60_000)

    asyncio.run(tell())
    shown = held(alertmanager)
    assert [alert["labels"]["scope"] for alert in shown] == ["rep:R-1", "rep:R-2"]
    named = {"alertname": "rep_stall", "tenant": "acme", "team": "North", "severity": "warning", "owner": "team lead"}
    assert shown[0]["labels"] == named | {"scope": "rep:R-1", "pipeline": "salespulse"}
    assert shown[0]["annotations"]["next_step"] == "Ask."
    assert shown[0]["generatorURL"] == "http://board/x"

    over = telling("rep:R-1", now_ms, "resolved", state="resolved", resolved_ms=now_ms)
    was: dict[str, Any] = {"was_severity": "warning", "was_owner": "team lead", "escalated_ms": now_ms - 1_000}
    worse = record("rep:R-2", now_ms, severity="critical", owner="sales lead", **was)

    async def change() -> None:
        await channel.tell([over])
        await channel.repeat([worse], now_ms)

    asyncio.run(change())
    assert [(alert["labels"]["scope"], alert["labels"]["severity"]) for alert in held(alertmanager)] == [
        ("rep:R-2", "critical")
    ]


def quiet(url: str) -> list[str]:
    """The scopes of which it tells nobody."""
    return [alert["labels"]["scope"] for alert in held(url) if alert["status"]["state"] == "suppressed"]


def silences(url: str) -> list[dict[str, Any]]:
    """The silences in force."""
    with urllib.request.urlopen(f"{url}/api/v2/silences", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return [each for each in found if each["status"]["state"] != "expired"]


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + READY_S
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_what_somebody_has_taken_is_silent_until_it_is_over(alertmanager: str) -> None:
    """Whoever takes over makes no second silence; the end comes after the silence, or it would not be told."""
    channel, now_ms = Alertmanager(alertmanager, "http://board", 3_600), int(time.time() * 1000)
    taken: dict[str, Any] = {"state": "acknowledged", "acted_ms": now_ms, "actor": "Ann", "note": "I call"}
    asleep = {**taken, "state": "snoozed", "snooze": Snooze(now_ms + 600_000), "note": ""}
    acted = [record("rep:R-5", now_ms, **taken), record("rep:R-6", now_ms, **asleep), record("rep:R-7", now_ms)]
    for at_ms in (now_ms, now_ms + 60_000):
        asyncio.run(Alertmanager(alertmanager, "http://board", 3_600).repeat(acted, at_ms))
    until(lambda: quiet(alertmanager) == ["rep:R-5", "rep:R-6"])
    made = sorted(silences(alertmanager), key=lambda each: str(each["endsAt"]), reverse=True)
    assert [(each["createdBy"], each["comment"].rpartition(" ")[0]) for each in made] == [
        ("Ann", "Acknowledged in SalesPulse: I call"),
        ("Ann", "Snoozed in SalesPulse"),
    ]
    assert milliseconds_of(made[1]["endsAt"]) == (now_ms + 600_000) // 1_000 * 1_000

    asyncio.run(channel.repeat([acted[0]], now_ms + 13 * HOUR_MS))  # renewed, for it is still acknowledged
    ends = [milliseconds_of(each["endsAt"]) or 0 for each in silences(alertmanager)]
    assert len(ends) == 2
    assert max(ends) >= now_ms + 36 * HOUR_MS
    over = telling("rep:R-5", now_ms, "resolved", **{**taken, "state": "resolved", "resolved_ms": now_ms})
    again = telling("rep:R-6", now_ms, "reminded", **{**asleep, "state": "firing", "snooze": None})
    asyncio.run(channel.tell([over, again]))
    assert not silences(alertmanager)
    until(lambda: not quiet(alertmanager))
    assert "rep:R-5" not in [alert["labels"]["scope"] for alert in held(alertmanager)]


def test_nobody_there_is_not_taken() -> None:
    channel = Alertmanager(f"http://127.0.0.1:{free_pair()}", "", 3_600)
    with pytest.raises(NotTaken):
        asyncio.run(channel.repeat([record("rep:R-1", 1_700_000_000_000)], 1_700_000_000_000))
