"""What an organisation has said: its events by their highest revisions, read as of a cut.

The tables made of them are in `stream.board.reference`; what is made once is remembered until something that it was
made from changes.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TypeVar, cast

from schemas.data import Data
from schemas.event import Event, same_content
from schemas.verdicts import Code

REMEMBERED_MAX = 10_000
"""Things made that are remembered; every ``as_of`` makes some of its own."""

D = TypeVar("D", bound=Data)
T = TypeVar("T")


class Organisation:
    """Organisation events by identity; only events before a cut (epoch ms) count as of that cut."""

    def __init__(self) -> None:
        self.changes = 0  # events that were accepted
        self.events: dict[tuple[str, str, str], Event] = {}  # (subject, source, id) → highest revision
        self._times: list[int] | None = None  # of all events, in order
        self._in_order: dict[type[Data], list[Event]] = {}
        self._changes: dict[type[Data], int] = {}
        self._made: dict[tuple[object, ...], object] = {}

    def judge(self, event: Event) -> Code:
        """The verdict on an event, which is stored if it is accepted."""
        identity = (event.subject, event.source, event.id)
        held = self.events.get(identity)
        if held is not None:
            if event.revision < held.revision:
                return Code.SUPERSEDED
            if event.revision == held.revision:
                return Code.DUPLICATE if same_content(held, event) else Code.CONFLICT
        self.events[identity] = event
        self.changes += 1
        self._times = None
        for data in (event.data, held.data if held is not None else None):
            if data is not None:
                self._in_order.pop(type(data), None)
                self._changes[type(data)] = self._changes.get(type(data), 0) + 1
        return Code.ACCEPTED

    def in_force(self, shape: type[D], cut_ms: int) -> list[tuple[int, D]]:
        """(time_ms, data) of what kind of event is in force before the cut, in order of time, then source and id."""
        events = self._sorted(shape)
        return [(e.time_ms, cast(D, e.data)) for e in events[: _before(events, cut_ms)]]

    def version(self, shape: type[D], cut_ms: int) -> tuple[int, int]:
        """Changes whenever `in_force` of the same does."""
        return self._changes.get(shape, 0), _before(self._sorted(shape), cut_ms)

    def state(self, cut_ms: int) -> tuple[int, int]:
        """Changes whenever anything that is in force before the cut does."""
        if self._times is None:
            self._times = sorted(event.time_ms for event in self.events.values())
        return self.changes, bisect_left(self._times, cut_ms)

    def remember(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """What ``make`` makes, made once for a key. The key names who asks and holds the versions it is made from."""
        found = self._made.get(key)
        if found is None:
            if len(self._made) >= REMEMBERED_MAX:
                self._made.clear()
            found = self._made[key] = make()
        return cast(T, found)

    def _sorted(self, shape: type[D]) -> list[Event]:
        found = self._in_order.get(shape)
        if found is None:
            found = [event for event in self.events.values() if type(event.data) is shape]
            found.sort(key=lambda event: (event.time_ms, event.source, event.id))
            self._in_order[shape] = found
        return found


def _before(events: list[Event], cut_ms: int) -> int:
    return bisect_left(events, cut_ms, key=lambda event: event.time_ms)
