"""Reading the letters where they lie: no database, no index that could differ from the topic.

A page is a merge of the partitions by the time at which letters were refused; a cursor says where each partition
stands. The marks of sendings are few and small: they are kept by address, and what is new is read before each answer.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple

from config.settings import Settings
from config.topics import Role
from gateway.letters.lanes import CHUNK_BYTES, Lane, Ranges
from gateway.letters.letter import Address, Letter, Mark, address_of, decode_mark, letter_in
from gateway.letters.selection import Cursor, Order, Selection
from gateway.log_reader import LogReader
from gateway.stretch import FETCH_WAIT_MS, stretch

LETTERS, REDRIVES = Role.DEAD_LETTERS.value, Role.REDRIVES.value


class Budget(NamedTuple):
    """What a page may cost: letters looked at, and seconds."""

    letters: int
    seconds: float


UNBOUNDED = Budget(2**62, float("inf"))


class Page(NamedTuple):
    """Letters without their bytes. ``cursor`` is None where nothing is left; before that a page may even be empty."""

    letters: list[Letter]
    cursor: Cursor | None


class Marks:
    """The marks that were read, and up to where. It outlives a reader that fails, so that reading on gets to an end."""

    def __init__(self) -> None:
        self.by_address: dict[Address, Mark] = {}
        self.next_offset = 0


class LetterLog:
    """One reader of the letters and of their marks, for one question at a time."""

    def __init__(self, reader: LogReader, known: Marks | None = None) -> None:
        """``known``: what another reader has learnt of marks."""
        self._reader = reader
        self._known = known or Marks()

    @property
    def marks(self) -> dict[Address, Mark]:
        """The newest sending of each letter that was sent, as far as `read_marks` has come."""
        return self._known.by_address

    async def open(self) -> None:
        """Connect. Raises KafkaError or OSError."""
        await self._reader.open()

    async def close(self) -> None:
        await self._reader.close()

    async def read_marks(self) -> None:
        """Learn of every sending up to now."""
        place, known = (REDRIVES, 0), self._known
        end = (await self._reader.stable_ends([place]))[place]
        first = (await self._reader.beginnings([place]))[place]
        async for batch in stretch(self._reader, REDRIVES, 0, max(first, known.next_offset), end):
            for key, value in zip(batch.keys, batch.values, strict=True):
                address, mark = address_of((key or b"").decode(errors="replace")), decode_mark(value or b"")
                if address is not None and mark is not None:
                    known.by_address[address] = mark
            known.next_offset = batch.next_offset

    async def ranges(self, selection: Selection) -> Ranges:
        """Where the letters of a selection's span of time lie, as far as the log goes now."""
        places = [(LETTERS, number) for number in range(self._reader.partitions_of(LETTERS))]
        ends = await self._reader.stable_ends(places)
        firsts: Mapping[tuple[str, int], int | None] = await self._reader.beginnings(places)
        lasts: Mapping[tuple[str, int], int | None] = {}
        if selection.since_ms is not None:
            firsts = await self._reader.offsets_at(places, selection.since_ms)
        if selection.until_ms is not None:
            lasts = await self._reader.offsets_at(places, selection.until_ms)
        found = {}
        for place in places:
            first, last = firsts[place], lasts.get(place)
            end = ends[place] if last is None else min(last, ends[place])
            found[place[1]] = (end if first is None else min(first, end), end)
        return found

    async def get(self, address: Address) -> Letter | None:
        """The letter at an address; None if there is none."""
        if address.partition >= self._reader.partitions_of(LETTERS):
            return None
        place = (LETTERS, address.partition)
        first, end = (await self._reader.beginnings([place]))[place], (await self._reader.stable_ends([place]))[place]
        if first <= address.offset < end:
            async for letter in self.between({address.partition: (address.offset, address.offset + 1)}):
                return letter
        return None

    async def between(self, ranges: Ranges) -> AsyncIterator[Letter]:
        """Every letter of these ranges, a partition after the other. Raises LogStalled."""
        for partition, (begin, end) in ranges.items():
            async for batch in stretch(self._reader, LETTERS, partition, begin, end):
                for index, offset in enumerate(batch.offsets):
                    if offset < end:
                        yield letter_in(batch, index)

    async def matching(self, selection: Selection, ranges: Ranges) -> AsyncIterator[Letter]:
        """The letters of a selection with their bytes, oldest first within a partition."""
        async for letter in self.between(ranges):
            if selection.takes(letter, self.marks.get(letter.address)):
                yield letter

    async def page(
        self, selection: Selection, ranges: Ranges, order: Order, *, limit: int, budget: Budget = UNBOUNDED
    ) -> Page:
        """Up to ``limit`` letters of a selection in order, as far as the budget goes."""
        every = lanes = [Lane(number, begin, end, order) for number, (begin, end) in ranges.items()]
        found: list[Letter] = []
        looked, until_s = 0, time.monotonic() + budget.seconds
        while len(found) < limit:
            empty = [lane for lane in lanes if lane.is_empty]
            if empty:
                if looked >= budget.letters or time.monotonic() > until_s:
                    break
                for lane in empty:
                    looked += await self._fill(lane, selection)
            elif not (lanes := [lane for lane in lanes if not lane.is_over]):
                return Page(found, None)
            else:
                found.append(min(lanes, key=Lane.rank).take())
        is_over = all(lane.is_over for lane in every)
        return Page(found, None if is_over else Cursor(order, {lane.number: lane.place() for lane in every}))

    async def _fill(self, lane: Lane, selection: Selection) -> int:
        """Read a lane's next chunk, in parts if it is too heavy; how many letters were looked at."""
        looked = 0
        while True:
            chunk = lane.next_chunk()
            passed, size = [], 0
            async for letter in self.between({lane.number: chunk}):
                looked += 1
                size += letter.size
                if selection.takes(letter, self.marks.get(letter.address)):
                    passed.append(letter.lightened())
                if size > CHUNK_BYTES and lane.shrink():
                    break
            else:
                lane.take_in(chunk, passed, size)
                return looked


def open_letters(settings: Settings, known: Marks | None = None) -> LetterLog:
    """A reader of the letters, still to be opened. Call it inside an event loop."""
    names = {role: settings.topics.name_of(role) for role in (LETTERS, REDRIVES)}
    # No signing key: the time of a record is that of its writing here; the receipt is among its headers.
    return LetterLog(LogReader(settings.kafka_brokers, names, b"", fetch_wait_ms=FETCH_WAIT_MS), known)
