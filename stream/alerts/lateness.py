"""How late publishers are: by how old what they bring is when it comes.

Whoever synchronises every half hour is heard up to half an hour late, every time; whose clock is slow, always. A board
knows only when things happened; that they came late can be seen only while it is watched.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from schemas.cells import MINUTE_MS
from stream.board.heard import DAY_MIN, Heard
from stream.board.moment import Moment
from stream.board.sources import newest_of

RECENT = 8
"""So many arrivals of a publisher are remembered, and of these LATEST_BUT − 1 may be later than it usually is: an
outage of its own is caught up with in one or two.
"""
LATEST_BUT = 3
PROMPT_MIN = 5
STEP_MIN = 15
SOURCES_MAX = 200
"""Publishers whose lateness is remembered."""

BEATS, EVENTS = "heartbeats", "events"
Key = str
"""heartbeats or events, a slash, the publisher's name"""


class Lateness:
    """How late a tenant's publishers are. ``recent``: minutes of their last arrivals, all that outlasts a restart.
    ``unseen``: what is thought of a publisher that wasn't watched for long enough.
    """

    def __init__(self, recent: dict[Key, list[int]] | None = None, *, unseen: int | None = None) -> None:
        self._unseen = unseen
        self.recent = {key: list(minutes) for key, minutes in (recent or {}).items()}
        self._newest_ms: dict[Key, int] = {}

    def watch(self, moment: Moment) -> bool:
        """Look at what has come since the last time; whether there is news of how late a publisher is."""
        has_changed = False
        for key, newest_ms, first_ms in self._arrivals(moment):
            if key not in self.recent and len(self.recent) >= SOURCES_MAX:
                continue
            before = self.of(key)
            late = max(moment.as_of_ms - first_ms, 0) // MINUTE_MS
            self.recent[key] = [*self.recent.get(key, ()), late][-RECENT:]
            self._newest_ms[key] = newest_ms
            is_new = len(self.recent[key]) <= LATEST_BUT
            has_changed |= is_new or self.of(key) != before
        return has_changed

    def of(self, key: Key) -> int | None:
        """By how many minutes a publisher has to be thought late: 0 for a prompt one, None where that isn't known."""
        recent = sorted(self.recent.get(key, ()), reverse=True)
        if len(recent) < LATEST_BUT:
            return self._unseen
        late = recent[LATEST_BUT - 1]
        return 0 if late < PROMPT_MIN else (late // STEP_MIN + 1) * STEP_MIN

    def _arrivals(self, moment: Moment) -> Iterator[tuple[Key, int, int]]:
        """Who was heard since the last look: its newest moment, and its first one after what was the newest then."""
        heard = moment.board.heard
        for key, rhythms in _rhythms(heard).items():
            newest_ms = max((newest_of(heard, rhythm, moment) or 0 for rhythm in rhythms), default=0)
            before_ms = self._newest_ms.setdefault(key, newest_ms)
            if newest_ms > before_ms:
                yield key, newest_ms, min(_first_after(heard, rhythm, before_ms, newest_ms) for rhythm in rhythms)


def _rhythms(heard: Heard) -> dict[Key, list[tuple[str, int]]]:
    found: dict[Key, list[tuple[str, int]]] = {}
    for name, interval_s in heard.minutes:
        found.setdefault(f"{BEATS if interval_s else EVENTS}/{name}", []).append((name, interval_s))
    return found


def _first_after(heard: Heard, rhythm: tuple[str, int], after_ms: int, newest_ms: int) -> int:
    """The first minute heard after that of a moment (epoch ms); ``newest_ms`` if there is none."""
    for day in range(after_ms // MINUTE_MS // DAY_MIN, newest_ms // MINUTE_MS // DAY_MIN + 1):
        minutes = heard.minutes[rhythm].get(day)
        if minutes is not None:
            start = max(after_ms // MINUTE_MS + 1 - day * DAY_MIN, 0)
            later = np.flatnonzero(np.frombuffer(minutes, np.uint16)[start:])
            if len(later):
                return min((day * DAY_MIN + start + int(later[0])) * MINUTE_MS, newest_ms)
    return newest_ms
