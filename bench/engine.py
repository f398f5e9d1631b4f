"""ACCOUNTS as the benchmark runs it: the real worker process with default settings, on one core."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench.desk import ROOT, BenchFailed, pinned
from bench.machine import cpu_s
from config.settings import Settings

READY_LIMIT_S = 120.0
STOP_LIMIT_S = 60.0
IDLE_LOOK_S, IDLE_SHARE = 1.0, 0.2
CORE = re.compile(r"the core runs ([^;\n]+)")
RESTORED = re.compile(r"restored: (\d+) rows, (\d+) records folded again, ([\d.]+) s")


class Restore(NamedTuple):
    """Taking over all slots: state rows read, records folded again, seconds until the last slot was open."""

    rows: int
    refolded: int
    seconds: float

    def line(self) -> str:
        """The restore in one line."""
        return f"restored {self.rows:,} rows, {self.refolded:,} records folded again, in {self.seconds:.2f} s"


class Worker:
    """One `salespulse worker --stage accounts`. Also a context that ends it."""

    def __init__(self, settings: Settings, core: int, said: Path) -> None:
        self._partitions = settings.activity_partitions
        self._said = said
        ours = {name: value for name, value in os.environ.items() if not name.startswith("SALESPULSE_")}
        ours |= {
            "KAFKA_BROKERS": settings.kafka_brokers,
            "SALESPULSE_TOPIC_PREFIX": settings.topic_prefix,
            "SALESPULSE_METRICS_PORT_ACCOUNTS": "0",
        }
        command = [sys.executable, "-m", "cli.main", "worker", "--stage", "accounts"]
        with said.open("w") as out:
            self._process = subprocess.Popen(pinned(core, command), cwd=ROOT, env=ours, stdout=out, stderr=out)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def core(self) -> str:
        """In which form the core ran, as the worker said: in C++, compiled, or as plain Python."""
        found = CORE.search(self._said.read_text())
        if found is None:
            raise BenchFailed(f"the worker didn't say how its core runs: {self._last_words()}")
        return found[1]

    def wait_ready(self) -> None:
        """Return when every slot is open. Raises BenchFailed."""
        until = time.monotonic() + READY_LIMIT_S
        while len(RESTORED.findall(self._said.read_text())) < self._partitions:
            self.check()
            if time.monotonic() > until:
                raise BenchFailed(f"the worker opened too few slots in {READY_LIMIT_S:.0f} s: {self._last_words()}")
            time.sleep(0.1)

    def restored(self) -> Restore:
        """What it took to open its slots, which open side by side."""
        found = [RESTORED.search(line) for line in self._said.read_text().splitlines()]
        slots = [(int(one[1]), int(one[2]), float(one[3])) for one in found if one]
        rows, refolded, seconds = zip(*slots, strict=True)
        return Restore(sum(rows), sum(refolded), max(seconds))

    def await_idle(self, flush_after_s: float) -> None:
        """Return when it has nothing left to write: the last rows are due ``flush_after_s`` after the last event."""
        time.sleep(flush_after_s + IDLE_LOOK_S / 2)
        until = time.monotonic() + READY_LIMIT_S
        while time.monotonic() < until:
            before = cpu_s(self.pid)
            time.sleep(IDLE_LOOK_S)
            if cpu_s(self.pid) - before < IDLE_SHARE * IDLE_LOOK_S:
                return
        raise BenchFailed(f"the worker found no rest in {READY_LIMIT_S:.0f} s")

    def check(self) -> None:
        """Raise BenchFailed if the worker has ended."""
        if self._process.poll() is not None:
            raise BenchFailed(f"the worker ended with {self._process.returncode}: {self._last_words()}")

    def stop(self) -> None:
        """End it in order, or at once if that takes too long."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _last_words(self) -> str:
        return self._said.read_text()[-600:]

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
