"""The benchmark's Kafka chores and programs, as calls: an environment of their own, their processes, their answers."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import venv
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from struct import Struct
from typing import Any, cast

import numpy as np

from bench.keys import account_keys, home_partitions
from bench.log import EventLog
from config.machine import cache_folder

ROOT = Path(__file__).parent.parent
REQUIREMENTS = Path(__file__).parent / "peers" / "requirements.txt"
FRAME = Struct("<qI")
CHORE_LIMIT_S = 300.0
CHECK_S = 0.25


class BenchFailed(Exception):
    """The benchmark can't go on; the text says what happened and what now."""


def peer_python() -> str:
    """The interpreter of the peers' environment, made on first use in the cache folder. Raises BenchFailed."""
    wanted = sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache_folder() / "bench" / f"peers-{wanted}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        venv.create(home, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(REQUIREMENTS)]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BenchFailed(f"the peers' environment can't be made in {home}: {done.stderr.strip()[-400:]}")
        (home / "complete").touch()
    return str(python)


def pinned(core: int, command: list[str]) -> list[str]:
    """The command, on one core."""
    return [sys.executable, "-m", "bench.pinned", str(core), *command]


def write_plain(log: EventLog, folder: Path, partitions: int) -> None:
    """The log as the files that `kafka_desk publish` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    keys = account_keys(int(log.accounts.max()) + 1)
    log.values.tofile(folder / "values.bin")
    np.diff(log.offsets).astype("<i4").tofile(folder / "sizes.i32")
    home_partitions(keys, partitions)[log.accounts].astype("<i4").tofile(folder / "partitions.i32")
    keys[log.accounts].tofile(folder / "keys.bin")


class Desk:
    """Does chores at one broker."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.python = peer_python()

    def publish(self, topic: str, folder: Path) -> Publication:
        """Send a plain log; nobody sees it before `Publication.show`."""
        return Publication(self._start("publish", topic, str(folder)))

    def watch(self, topic: str, group: str, *, check: Callable[[], None]) -> None:
        """Return when the group has committed all of the topic. ``check`` is called meanwhile. Raises BenchFailed."""
        chore = self._start("watch", topic, group, str(CHORE_LIMIT_S))
        while chore.poll() is None:
            time.sleep(CHECK_S)
            try:
                check()
            except BenchFailed:
                chore.kill()
                raise
        answer = _answer(chore)
        if not answer["reached"]:
            raise BenchFailed(f"{group} did not reach the end of {topic} in {CHORE_LIMIT_S:.0f} s: {answer['behind']}")

    def collect(self, topic: str, file: Path) -> list[tuple[int, bytes]]:
        """Every committed record of a topic: (timestamp in ms, value)."""
        _answer(self._start("collect", topic, str(file)))
        blob, records, start = file.read_bytes(), [], 0
        while start < len(blob):
            timestamp_ms, size = FRAME.unpack_from(blob, start)
            start += FRAME.size + size
            records.append((timestamp_ms, blob[start - size : start]))
        return records

    def run_hand_script(self, topic: str, events: int, core: int) -> dict[str, Any]:
        """One run of the peer: its own line of figures."""
        command = [self.python, "-m", "bench.peers.hand_script", self.bootstrap, topic, str(events)]
        return _answer(_spawn(pinned(core, command)))

    def _start(self, chore: str, *arguments: str) -> subprocess.Popen[str]:
        return _spawn([self.python, "-m", "bench.peers.kafka_desk", chore, self.bootstrap, *arguments])


class Publication:
    """Events that were sent and that nobody sees yet."""

    def __init__(self, chore: subprocess.Popen[str]) -> None:
        self._chore = chore
        assert chore.stdout is not None
        said = chore.stdout.readline()
        if not said or json.loads(said)["refused"]:
            chore.kill()
            raise BenchFailed(f"events could not be published: {said or 'the publisher died'}")

    def show(self) -> float:
        """Let everybody see them; returns the moment, epoch seconds."""
        assert self._chore.stdin is not None
        self._chore.stdin.write("now\n")
        self._chore.stdin.flush()
        return float(_answer(self._chore)["seen_from"])


def _spawn(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _answer(chore: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = chore.communicate(timeout=CHORE_LIMIT_S * 2)
    if chore.returncode or not out.strip():
        raise BenchFailed(f"{' '.join(cast('list[str]', chore.args))} ended with {chore.returncode}")
    answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return answer
