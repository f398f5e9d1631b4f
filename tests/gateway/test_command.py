"""`salespulse gateway` as a process: it starts without a broker, says so once, and stops when it is told to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.broker.ports import free_pair

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "cli.main", "gateway"]


def environment(port: int) -> dict[str, str]:
    """The test's own, with a broker that isn't there."""
    return os.environ | {"KAFKA_BROKERS": f"127.0.0.1:{free_pair()}", "SALESPULSE_PORT": str(port)}


@pytest.fixture
def running() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address."""
    port = free_pair()
    process = subprocess.Popen(COMMAND, cwd=ROOT, env=environment(port), stderr=subprocess.PIPE, text=True)
    yield process, f"http://127.0.0.1:{port}"
    process.kill()
    process.wait(10)


def test_it_serves_without_a_broker_and_stops_with_a_page_open(running: tuple[subprocess.Popen[str], str]) -> None:
    process, url = running
    until = time.monotonic() + 60
    while not _answers(url):
        assert time.monotonic() < until
        time.sleep(0.1)
    with httpx.stream("GET", f"{url}/v1/stream", timeout=60) as stream:
        assert next(stream.iter_lines()) == "retry: 1000"
        time.sleep(6)  # long enough for a second attempt to reach the broker
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if "broker" in line]) == 1, said


def test_a_port_that_is_taken_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            COMMAND, cwd=ROOT, env=environment(port), capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 1
    assert done.stderr.startswith(f"salespulse: can't listen on 127.0.0.1:{port}")
    assert len(done.stderr.splitlines()) == 1


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
