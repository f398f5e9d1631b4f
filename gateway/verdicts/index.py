"""Where in the log an identity may stand: four bytes a record, read on with each question and kept for the next.

Which records bear a mark is a matter of memory, not of reading: only those are then read again.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator

import numpy as np

from gateway.log_reader import LogReader
from gateway.stretch import stretch
from gateway.verdicts.identity import NO_MARK
from schemas.records import RecordBatch

RECORDS_MAX = 40_000_000
"""Records that a gateway remembers marks of, 160 MB; of longer partitions the newest ones."""

Place = tuple[str, int]
Marking = Callable[[RecordBatch], Iterator[int]]


class Index:
    """The marks of one partition's records from ``begin`` up to ``end``."""

    def __init__(self, begin: int) -> None:
        self.begin = begin
        self._marks = array("I")

    @property
    def end(self) -> int:
        return self.begin + len(self._marks)

    def take(self, batch: RecordBatch, marking: Marking) -> None:
        """Note the marks of a batch that continues what is known; holes have none."""
        marks = [NO_MARK] * (batch.next_offset - self.end)
        first = self.end
        for offset, mark in zip(batch.offsets, marking(batch), strict=True):
            if offset >= first:
                marks[offset - first] = mark
        self._marks.extend(marks)

    def keep(self, records: int) -> None:
        """Forget the oldest beyond so many."""
        excess = len(self._marks) - records
        if excess > 0:
            del self._marks[:excess]
            self.begin += excess

    def find(self, mark: int) -> list[int]:
        """The offsets of records with this mark, in order; now and then one of another identity is among them."""
        if not self._marks:
            return []
        places = np.flatnonzero(np.frombuffer(self._marks, dtype=np.uint32) == mark)
        return [self.begin + int(at) for at in places]


class Indices:
    """The indices of the partitions that were asked for, those asked for last the longest."""

    def __init__(self, records_max: int = RECORDS_MAX) -> None:
        self._records_max = records_max
        self._held: dict[Place, Index] = {}

    async def upto(self, reader: LogReader, place: Place, marking: Marking) -> tuple[Index, int]:
        """The index of a partition as far as the log goes now, and the first offset that the log has.

        It may be broken off at any await: what was read is kept, and the next call goes on there.
        """
        end = (await reader.stable_ends([place]))[place]
        first = (await reader.beginnings([place]))[place]
        index = self._held.pop(place, None)
        if index is None or index.begin < first or index.end > end:
            index = Index(max(first, end - self._records_max))
        self._held[place] = index
        self._make_room(end - index.end)
        async for batch in stretch(reader, *place, index.end, end):
            index.take(batch, marking)
            index.keep(self._records_max)
        return index, first

    @property
    def known(self) -> int:
        """How many records there are marks of."""
        return sum(index.end - index.begin for index in self._held.values())

    def _make_room(self, more: int) -> None:
        """Forget the partitions that nobody has asked for longest, never the one that is asked for now."""
        total = self.known + more
        for place in list(self._held)[:-1]:
            if total <= self._records_max:
                break
            index = self._held.pop(place)
            total -= index.end - index.begin
