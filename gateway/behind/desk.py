"""Answers what is behind a number: a tenant's accounts are followed from the first question on, until nobody asks."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from aiokafka.errors import KafkaError

from config.settings import Settings
from gateway.behind.book import ROLES, Book, TooLarge
from gateway.behind.question import Amounts, Asked, Question, question_of
from gateway.behind.rows import Row, rows_of
from gateway.gate import sliced
from gateway.log_reader import LogReader, reason_of
from gateway.stretch import FETCH_WAIT_MS
from schemas.records import UnreadableState
from stream.accounts.options import AccountsOptions
from stream.board.board import Board
from stream.board.values import with_staleness
from stream.catalogue.catalogue import Catalogue

DAY_MS = 86_400_000
BOOKS_MAX = 4
WAITING_MAX = 8
"""Questions that may wait for their turn: looking through the accounts takes the gateway's time."""

IDLE_S, LOOK_EVERY_S = 600.0, 15.0
WHOLE_WITHIN_S = 10.0
FOLLOWING_WAIT_MS = 500
SCAN_S = 5.0
TRIES, AGREE_WITHIN_S, AGAIN_AFTER_S, POLL_S = 3, 1.0, 0.3, 0.05
"""The accounts and the board are followed apart, and an event reaches one before the other: held still, the accounts
are compared with the board until they agree.
"""


class NoAnswerYet(Exception):
    """The accounts can't be read now, or not in time. The text says why and what now, in one line."""


