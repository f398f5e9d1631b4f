"""The demo as its user starts it: it checks itself, and nothing of it outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.takes(35)
START_LIMIT_S = 90.0
END_LIMIT_S = 40.0
DEMO = (sys.executable, "-m", "cli.main", "demo")


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    """A demo that is up; killed at the end in any case."""
    command = [*DEMO, "--days", "2", "--reps", "8", "--no-keep"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    yield process
    process.kill()
    process.wait()


def wait_up(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("live events"):
            return
    raise AssertionError("the demo ended before it was live")


def family_of(pid: int) -> set[int]:
    """The process and everything it started, directly or not."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue  # it ended while we looked
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def logs_of(pid: int) -> set[Path]:
    """The folders that the process's children write their logs to, apart from the broker's."""
    folders = set()
    for child in family_of(pid):
        try:
            target = Path(f"/proc/{child}/fd/1").resolve()
        except OSError:
            continue  # it ended while we looked
        if target.parent.name.startswith("salespulse-logs-"):
            folders.add(target.parent)
    return folders


def wait_gone(pids: set[int]) -> None:
    limit = time.monotonic() + END_LIMIT_S
    while left := {pid for pid in pids if is_alive(pid)}:
        assert time.monotonic() < limit, left
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.timeout(300)
def test_demo_once_finds_every_value_right_also_when_it_goes_on_from_a_kept_history(tmp_path: Path) -> None:
    command = [*DEMO, "--once", "--days", "6", "--reps", "10", "--seed", "7", "--folder", str(tmp_path)]
    ports = {"SALESPULSE_METRICS_PORT_ACCOUNTS": "0", "SALESPULSE_METRICS_PORT_BOARD": "0"}
    environment = os.environ | ports
    for told in ("publishing 6 days of history", "publishing what happened since"):
        ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert ended.returncode == 0, ended.stdout[-3_000:] + ended.stderr[-1_000:]
        assert told in ended.stdout
        assert "the first live number was on the board" in ended.stdout
        assert "values equal the spreadsheet's" in ended.stdout


@pytest.mark.timeout(240)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_the_demo(demo: subprocess.Popen[str], number: signal.Signals) -> None:
    wait_up(demo)
    family, logs = family_of(demo.pid), logs_of(demo.pid)
    assert len(family) > 5  # the demo, the broker, the gateway, the worker and its two stages
    demo.send_signal(number)
    demo.wait(END_LIMIT_S)
    wait_gone(family - {demo.pid})
    assert len(logs) == 1
    limit = time.monotonic() + END_LIMIT_S
    while any(folder.exists() for folder in logs):
        assert time.monotonic() < limit, logs
        time.sleep(0.1)
