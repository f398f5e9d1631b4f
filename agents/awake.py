"""Whether this process has run without a break.

One that stood still for as long as its group waits for a sign of life (it was stopped, its machine was suspended) may
have lost everything to another worker, and is told only some time after it has woken. Until then it can't know what it
owns: what it shows would be old, and shown twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Awake:
    """Asked often, it finds the breaks. After one longer than ``break_s`` nothing is sure for ``quiet_s``: by then the
    group has answered.
    """

    def __init__(
        self, *, break_s: float = float("inf"), quiet_s: float = 0.0, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._break_s, self._quiet_s, self._clock_s = break_s, quiet_s, clock_s
        self._asked_s = clock_s()
        self._sure_from_s = self._asked_s

    def is_sure(self) -> bool:
        """Whether what this process owns is known. Asked on the worker's loop only."""
        now_s = self._clock_s()
        if now_s - self._asked_s > self._break_s:
            self._sure_from_s = now_s + self._quiet_s
        self._asked_s = now_s
        return now_s >= self._sure_from_s
