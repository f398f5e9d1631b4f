"""What may be a minute old: comparisons and trends. They are read a few at a time, so that no frame waits for them."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from time import monotonic
from typing import TypeVar, cast

FRESH_S = 60.0
FORGET_S = 600.0
BUDGET_S = 0.04

T = TypeVar("T")


class Memory:
    """Answers by key. In each frame old and unknown ones are read until that took BUDGET_S; what wasn't reached stays
    as it was, or None, until a later frame.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._known: dict[Hashable, tuple[object, float]] = {}
        self._asked: dict[Hashable, float] = {}
        self._left_s = 0.0
        self.is_behind = False
        """Whether this frame's time was up before everything asked for had been read once."""

    def begin(self) -> None:
        """A frame begins."""
        now = self._clock()
        self._left_s, self.is_behind = BUDGET_S, False
        for key in [key for key, asked_s in self._asked.items() if now - asked_s > FORGET_S]:
            del self._asked[key]
            self._known.pop(key, None)

    def recall(self, key: Hashable, read: Callable[[], T], *, fresh_s: float = FRESH_S) -> T | None:
        """What ``read()`` gives, or gave ``fresh_s`` ago at most; older, or None, where this frame's time is up."""
        now = self._clock()
        self._asked[key] = now
        found = self._known.get(key)
        if found is None or now - found[1] > fresh_s:
            if self._left_s > 0:
                found = self._known[key] = (read(), now)
                self._left_s -= self._clock() - now
            elif found is None:
                self.is_behind = True
        return None if found is None else cast(T, found[0])
