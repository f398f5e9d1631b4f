"""Letters for whoever asks the gateway: each question is confined to the asker's own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError

from gateway.letters import shown
from gateway.letters.judging import Rules
from gateway.letters.lanes import narrowed
from gateway.letters.letter import Address, Letter
from gateway.letters.log import Budget, LetterLog, Marks
from gateway.letters.patching import Patch
from gateway.letters.selection import Cursor, Order, Selection
from gateway.letters.sending import Outcome, Redriver, prepare
from gateway.log_reader import reason_of

PAGE_BUDGET = Budget(letters=20_000, seconds=3.0)
ANSWER_WITHIN_S = 15.0
CLOSE_WITHIN_S = 3.0
QUESTIONS_MAX = 3
"""Questions of one asker that may wait at a time, so that nobody keeps the others from their turn."""


class LettersAway(Exception):
    """The log can't be read now. The text says why, in one line."""


class Sent(NamedTuple):
    """What became of a letter, and the bytes that were sent or would be; None where there are none."""

    outcome: Outcome
    raw: bytes | None


class LettersDesk:
    """Answers one question at a time, over a reader that is opened when the first one is asked.

    A letter of another tenant is not there: the answers are those for an address where nothing lies.
    """

    def __init__(
        self, open_log: Callable[[Marks], LetterLog], redriver: Redriver, count_sent: Callable[[str], None]
    ) -> None:
        """``open_log`` makes a reader that goes on with the marks it is given; ``count_sent`` is told each outcome."""
        self.redriver = redriver
        self._count_sent = count_sent
        self._marks = Marks()
        self._open_log = open_log
        self._log: LetterLog | None = None
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    async def run(self) -> None:
        """Until cancelled; then the reader is closed."""
        try:
            await asyncio.Event().wait()
        finally:
            await self._drop()

    async def page(
        self, rules: Rules, selection: Selection, order: Order, *, limit: int, cursor: Cursor | None
    ) -> tuple[list[dict[str, Any]], Cursor | None]:
        """Summaries of a selection, and where to go on. Raises LettersAway."""
        if rules.publisher is not None:
            selection = replace(selection, tenant=rules.publisher.tenant)
        async with self._reading(rules) as log:
            await log.read_marks()
            ranges = await log.ranges(selection)
            if cursor is not None:
                ranges = narrowed(ranges, cursor)
            found = await log.page(selection, ranges, order, limit=limit, budget=PAGE_BUDGET)
            return [shown.summary(letter, log.marks.get(letter.address)) for letter in found.letters], found.cursor

    async def show(self, rules: Rules, address: Address, now_ms: int) -> dict[str, Any] | None:
        """A whole letter; None if there is none for the asker. Raises LettersAway."""
        async with self._reading(rules) as log:
            letter = await _get(log, rules, address)
            if letter is None:
                return None
            await log.read_marks()
            today = prepare(letter, Patch(), rules, now_ms).outcome
            return shown.whole(letter, log.marks.get(address), today)

    async def send(self, rules: Rules, address: Address, patch: Patch, now_ms: int, *, dry: bool) -> Sent | None:
        """Send a letter, or say what would become of it; None if there is none for the asker. Raises LettersAway."""
        async with self._reading(rules) as log:
            letter = await _get(log, rules, address)
            if letter is None:
                return None
            await log.read_marks()
            prepared = prepare(letter, patch, rules, now_ms)
            outcome = prepared.outcome
            if not dry:
                (outcome,) = await self.redriver.send([prepared], log.marks, by=rules.name, now_ms=now_ms)
                self._count_sent(outcome.code)
            return Sent(outcome, prepared.raw)

    @asynccontextmanager
    async def _reading(self, rules: Rules) -> AsyncIterator[LetterLog]:
        if self._waiting[rules.name] >= QUESTIONS_MAX:
            raise LettersAway(f"{QUESTIONS_MAX} questions of yours are being answered; ask again after one of them")
        self._waiting[rules.name] += 1
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._turn, self._opened() as log:
                yield log
        except (KafkaError, OSError, TimeoutError) as exc:
            raise LettersAway(f"the letters can't be read now ({reason_of(exc)}); try again") from None
        finally:
            self._waiting[rules.name] -= 1

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[LetterLog]:
        """The reader. Where a question breaks off nobody knows where it stands: the next one opens another."""
        try:
            if self._log is None:
                self._log = self._open_log(self._marks)
                await self._log.open()
            yield self._log
        except BaseException:  # cancelled, too; it goes on
            await self._drop()
            raise

    async def _drop(self) -> None:
        log, self._log = self._log, None
        if log is not None:
            with suppress(KafkaError, OSError, TimeoutError):
                await asyncio.wait_for(log.close(), CLOSE_WITHIN_S)


async def _get(log: LetterLog, rules: Rules, address: Address) -> Letter | None:
    """The letter at an address, if the asker may see it."""
    letter = await log.get(address)
    if letter is None or (rules.publisher is not None and letter.tenant != rules.publisher.tenant):
        return None
    return letter
