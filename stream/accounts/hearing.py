"""Whom an epoch heard: moments gathered event by event, told to BOARD as facts that don't hang on order or repeats.

What is told comes from each event alone (who published it, its kind, the reps it names, its time), never from the
cells it changed: those depend on what came before.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.cells import DAY_MS, MINUTE_MS, MOMENTS_PER_RUN, SPOKEN_SPAN_MS, HeardRun, SpokenRun
from schemas.event import Event
from stream.accounts.history import NOBODY

NO_KIND = 0
"""The kind of a voided event: its publisher was heard, but it no longer says anything for anybody."""

KNOWN_MAX = 30_000
"""Speakers of whom is remembered what BOARD was told; one that was forgotten is told again."""

Speaker = tuple[str, str, int, str]
"""(tenant, publishing source, kind, rep)"""

Told = dict[str, tuple[list[HeardRun], list[SpokenRun]]]


def reps_named(event: Event) -> tuple[str, ...]:
    """The reps an event itself names; NOBODY if none."""
    splits = getattr(event.data, "splits", None)
    if splits:
        return tuple(split.rep for split in splits)
    return (getattr(event.data, "rep", None) or NOBODY,)


def kind_told(event: Event) -> int:
    """The kind under which an event is told."""
    return NO_KIND if event.voided else event.kind


class Hearing:
    """What the open epoch heard, and what BOARD was told before. A speaker's moments between the first and the end of
    the last day told of it add nothing: then only its source's minute is noted.
    """

    def __init__(self) -> None:
        self._minutes: dict[tuple[str, str], list[int]] = {}  # (tenant, source) → every moment of the epoch
        self._known: dict[Speaker, tuple[int, int, list[int]]] = {}  # → [first, end) told, its source's moments
        self._news: dict[Speaker, list[int]] = {}

    def hear(self, tenant: str, source: str, kind: int, rep: str, time_ms: int) -> None:
        """Note that a publisher spoke of ``rep`` (NOBODY if it named none)."""
        speaker = (tenant, source, kind, rep)
        known = self._known.get(speaker)
        if known is not None and known[0] <= time_ms < known[1]:
            known[2].append(time_ms)
        else:
            self._learn(speaker, time_ms)

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
        if len(self._known) > KNOWN_MAX:
            self._known, self._minutes = {}, {}
        return told

    def _learn(self, speaker: Speaker, time_ms: int) -> None:
        times = self._minutes.get(speaker[:2])
        if times is None:
            times = self._minutes[speaker[:2]] = []
        times.append(time_ms)
        news = self._news.get(speaker)
        if news is None:
            self._news[speaker] = [time_ms]
        else:
            news.append(time_ms)
        first_ms, end_ms = time_ms, time_ms - time_ms % DAY_MS + DAY_MS
        known = self._known.get(speaker)
        if known is not None and known[0] // SPOKEN_SPAN_MS == time_ms // SPOKEN_SPAN_MS:
            first_ms, end_ms = min(first_ms, known[0]), max(end_ms, known[1])
        self._known[speaker] = (first_ms, end_ms, times)


def _newest_of_minutes(times: list[int]) -> list[int]:
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
