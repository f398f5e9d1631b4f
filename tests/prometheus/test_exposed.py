"""What is exposed, judged by Prometheus' own tool and by the list of all metrics."""

from __future__ import annotations

import re
import subprocess

from config.catalogue import load_definitions
from gateway.metrics import GatewayMetrics
from tests.agents.test_scrapes import Worker
from views.declared import gateway, tenants, worker
from views.families import Family
from views.kpi_families import families_of

TYPE = re.compile(r"^# TYPE (\S+) (\S+)$", re.M)


def checked(text: bytes) -> None:
    """promtool has nothing to say about a scrape, neither about its form nor about its names; all of it is declared."""
    found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    assert (found.returncode, found.stdout + found.stderr) == (0, b"")
    kinds = {family.name: family.kind for family in declared()}
    shown = dict(TYPE.findall(text.decode()))
    assert shown
    assert shown.items() <= kinds.items()


def declared() -> list[Family]:
    """The list of all metrics."""
    kpis = [family for definition in load_definitions() for family in families_of(definition)]
    return [*kpis, *tenants.TENANTS, *worker.WORKER, *worker.BOARD, *gateway.GATEWAY]


async def test_a_worker_s_scrape_is_sound(prometheus_tools: None) -> None:
    board = Worker()
    board.fill()
    await board.scrapes.take(0, board.tick)
    checked(board.scrapes.render(await board.scrapes.gather()))


def test_a_gateway_s_scrape_is_sound(prometheus_tools: None) -> None:
    checked(GatewayMetrics().exposition())


def test_names_are_declared_once_and_say_what_they_are() -> None:
    names = [family.name for family in declared()]
    assert len(names) == len(set(names))
    for family in declared():
        assert (family.kind == "counter") == family.name.endswith("_total")
        assert (family.unit == "seconds") == family.name.endswith("_seconds")
        assert not family.labels or family.bound or set(family.labels) <= {"stage"}, f"{family.name}: what bounds it?"
        assert bool(family.buckets) == (family.kind == "histogram")
