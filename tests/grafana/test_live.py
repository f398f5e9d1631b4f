"""A running pipeline, scraped by a Prometheus: what panels show is what the API answers."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isclose
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.broker.ports import free_pair
from cli.stack import Kept
from config.catalogue import load_definitions
from schemas.alert_view import instant
from schemas.kpi import KpiDefinition, KpiValue
from tests.conftest import at_hand
from tests.end_to_end.live import Live, until_equal
from tests.grafana.boards import Target
from tests.grafana.company import TENANT, Company
from tests.grafana.engine import Engine, of_kpis
from tests.grafana.scraped import Prometheus, scraping

pytestmark = [pytest.mark.takes(60), pytest.mark.timeout(400)]

SCRAPED_AT = re.compile(r"metrics at http://([^/]+)/metrics")
AS_OF = f'salespulse_kpi_as_of_timestamp_seconds{{tenant="{TENANT}"}}'


class Api:
    """Values as the gateway answers them as of ``as_of_ms``."""

    def __init__(self, live: Live, as_of_ms: int) -> None:
        self.definitions: Mapping[str, KpiDefinition] = {each.slug: each for each in load_definitions()}
        self._live, self._as_of_ms = live, as_of_ms

    def value(self, kpi: str, scope: str, window: str, as_of_ms: int | None = None) -> KpiValue:
        """One value."""
        at_ms = self._as_of_ms if as_of_ms is None else as_of_ms
        moment = f"{(instant(at_ms) or '')[:19]}.{at_ms % 1000:03}Z"
        (line,) = self._live.lines(tenant=TENANT, kpi=kpi, scope=scope, window=window, as_of=moment)
        return msgspec.json.decode(line, type=KpiValue)


def address_of(worker: Kept) -> str:
    """Where a worker says its metrics are."""
    until_equal(lambda: SCRAPED_AT.search(worker.log.read_text()) is not None, expected=True)
    addresses: list[str] = SCRAPED_AT.findall(worker.log.read_text())
    return addresses[0]


def test_every_panel_of_a_running_pipeline_shows_what_the_api_answers(
    kafka: str, prometheus_tools: None, tmp_path: Path
) -> None:
    at_hand(("prometheus",), "prometheus")
    lines = Company(datetime.now(UTC)).lines()
    port = free_pair()
    ports = {"SALESPULSE_METRICS_PORT_ACCOUNTS": str(port), "SALESPULSE_METRICS_PORT_BOARD": str(port + 1)}
    with Live(kafka, **ports) as live:
        asyncio.run(live.publish(lines))
        accounts, board = live.workers.values()
        jobs = {
            "salespulse-accounts": ("/metrics", [address_of(accounts)]),
            "salespulse-board": ("/metrics", [address_of(board)]),
            "salespulse-gateway": ("/metrics", [live.stack.address.removeprefix("http://")]),
        }
        with scraping(jobs, tmp_path) as prometheus:
            prometheus.wait_for("salespulse:values_as_of:timestamp_seconds")
            everything = {"kpi": "activity_count,deals_won", "scope": "company", "window": "all", "tenant": TENANT}
            counted = {"activity_count": count(lines, "touch.logged"), "deals_won": count(lines, "deal.won")}
            until_equal(lambda: {each["kpi"]: each["n"] for each in live.values(**everything)}, counted)
            until_equal(lambda: differences(live, prometheus), [])


def count(lines: list[bytes], kind: str) -> int:
    """How many events are of a kind."""
    return sum(json.loads(line)["type"] == f"sales.{kind}" for line in lines)


def differences(live: Live, prometheus: Prometheus) -> list[object]:
    """Of every query of every panel at one moment, what the API answers otherwise as of the tick that was scraped."""
    at_s, found = time.time(), list[object]()
    (as_of,) = prometheus.ask(AS_OF, time=at_s)
    api = Api(live, round(float(as_of["value"][1]) * 1000))
    for target in of_kpis():
        series = prometheus.ask(target.asked, time=at_s)
        found += [] if series else [f"{target}: nothing"]
        found += [(str(target), each) for each in series if not is_answered(Engine(api, target), target, each)]
    return found


def is_answered(engine: Engine, target: Target, series: dict[str, Any]) -> bool:
    """Whether the API says the same number, and the same of how far to believe it."""
    labels, number = series["metric"], float(series["value"][1])
    status = engine.value(labels).status
    trust = "" if status == "live" or "{{trust}}" not in target.legend else f" · {status}"
    return isclose(number, engine.shown(labels), rel_tol=1e-12) and labels.get("trust", "") == trust
