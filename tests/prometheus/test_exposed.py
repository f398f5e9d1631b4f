"""What is exposed, judged by Prometheus' own tool."""

from __future__ import annotations

import subprocess

from gateway.metrics import GatewayMetrics
from tests.agents.test_scrapes import Worker


def checked(text: bytes) -> None:
    """promtool has nothing to say about a scrape: neither about its form nor about its names."""
    found = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=60)
    assert (found.returncode, found.stdout + found.stderr) == (0, b"")


async def test_a_worker_s_scrape_is_sound(prometheus_tools: None) -> None:
    worker = Worker()
    worker.fill()
    await worker.scrapes.take(0, worker.tick)
    checked(worker.scrapes.render(await worker.scrapes.gather()))


def test_a_gateway_s_scrape_is_sound(prometheus_tools: None) -> None:
    checked(GatewayMetrics().exposition())
