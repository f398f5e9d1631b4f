"""When an epoch ends, and which state rows are due: the only place that looks at time, which is given to it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Tempo:
    """Limits of an epoch and of how far state rows may lag behind the log."""

    epoch_s: float = 0.2
    epoch_records: int = 50_000
    flush_after_s: float = 5.0
    refold_limit_records: int = 100_000


class Pace:
    """Tempo of one slot. Times are seconds of any clock that does not go back."""

    def __init__(self, tempo: Tempo) -> None:
        self.tempo = tempo
        self._began: float | None = None  # first fold of the present epoch
        self._records = 0
        self._marks: deque[tuple[float, dict[str, int]]] = deque()  # offsets at the end of past epochs
        self.due: dict[str, int] = {}  # by source: rows first changed before this are written
        self._changed_at: float | None = None  # last fold with rows that may not be written yet

    def start(self, now: float, offsets: dict[str, int], floors: dict[str, int]) -> None:
        """Begin at ``offsets``; rows may be missing since ``floors``."""
        self.due = dict(floors)
        self._marks.append((now, dict(offsets)))
        self._changed_at = now if floors != offsets else None

    def folded(self, now: float, records: int) -> bool:
        """Note a fold; True if the epoch has reached its bound."""
        if self._began is None:
            self._began = now
        self._changed_at = now
        self._records += records
        return self._records >= self.tempo.epoch_records

    def left_s(self, now: float) -> float:
        """Seconds until the present epoch ends."""
        return max(0.0, (now if self._began is None else self._began) + self.tempo.epoch_s - now)

    def idle_s(self, now: float) -> float | None:
        """Seconds after which a slot without records writes its last rows; None if none can be missing."""
        return None if self._changed_at is None else max(0.0, self._changed_at + self.tempo.flush_after_s - now) + 0.001

    def is_quiet(self, now: float) -> bool:
        """Whether nothing was folded for so long that all rows should be written."""
        return (
            self._began is None and self._changed_at is not None and now - self._changed_at >= self.tempo.flush_after_s
        )

    def next_epoch(self) -> int:
        """Start counting anew; returns the records of the epoch that ended."""
        records, self._records, self._began = self._records, 0, None
        return records

    def flush_before(self, now: float, offsets: dict[str, int]) -> dict[str, int]:
        """By source: rows first changed before this offset are due at ``now``, when the slot stands at ``offsets``."""
        while self._marks and self._marks[0][0] <= now - self.tempo.flush_after_s:
            self._raise(self._marks.popleft()[1])
        self._raise({source: offset - self.tempo.refold_limit_records for source, offset in offsets.items()})
        return dict(self.due)

    def ended(self, now: float, offsets: dict[str, int], *, flushed: bool) -> None:
        """An epoch ended at ``offsets``; ``flushed``: all rows were written with it."""
        if flushed:
            self._marks.clear()
            self._changed_at = None
            self._raise(offsets)
        self._marks.append((now, dict(offsets)))

    def _raise(self, offsets: dict[str, int]) -> None:
        for source, offset in offsets.items():
            self.due[source] = max(self.due.get(source, 0), offset)
