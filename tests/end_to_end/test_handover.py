"""Two BOARD workers on a real Kafka: a tenant's series are shown by its owner alone, wherever its partition goes."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import groupby

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cli.broker.ports import free_pair
from cli.stack import Kept
from config.catalogue import load_definitions
from tests.end_to_end.live import Live, until_equal
from tests.prometheus.test_exposed import checked
from views.kpi_families import metric_name

pytestmark = [pytest.mark.takes(60), pytest.mark.timeout(400)]

TENANTS = tuple(f"t{n}" for n in range(6))
SCRAPE_EVERY_S = 0.2
LONGEST_GAP_S = 45.0  # the session timeout and a restore, on a machine that does other things beside
SHOWN = re.compile(
    rb'^salespulse_kpi_activity_count_touches\{tenant="(\w+)",scope_kind="company",scope="",window="mtd"\} (\d+)$', re.M
)
COUNTED = re.compile(rb'^salespulse_touches_total\{tenant="(\w+)",rep="R-1",kind="call"\} (\d+)$', re.M)
PORT = re.compile(r"metrics at http://[^:]+:(\d+)/metrics")

Look = dict[str, dict[str, tuple[int, int | None]]]
"""Tenant → worker → what it shows and what it counted."""


class Watch:
    """Scrapes every worker, again and again."""

    def __init__(self) -> None:
        self.workers: dict[str, Kept] = {}
        self.looks: list[tuple[float, Look]] = [(time.monotonic(), {tenant: {} for tenant in TENANTS})]
        self._over = threading.Event()

    def scrape(self, worker: Kept) -> bytes:
        """What a worker shows; nothing while it doesn't answer."""
        port = PORT.search(worker.log.read_text(errors="replace"))
        if port is None or not worker.is_running():
            return b""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port[1]}/metrics", timeout=20) as answer:
                body: bytes = answer.read()
        except OSError:
            return b""
        return body

    def look(self) -> Look:
        """One scrape of each worker."""
        seen: Look = {tenant: {} for tenant in TENANTS}
        for name, worker in list(self.workers.items()):
            text = self.scrape(worker)
            counted = {tenant.decode(): int(count) for tenant, count in COUNTED.findall(text)}
            for tenant, number in SHOWN.findall(text):
                seen[tenant.decode()][name] = (int(number), counted.get(tenant.decode()))
        self.looks.append((time.monotonic(), seen))
        return seen

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look all the time."""

        def run() -> None:
            while not self._over.wait(SCRAPE_EVERY_S):
                self.look()

        watcher = threading.Thread(target=run)
        watcher.start()
        try:
            yield
        finally:
            self._over.set()
            watcher.join()

    def shown(self) -> dict[str, list[int]]:
        """The latest look: what each tenant's workers show."""
        return {tenant: [number for number, _ in by.values()] for tenant, by in self.looks[-1][1].items()}

    def owners(self) -> set[str]:
        """Who showed anything in the latest look."""
        return {name for by in self.looks[-1][1].values() for name in by}


def touches(number: int) -> list[bytes]:
    """A call of each tenant, now."""
    event = {"specversion": "1.0", "source": "pbx", "type": "sales.touch.logged", "subject": "A-1"}
    event["time"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
    data = {"rep": "R-1", "kind": "call", "direction": "outbound"}
    return [
        json.dumps({**event, "id": f"{tenant}-{number}", "tenant": tenant, "data": data}).encode() for tenant in TENANTS
    ]


async def test_a_tenant_is_shown_once_wherever_it_goes(kafka: str, prometheus_tools: None) -> None:
    watch = Watch()
    port = str(free_pair())  # taken: a worker takes the next free one
    settings = {f"SALESPULSE_METRICS_PORT_{stage}": port for stage in ("ACCOUNTS", "BOARD")}
    settings["SALESPULSE_CELLS_PARTITIONS"] = "3"
    with Live(kafka, **settings) as live, watch.watching():
        watch.workers["first"] = live.workers["board"]
        for number in (1, 2):
            await live.publish(touches(number))
        until_equal(watch.shown, {tenant: [2] for tenant in TENANTS})
        watch.workers["second"] = live.worker("board")
        until_equal(watch.owners, {"first", "second"})
        await live.publish(touches(3))
        until_equal(watch.shown, {tenant: [3] for tenant in TENANTS})
        live.stack.leave(watch.workers["first"], signal.SIGTERM)
        until_equal(watch.owners, {"second"})
        await live.publish(touches(4))
        until_equal(watch.shown, {tenant: [4] for tenant in TENANTS})
        watch.workers["third"] = live.worker("board")
        until_equal(watch.owners, {"second", "third"})
        live.stack.leave(watch.workers["second"], signal.SIGKILL)
        until_equal(watch.owners, {"third"})
        await live.publish(touches(5))
        until_equal(watch.shown, {tenant: [5] for tenant in TENANTS})
        text = watch.scrape(watch.workers["third"])
        checked(text)
        checked(watch.scrape(live.workers["accounts"]))
        until_equal(lambda: served(live, TENANTS[0]), scraped(text, TENANTS[0]))
    for tenant in TENANTS:
        holds(tenant, [(at_s, look[tenant]) for at_s, look in watch.looks])


def scraped(text: bytes, tenant: str) -> dict[str, float]:
    """The company's values of the month by metric, as Prometheus reads them."""
    where = {"tenant": tenant, "scope_kind": "company", "scope": "", "window": "mtd"}
    names = {metric_name(definition) for definition in load_definitions()}
    families = text_string_to_metric_families(text.decode())
    samples = [sample for family in families if family.name in names for sample in family.samples]
    return {sample.name: sample.value for sample in samples if sample.labels == where}


def served(live: Live, tenant: str) -> dict[str, float]:
    """The same, as the API tells it."""
    names = {definition.slug: metric_name(definition) for definition in load_definitions()}
    wanted = [each.slug for each in load_definitions() if "mtd" in each.publish_windows and "company" in each.scopes]
    rows = live.values(tenant=tenant, scope="company", window="mtd", kpi=",".join(wanted))
    return {names[row["kpi"]]: row["value"] for row in rows if row["value"] is not None}


def holds(tenant: str, looks: list[tuple[float, dict[str, tuple[int, int | None]]]]) -> None:
    """Never twice for longer than a look, never away for longer than a takeover, never backwards."""
    first = next(n for n, (_, seen) in enumerate(looks) if seen)
    twice = [len(list(run)) for is_twice, run in groupby(looks, lambda look: len(look[1]) > 1) if is_twice]
    assert all(length == 1 for length in twice), f"{tenant} was shown twice in {twice} looks one after the other"
    last_s, most, counted = looks[first][0], 0, 0
    for at_s, seen in looks[first:]:
        if seen:
            assert at_s - last_s < LONGEST_GAP_S, f"{tenant} was away for {at_s - last_s:.1f} s"
            number = max(number for number, _ in seen.values())
            assert number >= most, f"{tenant} went back from {most} to {number}"
            last_s, most = at_s, number
        for _, count in seen.values():
            assert count is None or count >= counted, f"the counter of {tenant} went back from {counted} to {count}"
            counted = max(counted, count or 0)
    assert (most, counted) == (5, 5)
