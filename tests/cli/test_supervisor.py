"""The supervisor restarts what dies, and takes everything down with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
CHILD = """
import os, sys, time
from cli.supervisor import die_with
die_with(int(sys.argv[-1]))
open(sys.argv[1], "a").write(f"{os.getpid()}\\n")
time.sleep(600)
"""
PARENT = """
import sys
from cli.supervisor import Supervisor
sys.exit(Supervisor({"child": [sys.executable, "-c", sys.argv[1], sys.argv[2]]}).run())
"""


def start(pids: Path) -> subprocess.Popen[bytes]:
    """A supervisor with one child that writes its process id to ``pids``."""
    return subprocess.Popen([sys.executable, "-c", PARENT, CHILD, str(pids)], cwd=ROOT)


def until(true: Callable[[], bool], *, limit_s: float = 60.0) -> None:
    """Wait until something is true."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def started(pids: Path) -> list[int]:
    """Process ids of the children so far."""
    return [int(line) for line in pids.read_text().splitlines()] if pids.exists() else []


def is_gone(pid: int) -> bool:
    """Whether no such process runs."""
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or ") Z " in stat.read_text()


def test_a_dead_child_is_started_again_and_sigterm_ends_both(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    supervisor = start(pids)
    until(lambda: len(started(pids)) == 1)
    os.kill(started(pids)[0], signal.SIGKILL)
    until(lambda: len(started(pids)) == 2)
    supervisor.send_signal(signal.SIGTERM)
    assert supervisor.wait(60) == 0
    assert is_gone(started(pids)[1])


def test_children_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    supervisor = start(pids)
    until(lambda: len(started(pids)) == 1)
    supervisor.kill()
    supervisor.wait()
    until(lambda: is_gone(started(pids)[0]))
