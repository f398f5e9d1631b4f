"""Whom an epoch heard: moments gathered event by event, told to BOARD as facts that don't hang on order or repeats.

What is told comes from each event alone (who published it, its kind, the reps it names, its time), never from the
cells it changed: those depend on what came before.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from schemas.cells import DAY_MS, MINUTE_MS, MOMENTS_PER_RUN, SPOKEN_SPAN_MS, HeardRun, SpokenRun
from schemas.event import Event
from stream.accounts.history import NOBODY
from stream.accounts.kinds import GIVING_REP, GIVING_SPLITS

NO_KIND = 0
"""The kind of a voided event: its publisher was heard, but it no longer says anything for anybody."""

KNOWN_MAX = 100_000
"""Speakers of whom is remembered what BOARD was told; one that was forgotten is told again."""

VOICES_MAX = 2_000
"""Tenants' sources and kinds that are told apart at a glance."""

MANY = 200
"""So many moments are sorted faster as an array."""

Speaker = tuple[str, str, int, str]
"""(tenant, publishing source, kind, rep)"""

Told = dict[str, tuple[list[HeardRun], list[SpokenRun]]]


def reps_named(event: Event) -> tuple[str, ...]:
    """The reps an event itself names, those of its splits among them; NOBODY if none."""
    kind, data = event.kind, event.data
    if data is None or kind not in GIVING_REP:
        return (NOBODY,)
    named: Any = data
    if kind in GIVING_SPLITS and named.splits:
        named_reps = [split.rep for split in named.splits]
        return tuple(named_reps if named.rep is None or named.rep in named_reps else [named.rep, *named_reps])
    return (named.rep or NOBODY,)


def kind_told(event: Event) -> int:
    """The kind under which an event is told."""
    return NO_KIND if event.voided else event.kind


class _Rep:
    """Who spoke of a rep today: ``by`` has a bit for each voice, ``since_ms`` is the newest of their first moments."""

    __slots__ = ("by", "since_ms")

    def __init__(self) -> None:
        self.by = 0
        self.since_ms = 0


class _Voice:
    """A publishing source that speaks of one kind: its bit, its source's moments, its tenant's reps."""

    __slots__ = ("bit", "reps", "times")

    def __init__(self, bit: int, times: list[int], reps: dict[str, _Rep]) -> None:
        self.bit = bit
        self.times = times
        self.reps = reps


class Hearing:
    """What the open epoch heard, and what BOARD was told before. A speaker's moments between the first and the end of
    the last day told of it add nothing: then only its source's minute is noted.

    Most moments are of the newest day and of a rep whom the same voice has named on it before: a look at a few small
    tables, since those of all speakers are too large to stay near.
    """

    def __init__(self) -> None:
        self._minutes: dict[tuple[str, str], list[int]] = {}  # (tenant, source) → every moment of the epoch
        self._known: dict[Speaker, tuple[int, int]] = {}  # → [first, end) told
        self._news: dict[Speaker, list[int]] = {}
        self._today_ms = 0
        self._voices: dict[tuple[str, str, int], _Voice] = {}
        self._reps: dict[str, dict[str, _Rep]] = {}  # by tenant

    def hear(self, tenant: str, source: str, kind: int, rep: str, time_ms: int) -> None:
        """Note that a publisher spoke of ``rep`` (NOBODY if it named none)."""
        voice = self._voices.get((tenant, source, kind))
        if voice is not None and self._today_ms <= time_ms < self._today_ms + DAY_MS:
            known = voice.reps.get(rep)
            if known is not None and known.by & voice.bit and time_ms >= known.since_ms:
                voice.times.append(time_ms)
                return
        self._note(tenant, source, kind, rep, time_ms)

    def _note(self, tenant: str, source: str, kind: int, rep: str, time_ms: int) -> None:
        speaker = (tenant, source, kind, rep)
        told = self._known.get(speaker)
        if told is None or not told[0] <= time_ms < told[1]:
            self._learn(speaker, time_ms)
        voice = self._voice(tenant, source, kind)
        voice.times.append(time_ms)
        today_ms = time_ms - time_ms % DAY_MS
        if today_ms > self._today_ms:
            self._today_ms = today_ms
            for reps in self._reps.values():
                reps.clear()
        if today_ms == self._today_ms:
            known = voice.reps.get(rep)
            if known is None:
                known = voice.reps[rep] = _Rep()
            known.by |= voice.bit
            known.since_ms = max(known.since_ms, self._known[speaker][0])

    def _voice(self, tenant: str, source: str, kind: int) -> _Voice:
        """The voice, made where it is new."""
        found = self._voices.get((tenant, source, kind))
        if found is None:
            times = self._minutes.setdefault((tenant, source), [])
            reps = self._reps.setdefault(tenant, {})
            found = self._voices[tenant, source, kind] = _Voice(1 << len(self._voices), times, reps)
        return found

    def release(self) -> Told:
        """What is to be told, by tenant: the newest moment of each minute by source, and who spoke for whom, as far as
        that is new. The next epoch starts empty.
        """
        told: Told = {}
        for (tenant, source), times in self._minutes.items():
            if times:
                heard = told.setdefault(tenant, ([], []))[0]
                heard += [(source, run) for run in _runs(_newest_of_minutes(times))]
                times.clear()
        for (tenant, source, kind, rep), times in self._news.items():
            spoken = told[tenant][1]
            spoken += [(source, kind, rep, run) for run in _runs(times if len(times) == 1 else _ends(times))]
        self._news = {}
        if len(self._known) > KNOWN_MAX or len(self._voices) > VOICES_MAX:
            self._known, self._minutes, self._voices, self._reps = {}, {}, {}, {}
        return told

    def _learn(self, speaker: Speaker, time_ms: int) -> None:
        news = self._news.get(speaker)
        if news is None:
            self._news[speaker] = [time_ms]
        else:
            news.append(time_ms)
        first_ms, end_ms = time_ms, time_ms - time_ms % DAY_MS + DAY_MS
        told = self._known.get(speaker)
        if told is not None and told[0] // SPOKEN_SPAN_MS == time_ms // SPOKEN_SPAN_MS:
            first_ms, end_ms = min(first_ms, told[0]), max(end_ms, told[1])
        self._known[speaker] = (first_ms, end_ms)


def _newest_of_minutes(times: list[int]) -> list[int]:
    if len(times) > MANY:
        moments = np.sort(np.array(times, dtype=np.int64))
        minutes = moments // MINUTE_MS
        newest: list[int] = moments[np.append(minutes[1:] != minutes[:-1], True)].tolist()
        return newest
    times.sort()
    return list({time_ms // MINUTE_MS: time_ms for time_ms in times}.values())


def _ends(times: list[int]) -> list[int]:
    """The first and the last moment of each span."""
    times.sort()
    lasts = {time_ms // SPOKEN_SPAN_MS: time_ms for time_ms in times}
    firsts = {time_ms // SPOKEN_SPAN_MS: time_ms for time_ms in reversed(times)}
    return sorted({*lasts.values(), *firsts.values()})


def _runs(moments: list[int]) -> Iterable[list[int]]:
    if len(moments) <= MOMENTS_PER_RUN:
        return (moments,)
    return (moments[low : low + MOMENTS_PER_RUN] for low in range(0, len(moments), MOMENTS_PER_RUN))
