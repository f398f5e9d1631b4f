"""Keeps one child process per stage alive, and takes all of them down with it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

PR_SET_PDEATHSIG = 1
POLL_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
LONG_LIFE_S = 30.0  # a child that lived so long may be started again at once
STOP_LIMIT_S = 25.0
EXIT_USAGE = 2


def die_with(parent: int) -> None:
    """Let this process get SIGTERM when ``parent`` dies, however it dies; ends at once if it is dead already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)


@dataclass
class Child:
    """A child process, when it was started and when it may be started again."""

    name: str
    command: list[str]
    running: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_at: float = field(default=0.0)


class Supervisor:
    """Starts ``commands``, restarts what dies with a growing pause, forwards SIGTERM and Ctrl-C."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._children = [
            Child(name, [*command, "--supervised-by", str(os.getpid())]) for name, command in commands.items()
        ]
        self._stopping = False

    def run(self) -> int:
        """Run until told to stop, or until a child says that it can't ever work; returns the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        code = 0
        while not self._stopping and code != EXIT_USAGE:
            for child in self._children:
                code = max(code, self._tend(child))
            time.sleep(POLL_S)
        self._end_all()
        return code

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _tend(self, child: Child) -> int:
        """Start or restart ``child`` if it is time; returns EXIT_USAGE if it can't ever work, else 0."""
        now = time.monotonic()
        if child.running is None:
            if now >= child.start_at:
                # Its own process group: Ctrl-C reaches only us, and we tell the children in order.
                child.running = subprocess.Popen(child.command, start_new_session=True)
                child.started_at = now
            return 0
        code = child.running.poll()
        if code is None:
            return 0
        child.running = None
        if code == EXIT_USAGE:
            return EXIT_USAGE
        child.pause_s = (
            FIRST_PAUSE_S if now - child.started_at > LONG_LIFE_S else min(child.pause_s * 2, LONGEST_PAUSE_S)
        )
        child.start_at = now + child.pause_s
        sys.stderr.write(
            f"salespulse: worker of {child.name} ended with code {code}; starting again in {child.pause_s:.1f} s\n"
        )
        return 0

    def _end_all(self) -> None:
        """SIGTERM, so that last epochs are committed; SIGKILL for what is still there after STOP_LIMIT_S."""
        running = [child.running for child in self._children if child.running is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + STOP_LIMIT_S
        for process in running:
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
