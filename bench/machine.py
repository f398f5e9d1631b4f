"""The machine that is measured on: its cores, who used them, what it is."""

from __future__ import annotations

import os
import platform
import re
import time
from dataclasses import dataclass
from pathlib import Path

QUIET_SHARE = 0.12
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """The measured program has one core for itself; broker and chores have the other, if there is one."""

    measured: int
    other: int


def cores() -> Cores:
    """The first two cores that this process may use."""
    free = sorted(os.sched_getaffinity(0))
    return Cores(free[0], free[1] if len(free) > 1 else free[0])


def busy_s(core: int) -> float:
    """Seconds that a core has been busy, with whatever, since the machine started."""
    for line in Path("/proc/stat").read_text().splitlines():
        if line.startswith(f"cpu{core} "):
            ticks = [int(word) for word in line.split()[1:]]
            return (sum(ticks[:8]) - ticks[3] - ticks[4]) / TICKS_PER_S
    raise LookupError(f"/proc/stat has no line for core {core}")


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used; 0 if it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_mb(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone."""
    try:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) // 1024 if found else 0


@dataclass(frozen=True)
class Reading:
    """A moment: wall clock (epoch seconds), the measured core's busy seconds, a process's CPU seconds."""

    at: float
    core_s: float
    own_s: float


def read(core: int, pid: int) -> Reading:
    """Read the clocks."""
    return Reading(time.time(), busy_s(core), cpu_s(pid))


def foreign_share(before: Reading, after: Reading) -> float:
    """The share of the measured core that others took between two readings."""
    others = (after.core_s - before.core_s) - (after.own_s - before.own_s)
    return max(0.0, others / max(after.at - before.at, 1e-9))


def await_quiet(core: int, limit_s: float) -> None:
    """Wait until others leave a core alone for a second, at most ``limit_s``; what they take is shown anyway."""
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        before = busy_s(core)
        time.sleep(1.0)
        if busy_s(core) - before < QUIET_SHARE:
            return


def description() -> dict[str, str | int]:
    """What the machine is, without its name."""
    cpu = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    return {
        "cpu": cpu[1].strip() if cpu else platform.machine(),
        "cores": os.cpu_count() or 1,
        "memory_gib": round(int(memory[1]) / 2**20) if memory else 0,
        "system": f"{platform.system()} {platform.release().partition('-')[0]}",
        "python": platform.python_version(),
    }
