"""Whom a tenant heard, and when: what silence is judged by.

Facts only grow: a minute keeps its newest moment, a span the first moment and the last day somebody was spoken for.
So they may come in any order and any number of times. They are kept `KEPT_DAYS` back from the tenant's newest accepted
activity; what is older is never read, whether it is still there or not.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias, TypeVar, cast

import numpy as np

from schemas.cells import DAY_MS, MINUTE_MS, SPOKEN_SPAN_MS, HeardRun, SpokenRun

KEPT_DAYS = 91
DAY_MIN = DAY_MS // MINUTE_MS
SPAN_DAYS = SPOKEN_SPAN_MS // DAY_MS
RHYTHMS_MAX = 2_000
"""Publishers of a tenant, each once more for every interval it promised; more are not heard."""
SPEAKERS_MAX = 500_000
"""(publisher, kind, rep, span) of a tenant; more are not known to feed anything."""

REMEMBERED_MAX = 1_000
"""Readings remembered between changes; every ``as_of`` makes some of its own."""

T = TypeVar("T")

Rhythm = tuple[str, int]
"""(publishing source, the interval in seconds that its heartbeat promised; 0: an event, or a heartbeat without one)"""
Minutes: TypeAlias = "array[int]"
"""For each minute of a UTC day 1 + how far into it (ms) its newest moment is; 0: nothing was heard."""

Said = tuple[int, str, int]
"""(kind, rep, span)"""
MinutesKey = tuple[str, int, int]
"""(source, interval, UTC day)"""
SpokenKey = tuple[str, int, str, int]
"""(source, kind, rep, span)"""
HeardKey = MinutesKey | SpokenKey


class Heard:
    """What one tenant's board heard."""

    def __init__(self) -> None:
        self.minutes: dict[Rhythm, dict[int, Minutes]] = {}
        self.spoken: dict[str, dict[Said, tuple[int, int]]] = {}  # → first moment (epoch ms), last UTC day
        self.changes = 0
        self._made: dict[tuple[object, ...], object] = {}
        self._speakers = 0
        self._kept_from = -(2**62)  # UTC day

    def take(self, heard: Iterable[HeardRun], spoken: Iterable[SpokenRun]) -> Iterator[HeardKey]:
        """Take what a cells record says was heard; what changed."""
        for source, moments in heard:
            for time_ms in moments:
                day = self.hear(source, 0, time_ms)
                if day is not None:
                    yield day
        for source, kind, rep, moments in spoken:
            for time_ms in moments:
                if self.speak(source, (kind, rep, time_ms // SPOKEN_SPAN_MS), time_ms, time_ms // DAY_MS):
                    yield (source, kind, rep, time_ms // SPOKEN_SPAN_MS)

    def hear(self, source: str, interval_s: int, time_ms: int) -> MinutesKey | None:
        """Note a moment of a publisher; the day that changed, if any."""
        minute = time_ms // MINUTE_MS
        day = minute // DAY_MIN
        if day < self._kept_from:
            return None
        minutes = self._day_of(source, interval_s, day)
        into = 1 + time_ms - minute * MINUTE_MS
        if minutes is None or minutes[minute - day * DAY_MIN] >= into:
            return None
        minutes[minute - day * DAY_MIN] = into
        self._change()
        return (source, interval_s, day)

    def speak(self, source: str, said: Said, first_ms: int, last_day: int) -> bool:
        """Note that a rep was spoken for in a span; whether that is news."""
        spoken = self.spoken.get(source)
        if spoken is None:
            spoken = self.spoken[source] = {}
        held = spoken.get(said)
        if held is None:
            if is_over(said[2], self._kept_from) or self._speakers >= SPEAKERS_MAX:
                return False
            self._speakers += 1
        elif held[0] <= first_ms and held[1] >= last_day:
            return False
        else:
            first_ms, last_day = min(first_ms, held[0]), max(last_day, held[1])
        spoken[said] = (first_ms, last_day)
        self._change()
        return True

    def forget_before(self, day: int) -> list[HeardKey]:
        """Drop what lies wholly before a UTC day; what was dropped."""
        if day <= self._kept_from:
            return []
        self._kept_from = day
        self._change()
        dropped: list[HeardKey] = []
        for (source, interval_s), days in self.minutes.items():
            dropped += [(source, interval_s, old) for old in days if old < day]
        for source, spoken in self.spoken.items():
            dropped += [(source, *said) for said in spoken if is_over(said[2], day)]
        for key in dropped:
            self._drop(key)
        return dropped

    def remember(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """What ``make`` makes, made once until something else is heard. The key begins with the name of who asks."""
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= REMEMBERED_MAX:
                self._made.clear()
            found = self._made[key] = make()
        return cast(T, found)

    def _change(self) -> None:
        self.changes += 1
        self._made.clear()

    def _drop(self, key: HeardKey) -> None:
        if len(key) == 3:
            source, interval_s, day = key
            del self.minutes[source, interval_s][day]
            if not self.minutes[source, interval_s]:
                del self.minutes[source, interval_s]
            return
        source, kind, rep, span = key
        del self.spoken[source][kind, rep, span]
        self._speakers -= 1

    def join_minutes(self, key: MinutesKey, raw: bytes) -> None:
        """Take the minutes of a day as `pack_minutes` wrote them."""
        minutes = self._day_of(*key)
        if minutes is not None:
            stored = np.frombuffer(raw, "<u2")
            held = np.frombuffer(minutes, np.uint16)
            np.maximum(held[: len(stored)], stored, out=held[: len(stored)])
            self._change()

    def _day_of(self, source: str, interval_s: int, day: int) -> Minutes | None:
        """The minutes of a day, made where they are new; None where there are too many publishers."""
        rhythm = (source, interval_s)
        days = self.minutes.get(rhythm)
        if days is None:
            if len(self.minutes) >= RHYTHMS_MAX:
                return None
            days = self.minutes[rhythm] = {}
        minutes = days.get(day)
        if minutes is None:
            minutes = days[day] = array("H", bytes(2 * DAY_MIN))
        return minutes


def pack_minutes(minutes: Minutes) -> bytes:
    """The minutes of a day as little-endian 16-bit numbers, without the zeros at its end."""
    packed = np.asarray(minutes, "<u2").tobytes().rstrip(b"\0")
    return packed + bytes(len(packed) % 2)


def is_over(span: int, day: int) -> bool:
    """Whether a span ended before a UTC day."""
    return (span + 1) * SPAN_DAYS <= day


def kept_from(newest_ms: int) -> int:
    """The first UTC day that is kept, as the tenant's newest accepted activity has it."""
    return newest_ms // DAY_MS - KEPT_DAYS
