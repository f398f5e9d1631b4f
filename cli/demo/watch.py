"""The board as a screen sees it: waiting until its numbers are whole, and seeing the first one move."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

from cli.demo.company import TENANT

TOUCHES_TODAY = "activity_count|company|today"
REQUEST_LIMIT_S = 30.0
FIRST_FRAME_LIMIT_S = 60.0
POLL_S = 0.3


def touches_counted(address: str) -> int:
    """How many touches the board has counted so far; 0 where it doesn't answer yet."""
    url = f"{address}/v1/values?tenant={TENANT}&kpi=activity_count&scope=company&window=all"
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_LIMIT_S) as answer:
            return sum(json.loads(line)["n"] for line in answer.read().splitlines())
    except (urllib.error.URLError, OSError):
        return 0


class BoardWatch:
    """Looks at the frames that every screen gets, until the number of today's touches moves."""

    def __init__(self, address: str) -> None:
        self.moved_at: float | None = None
        """When it moved, on the clock of `time.monotonic`."""
        self._seen = threading.Event()
        self._address = address
        self._thread = threading.Thread(target=self._look, daemon=True)

    def start(self) -> None:
        """Return when the first frame has come: whatever is published from now on is seen to move something."""
        self._thread.start()
        self._seen.wait(FIRST_FRAME_LIMIT_S)

    def _look(self) -> None:
        first: object = None
        try:
            for frame in self._frames():
                found = _tile(frame)
                if found is None:
                    continue  # the board has no pages yet
                if not self._seen.is_set():
                    first = found
                    self._seen.set()
                elif found != first:
                    self.moved_at = time.monotonic()
                    return
        except (urllib.error.URLError, OSError):
            # A stream that ends shows nothing more; what the board says is then not measured.
            self._seen.set()

    def _frames(self) -> Iterator[dict[str, Any]]:
        with urllib.request.urlopen(
            f"{self._address}/v1/stream?tenant={TENANT}", timeout=FIRST_FRAME_LIMIT_S
        ) as stream:
            for line in stream:
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))


def _tile(frame: dict[str, Any]) -> object:
    tiles = (tile for page in frame["pages"] for tile in page.get("tiles", ()))
    return next((tile["value"] for tile in tiles if tile["key"] == TOUCHES_TODAY), None)
