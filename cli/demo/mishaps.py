"""What happens to events on their way. Each system has habits of its own: the CRM is filled in by people, who are late
and correct themselves; the telephone system repeats itself; the shop breaks things and sends them again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from random import Random

import orjson

from cli.demo.company import DemoEvent

LATE_BY_EVENTS = 200
GARBLED = "garbled"
"""An attribute that the contract doesn't know and ignores: it tells the spreadsheet what was broken on purpose."""


@dataclass(frozen=True)
class Habits:
    """Shares of a system's events: sent twice, sent late, first wrong and then revised, taken back, first broken."""

    repeated: float
    late: float
    revised: float
    voided: float
    broken: float


HABITS = {
    "crm": Habits(repeated=0.005, late=0.06, revised=0.015, voided=0.004, broken=0.0008),
    "telephony": Habits(repeated=0.05, late=0.01, revised=0.0, voided=0.001, broken=0.0003),
    "shop": Habits(repeated=0.02, late=0.02, revised=0.004, voided=0.002, broken=0.006),
}


@dataclass(frozen=True)
class Broken:
    """Bytes that break the contract, in the place of an event of an account, which is sent later."""

    raw: bytes
    subject: str
    source: str


CLOSINGS = ("sales.deal.won", "sales.deal.lost")

Sent = DemoEvent | Broken


class Mishaps:
    """Turns events as they happened into what is published. Deterministic by seed."""

    def __init__(self, *, seed: int, run: str) -> None:
        self._random = Random(f"{seed}-{run}-mishaps")
        self._held: list[tuple[int, int, DemoEvent]] = []
        self._turn = 0
        self._order = 0

    def published(self, events: Iterable[DemoEvent]) -> Iterator[Sent]:
        """The same facts, with repeats, delays, corrections, voids and broken lines among them."""
        for event in events:
            self._turn += 1
            yield from self._released()
            for one, delay in self._fates(event):
                if isinstance(one, Broken) or not delay:
                    yield one
                else:
                    self._order += 1
                    heappush(self._held, (self._turn + delay, self._order, one))

    def rest(self) -> Iterator[DemoEvent]:
        """What is still held back, at the end."""
        while self._held:
            yield heappop(self._held)[2]

    def _released(self) -> Iterator[DemoEvent]:
        while self._held and self._held[0][0] <= self._turn:
            yield heappop(self._held)[2]

    def _fates(self, event: DemoEvent) -> Iterator[tuple[Sent, int]]:
        habits, chance = HABITS[event.source], self._random.random()
        later = self._random.randint(1, LATE_BY_EVENTS)
        if chance < (edge := habits.repeated):
            yield event, 0
            yield event, later
        elif chance < (edge := edge + habits.late):
            yield event, later
        elif chance < (edge := edge + habits.revised):
            yield self._wrong(event), 0
            yield replace(event, revision=1), later
        elif chance < (edge := edge + habits.voided):
            yield event, 0
            yield replace(event, revision=1, voided=True), later
            if event.type in CLOSINGS:  # the deal is closed all the same, and somebody says so again
                yield replace(event, id=f"{event.id}-again"), later + 1
        elif chance < edge + habits.broken:
            yield self._broken(event), 0
            yield event, later
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

    def _broken(self, event: DemoEvent) -> Broken:
        """The event as a system with a fault sends it."""
        sent = event.attributes() | {GARBLED: True}
        fault = self._random.randrange(4)
        if fault == 0:
            sent["type"] = "sales.deal.signed"
        elif fault == 1:
            sent["data"] = []
        elif fault == 2:
            del sent["time"]
        raw = orjson.dumps(sent) if fault < 3 else json.dumps(sent).encode()[:-20]
        return Broken(raw, event.subject, event.source)