@dataclass(slots=True)
class Found:
    """The newest ``rows`` with their accounts' subjects, and what all ``count`` of them add, for each that is sought.

    ``looked_at`` of ``accounts``: fewer where the time was over.
    """

    sums: list[Amounts]
    rows: list[tuple[str, Row]] = field(default_factory=list)
    count: int = 0
    looked_at: int = 0
    accounts: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether every account was looked at."""
        return self.looked_at == self.accounts


@dataclass(slots=True)
class _Following:
    book: Book
    task: asyncio.Task[None]
    asked_s: float


class BehindDesk:
    """``boards`` are those that are served; ``open_reader`` opens a log of ROLES, with a broker
    that holds back an empty answer for so many ms; ``create_book`` takes a tenant.

    ``is_stale``: whether the workers lag behind what was received.
    """

    def __init__(
        self,
        boards: Callable[[], Mapping[str, Board]],
        catalogue: Catalogue,
        open_reader: Callable[[int], LogReader],
        create_book: Callable[[str], Book],
        is_stale: Callable[[], bool],
    ) -> None:
        self._boards = boards
        self._catalogue = catalogue
        self._open_reader = open_reader
        self._create_book = create_book
        self._is_stale = is_stale
        self._followed: dict[str, _Following] = {}
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def run(self) -> None:
        """Until cancelled: let go of accounts that nobody has asked for in a while."""
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                before_s = time.monotonic() - IDLE_S
                for tenant in [tenant for tenant, each in self._followed.items() if each.asked_s < before_s]:
                    await self._drop(tenant)
        finally:
            for tenant in list(self._followed):
                await self._drop(tenant)

    async def ask(self, tenant: str, asked: Asked, *, limit: int) -> tuple[Question, Found]:
        """The newest events behind a number. Raises NoAnswerYet, and as `question_of` does."""
        question, found = await self._asked(tenant, asked, limit)
        return replace(question, value=with_staleness(question.value, is_stale=self._is_stale())), found

    async def _asked(self, tenant: str, asked: Asked, limit: int) -> tuple[Question, Found]:
        question = question_of(self._board(tenant), self._catalogue, asked)
        if tenant not in self._boards():  # nobody's accounts are read for a name that nobody publishes under
            return question, Found([{} for _ in question.sought])
        if self._waiting >= WAITING_MAX:
            raise NoAnswerYet(f"{WAITING_MAX} questions are being answered; ask again")
        self._waiting += 1
        try:
            return await self._answered(await self._book(tenant), asked, limit)
        finally:
            self._waiting -= 1

    async def _answered(self, book: Book, asked: Asked, limit: int) -> tuple[Question, Found]:
        async with self._turn:
            for attempt in range(TRIES):
                async with book.gate.reading():
                    question, found = await self._look(book, asked, limit)
                if agrees(question, found) or not found.is_whole or attempt == TRIES - 1:
                    break
                await asyncio.sleep(AGAIN_AFTER_S)
            book.tidy()
        return question, found

    async def _look(self, book: Book, asked: Asked, limit: int) -> tuple[Question, Found]:
        question = question_of(self._board(book.tenant), self._catalogue, asked)
        found = await look(book, question, limit)
        until_s = time.monotonic() + AGREE_WITHIN_S
        while found.is_whole and not agrees(question, found) and time.monotonic() < until_s:
            await asyncio.sleep(POLL_S)
            newer = question_of(self._board(book.tenant), self._catalogue, asked)
            if newer.sought != question.sought:
                break  # the roster has changed: look again
            question = newer
        return question, found

    def _board(self, tenant: str) -> Board:
        return self._boards().get(tenant) or Board()

    async def _book(self, tenant: str) -> Book:
        """A tenant's accounts, as far as the log went when they were first asked for."""
        followed = self._followed.pop(tenant, None)
        if followed is None:
            while len(self._followed) >= BOOKS_MAX:
                await self._drop(next(iter(self._followed)))
            book = self._create_book(tenant)
            followed = _Following(book, asyncio.create_task(self._follow(book)), 0.0)
        followed.asked_s = time.monotonic()
        self._followed[tenant] = followed
        whole = asyncio.create_task(followed.book.is_whole.wait())
        try:
            await asyncio.wait({whole, followed.task}, timeout=WHOLE_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            whole.cancel()
        if followed.task.done():
            self._followed.pop(tenant, None)
            raise NoAnswerYet(_why(followed.task))
        if not followed.book.is_whole.is_set():
            known = followed.book.known
            raise NoAnswerYet(f"the accounts are being read, {known:,} rows and records so far; ask again")
        return followed.book

    async def _follow(self, book: Book) -> None:
        # Whoever asks waits for the rows, one partition after another: this reader is not to be held back by a broker
        # that has nothing new. The one that follows the log afterwards may be, else it would ask fifty times a second.
        async with self._opened(FETCH_WAIT_MS) as rows:
            floors = await book.read_rows(rows)
        async with self._opened(FOLLOWING_WAIT_MS) as log:
            await book.follow(log, floors)

    @asynccontextmanager
    async def _opened(self, fetch_wait_ms: int) -> AsyncIterator[LogReader]:
        reader = self._open_reader(fetch_wait_ms)
        try:
            await reader.open()
            yield reader
        finally:
            with suppress(KafkaError, OSError, TimeoutError):
                await reader.close()

    async def _drop(self, tenant: str) -> None:
        task = self._followed.pop(tenant).task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _why(task: asyncio.Task[None]) -> str:
    """Why accounts are no longer followed. What isn't the world's fault goes on to whoever asks."""
    failure = None if task.cancelled() else task.exception()
    if isinstance(failure, TooLarge):
        return str(failure)
    if isinstance(failure, UnreadableState | KafkaError | OSError):
        return f"the accounts can't be read now ({reason_of(failure)}); try again"
    if failure is not None:
        raise failure
    return "the accounts were let go of; ask again"


def agrees(question: Question, found: Found) -> bool:
    """Whether the events add up to what the board's cells come to."""
    return list(question.board) == found.sums


async def look(book: Book, question: Question, limit: int) -> Found:
    """Every account that may have to do with a number, those first in which something happened last, for SCAN_S."""
    keys = book.since(question.first_ms)
    found = Found([{} for _ in question.sought], accounts=len(keys))
    newest: list[tuple[int, int, str, Row]] = []
    until_s = time.monotonic() + SCAN_S
    async for key in sliced(keys):
        if time.monotonic() > until_s:
            break
        account = book.open(key)
        found.looked_at += 1
        if account is None:
            continue
        for row in rows_of(account, question.sought):
            found.count += 1
            _count(found.sums, row)
            held = (row.entry.time_ms, -found.count, account.subject, row)
            if len(newest) < limit:
                heapq.heappush(newest, held)
            else:
                heapq.heappushpop(newest, held)
    found.sums = [{facet: amount for facet, amount in sums.items() if amount} for sums in found.sums]
    found.rows = [(subject, row) for _, _, subject, row in sorted(newest, reverse=True)]
    return found


def _count(sums: Sequence[Amounts], row: Row) -> None:
    for (place, facet), amount in row.adds.items():
        sums[place][facet] = sums[place].get(facet, 0) + amount


def desk_of(
    settings: Settings,
    boards: Callable[[], Mapping[str, Board]],
    catalogue: Catalogue,
    is_stale: Callable[[], bool],
) -> BehindDesk:
    """The desk of an installation. Call it inside an event loop."""
    names = {role: settings.topics.name_of(role) for role in ROLES}
    key = settings.signing_key.encode()
    options = AccountsOptions(
        may_backfill=settings.allow_backfill,
        backfill_tenants=frozenset(grant.tenant for grant in settings.api_keys.values() if grant.may_backfill),
        settle_after_ms=settings.settle_after_d * DAY_MS,
    )
    return BehindDesk(
        boards,
        catalogue,
        lambda wait_ms: LogReader(settings.kafka_brokers, names, key, fetch_wait_ms=wait_ms),
        lambda tenant: Book(tenant, settings.generation, options),
        is_stale,
    )
