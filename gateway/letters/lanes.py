"""The way of a page through one partition: what passed of the chunks that were read, and what is still unread."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from gateway.letters.letter import Letter
from gateway.letters.selection import Cursor, Order

FIRST_CHUNK, LONGEST_CHUNK, SMALLEST_CHUNK = 64, 4_096, 2
CHUNK_BYTES = 8 * 1024 * 1024
"""What is read of a partition at once: letters can be as large as a record, and other tenants wait meanwhile."""

Ranges = Mapping[int, tuple[int, int]]
"""By partition: the first offset and the one after the last."""


class Lane:
    """A partition on its way through a page. Newest first, chunks are read from the end backwards."""

    def __init__(self, number: int, begin: int, end: int, order: Order) -> None:
        self.number, self.order = number, order
        self.waiting: deque[Letter] = deque()
        self._begin, self._end = begin, end
        self._chunk = FIRST_CHUNK

    @property
    def is_empty(self) -> bool:
        """Whether more has to be read before it is known what comes next."""
        return not self.waiting and self._begin < self._end

    @property
    def is_over(self) -> bool:
        return not self.waiting and self._begin >= self._end

    def next_chunk(self) -> tuple[int, int]:
        """The offsets to read next."""
        if self.order is Order.OLDEST:
            return self._begin, min(self._end, self._begin + self._chunk)
        return max(self._begin, self._end - self._chunk), self._end

    def shrink(self) -> bool:
        """Ask for less, since a chunk was too heavy; False if it is the least already."""
        least = self._chunk <= SMALLEST_CHUNK
        self._chunk = max(SMALLEST_CHUNK, self._chunk // 8)
        return not least

    def take_in(self, chunk: tuple[int, int], passed: list[Letter], size: int) -> None:
        """A chunk was read; ``passed`` are those of its letters that are asked for, ``size`` the bytes of all."""
        if self.order is Order.OLDEST:
            self._begin = chunk[1]
            self.waiting.extend(passed)
        else:
            self._end = chunk[0]
            self.waiting.extend(reversed(passed))
        if size < CHUNK_BYTES // 8:
            self._chunk = min(2 * self._chunk, LONGEST_CHUNK)

    def rank(self) -> tuple[int, int, int]:
        """The place of what comes next among the other lanes' in order: the lowest is first."""
        letter = self.waiting[0]
        sign = 1 if self.order is Order.OLDEST else -1
        return sign * letter.refused_ms, sign * self.number, sign * letter.address.offset

    def take(self) -> Letter:
        """What comes next."""
        return self.waiting.popleft()

    def place(self) -> int:
        """Where another page goes on: from this offset on, or (newest first) below it."""
        if self.order is Order.OLDEST:
            return self.waiting[0].address.offset if self.waiting else self._begin
        return self.waiting[0].address.offset + 1 if self.waiting else self._end


def narrowed(ranges: Ranges, cursor: Cursor) -> Ranges:
    """What is left of ranges behind a cursor."""
    if cursor.order is Order.OLDEST:
        return {number: (max(begin, cursor.offsets.get(number, 0)), end) for number, (begin, end) in ranges.items()}
    return {number: (begin, min(end, cursor.offsets.get(number, 0))) for number, (begin, end) in ranges.items()}
