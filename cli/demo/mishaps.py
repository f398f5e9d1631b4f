"""What happens to events on their way: some come twice, late, wrong and then corrected, or are taken back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from heapq import heappop, heappush
from random import Random

from cli.demo.company import DemoEvent

REPEATED = 0.02
LATE = 0.05
REVISED = 0.01
VOIDED = 0.005
LATE_BY_EVENTS = 200


class Mishaps:
    """Turns events as they happened into events as they are published. Deterministic by seed."""

    def __init__(self, *, seed: int) -> None:
        self._random = Random(seed + 1)
        self._held: list[tuple[int, int, DemoEvent]] = []
        self._turn = 0
        self._order = 0

    def published(self, events: Iterable[DemoEvent]) -> Iterator[DemoEvent]:
        """The same facts, with repeats, delays, corrections and voids among them."""
        for event in events:
            self._turn += 1
            yield from self._released()
            for one, delay in self._fates(event):
                if delay:
                    self._order += 1
                    heappush(self._held, (self._turn + delay, self._order, one))
                else:
                    yield one

    def rest(self) -> Iterator[DemoEvent]:
        """What is still held back, at the end."""
        while self._held:
            yield heappop(self._held)[2]

    def _released(self) -> Iterator[DemoEvent]:
        while self._held and self._held[0][0] <= self._turn:
            yield heappop(self._held)[2]

    def _fates(self, event: DemoEvent) -> Iterator[tuple[DemoEvent, int]]:
        chance = self._random.random()
        later = self._random.randint(1, LATE_BY_EVENTS)
        if chance < REPEATED:
            yield event, 0
            yield event, later
        elif chance < REPEATED + LATE:
            yield event, later
        elif chance < REPEATED + LATE + REVISED:
            yield self._wrong(event), 0
            yield replace(event, revision=1), later
        elif chance < REPEATED + LATE + REVISED + VOIDED:
            yield event, 0
            yield replace(event, revision=1, voided=True), later
        else:
            yield event, 0

    def _wrong(self, event: DemoEvent) -> DemoEvent:
        """The event as somebody first typed it: another amount, another rep, or a little earlier."""
        data = dict(event.data)
        if "amount_minor" in data:
            data["amount_minor"] = int(data["amount_minor"]) * 10
        elif "rep" in data:
            data["rep"] = "R-1"
        return replace(event, data=data, time_ms=event.time_ms - self._random.randint(1, 600_000))
