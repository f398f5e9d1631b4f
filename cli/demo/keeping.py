"""Where a demo keeps its history between runs, and how another process asks the running one to play an incident."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.machine import cache_folder

STORY = 1
"""Raised when what is told changes so much that a kept history doesn't fit it any more."""
ANSWER_LIMIT_S = 20.0
POLL_S = 0.1


class NobodyPlays(Exception):
    """No demo that keeps its history runs here, or it gave no answer."""


def home() -> Path:
    """Where histories are kept unless the user says otherwise."""
    return cache_folder() / "demo"


@contextmanager
def kept(place: Path, *, seed: int, reps: int, days: int) -> Iterator[Path | None]:
    """The folder of one history in ``place``, held alone; None while another demo holds what is there."""
    with holding(place) as is_held:
        if is_held:
            folder = place / f"story-{STORY}-reps-{reps}-seed-{seed}-days-{days}"
            folder.mkdir(parents=True, exist_ok=True)
            yield folder
        else:
            yield None


@contextmanager
def holding(place: Path) -> Iterator[bool]:
    """Whether the histories in ``place`` are ours for now. Nobody else's are removed, and a crash lets go of them."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def remove_all() -> bool:
    """Remove every history in the cache folder; False while a demo runs on one."""
    with holding(home()) as is_held:
        if is_held:
            for folder in home().glob("story-*"):
                shutil.rmtree(folder)
        return is_held


class Letterbox:
    """Wishes for incidents, as files. The running demo looks into it; what it answers stands in another file."""

    def __init__(self) -> None:
        self._folder = home() / "wishes"

    def empty(self) -> None:
        """Forget what was wished before this demo ran."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def wishes(self) -> list[str]:
        """What is wished for now, each once."""
        found = sorted(self._folder.glob("*.wish")) if self._folder.is_dir() else []
        for path in found:
            path.unlink()
        return [path.stem for path in found]

    def answer(self, wish: str, text: str) -> None:
        """Tell who wished what was played."""
        (self._folder / f"{wish}.answer").write_text(text)

    def ask(self, wish: str) -> str:
        """Wish for something and wait for the answer. Raises NobodyPlays."""
        with holding(home()) as is_held:
            if is_held:
                raise NobodyPlays("no demo runs here; start one with `make demo`, in another terminal")
        self._folder.mkdir(parents=True, exist_ok=True)
        answer = self._folder / f"{wish}.answer"
        answer.unlink(missing_ok=True)
        (self._folder / f"{wish}.wish").touch()
        limit = time.monotonic() + ANSWER_LIMIT_S
        while not answer.exists():
            if time.monotonic() > limit:
                raise NobodyPlays(
                    f"the demo gave no answer in {ANSWER_LIMIT_S:.0f} s; it plays once its history is imported"
                )
            time.sleep(POLL_S)
        return answer.read_text()
