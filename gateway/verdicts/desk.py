"""Answers what became of one event: one question at a time, over a reader that is opened for the first one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

import msgspec
from aiokafka.errors import KafkaError

from config.settings import Settings
from gateway.letters.letter import Letter, letter_in
from gateway.log_reader import LogReader, reason_of
from gateway.stretch import FETCH_WAIT_MS, stretch
from gateway.verdicts.identity import Identity, marks_of_events, marks_of_letters
from gateway.verdicts.index import Indices, Place
from gateway.verdicts.judging import (
    ACTIVITY,
    ORGANISATION,
    Delivery,
    Told,
    delivery_of,
    in_order,
    judged,
    key_of,
    refused_at_once,
    strayed_to,
)
from gateway.verdicts.position import folded_upto
from schemas.event import encode_key, home_partition

ROLES = ("activity", "organisation", "dead_letters", "accounts_state", "board_state")
"""What the reader of this desk reads."""

LETTERS = "dead_letters"
ANSWER_WITHIN_S = 15.0
CLOSE_WITHIN_S = 3.0
QUESTIONS_MAX = 3
"""Questions of one asker that may wait at a time, so that nobody keeps the others from their turn."""

RECORDS_MAX = 100
"""Records, and letters, of one identity that are looked at: the first ones."""


class NoAnswerYet(Exception):
    """The log can't be read now, or not in time. The text says why and what now, in one line."""


class Story(msgspec.Struct, frozen=True):
    """What became of an event. Not ``is_complete``: there are more records than were looked at."""

    told: list[Told]
    is_complete: bool


class VerdictDesk:
    """Reads the log as far as it goes now, once: what it learns of whose records are where is kept."""

    def __init__(self, open_reader: Callable[[], LogReader], topics: Mapping[str, str]) -> None:
        """``open_reader``: of ROLES. ``topics``: names by role, as letters spell their origin."""
        self._open_reader = open_reader
        self._topics = topics
        self._reader: LogReader | None = None
        self._indices = Indices()
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    @property
    def known(self) -> int:
        """How many records were looked at so far."""
        return self._indices.known

    async def run(self) -> None:
        """Until cancelled; then the reader is closed."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.close()

    async def ask(self, wanted: Identity, *, asker: str) -> Story:
        """What became of an event. Raises NoAnswerYet; a question that took too long goes on where it was when it is
        asked again.
        """
        if self._waiting[asker] >= QUESTIONS_MAX:
            raise NoAnswerYet(f"{QUESTIONS_MAX} questions of yours are being answered; ask again after one of them")
        self._waiting[asker] += 1
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._turn, self._opened() as reader:
                return await self._story(reader, wanted)
        except TimeoutError:
            raise NoAnswerYet(f"the log is being read, {self.known:,} records so far; ask again") from None
        except (KafkaError, OSError) as exc:
            raise NoAnswerYet(f"the log can't be read now ({reason_of(exc)}); try again") from None
        finally:
            self._waiting[asker] -= 1

    async def _story(self, reader: LogReader, wanted: Identity) -> Story:
        homes = [
            (role, home_partition(key_of(wanted, role), reader.partitions_of(role)))
            for role in (ACTIVITY, ORGANISATION)
        ]
        # Positions first, letters last: what is folded has its letter, if it has one.
        folded = {role: await folded_upto(reader, role, partition) for role, partition in homes}
        is_complete = True
        found: list[list[Delivery]] = []
        for place in homes:
            offsets, is_whole = await self._offsets(reader, place, wanted)
            is_complete &= is_whole
            found.append(await self._deliveries(reader, place, offsets, wanted))
        account = home_partition(encode_key(wanted.tenant, wanted.subject), reader.partitions_of(LETTERS))
        letters: list[Letter] = []
        # Refusals over HTTP of what names no account lie in the first partition.
        for partition in sorted({0, account, *(partition for _, partition in homes)}):
            offsets, is_whole = await self._offsets(reader, (LETTERS, partition), wanted)
            is_complete &= is_whole
            letters += await self._letters(reader, partition, offsets)
        told = [each for deliveries in found for each in judged(deliveries, letters, folded, self._topics)]
        return Story(in_order(told, refused_at_once(letters, wanted)), is_complete)

    async def _offsets(self, reader: LogReader, place: Place, wanted: Identity) -> tuple[list[int], bool]:
        """Where the identity may stand in a partition, and whether that is everywhere."""
        is_letters = place[0] == LETTERS
        index, first = await self._indices.upto(reader, place, marks_of_letters if is_letters else marks_of_events)
        offsets = index.find(wanted.letters_mark if is_letters else wanted.mark)
        return offsets[:RECORDS_MAX], len(offsets) <= RECORDS_MAX and index.begin <= first

    async def _deliveries(
        self, reader: LogReader, place: Place, offsets: Sequence[int], wanted: Identity
    ) -> list[Delivery]:
        found = []
        for offset in offsets:
            delivery, strayed = await self._delivery(reader, place, offset, wanted)
            # In the same partition it was found by its mark.
            if delivery is not None and strayed is not None and strayed[0] != place[1]:
                found += await self._before(reader, place[0], strayed, wanted)
            found += [] if delivery is None else [delivery]
        return found

    async def _before(self, reader: LogReader, role: str, strayed: tuple[int, int], wanted: Identity) -> list[Delivery]:
        """The record that was put home, where it had strayed to; nothing where there is none of this event."""
        place, offset = (role, strayed[0]), strayed[1]
        if place[1] >= reader.partitions_of(role):
            return []
        first, end = (await reader.beginnings([place]))[place], (await reader.stable_ends([place]))[place]
        if not first <= offset < end:
            return []
        delivery, _ = await self._delivery(reader, place, offset, wanted)
        return [] if delivery is None else [msgspec.structs.replace(delivery, was_put_home=True)]

    async def _delivery(
        self, reader: LogReader, place: Place, offset: int, wanted: Identity
    ) -> tuple[Delivery | None, tuple[int, int] | None]:
        """The record at an offset if it bears the identity, and where it had strayed to if it was put home."""
        count = reader.partitions_of(place[0])
        delivery, strayed = None, None
        async for batch in stretch(reader, *place, offset, offset + 1):
            for n, at in enumerate(batch.offsets):
                if at == offset:
                    record = (batch.keys[n], batch.values[n] or b"", batch.received_ms[n])
                    delivery = delivery_of(wanted, place, offset, *record, count)
                    strayed = strayed_to(batch.headers.get(n, ()))
        return delivery, strayed

    async def _letters(self, reader: LogReader, partition: int, offsets: Sequence[int]) -> list[Letter]:
        found = []
        for offset in offsets:
            async for batch in stretch(reader, LETTERS, partition, offset, offset + 1):
                found += [letter_in(batch, n) for n, at in enumerate(batch.offsets) if at == offset]
        return found

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[LogReader]:
        """The reader. Where a question breaks off nobody knows where it stands: the next one opens another."""
        try:
            if self._reader is None:
                self._reader = self._open_reader()
                await self._reader.open()
            yield self._reader
        except BaseException:  # cancelled, too; it goes on
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the reader; the next question opens another."""
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(reader.close(), CLOSE_WITHIN_S)


def desk_of(settings: Settings) -> VerdictDesk:
    """The desk of an installation. Call it inside an event loop."""
    names = {role: settings.topics.name_of(role) for role in ROLES}
    key = settings.signing_key.encode()
    return VerdictDesk(lambda: LogReader(settings.kafka_brokers, names, key, fetch_wait_ms=FETCH_WAIT_MS), names)
