"""What is listed behind a number adds up to it: every value of worlds that hypothesis invents, over accounts restored
from rows and the tail of the log.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.behind.book import Book
from gateway.behind.desk import Found, agrees, look
from gateway.behind.question import Asked, NothingBehind, Question, question_of
from gateway.behind.rows import RESPECTS, TOLD
from schemas.rows import POSITION_KEY
from stream.board.board import Board
from stream.board.measures import MEASURES
from stream.board.stage import BoardStage
from stream.panes import minute_of
from tests.strategies.pipeline import CATALOGUE, Pipeline
from tests.strategies.worlds import PLANNING, SELLING, World, dense_looks, dense_moments, worlds

pytestmark = pytest.mark.takes(20)


def book_of(pipeline: Pipeline, tenant: str = "acme") -> Book:
    """The tenant's accounts as a gateway gets them: rows as they were written, then the log from their floor on."""
    book = Book(tenant, 1, pipeline.options)
    lead = f"{tenant}/".encode()
    for number, slot in enumerate(pipeline.accounts):
        rows = {key: row for key, row in slot.state.items() if key.startswith(lead)}
        log = slot.logs["activity"]
        begin = book.restore(pipeline.partitions, number, rows, slot.state.get(POSITION_KEY))
        middle = (begin + len(log.records)) // 2
        book.apply(log.batch(begin, middle))
        book.apply(log.batch(middle, len(log.records)))
    return book


def board_of(pipeline: Pipeline, tenant: str = "acme") -> Board:
    """The tenant's board."""
    for slot in pipeline.boards:
        assert isinstance(slot.stage, BoardStage)
        if tenant in slot.stage.tenants:
            return slot.stage.tenants[tenant]
    return Board()


async def behind_all(pipeline: Pipeline, as_of_ms: int) -> list[tuple[Question, Found]]:
    """What is behind every value there is."""
    book, board, found = book_of(pipeline), board_of(pipeline), []
    for value in list(pipeline.values(as_of_ms=as_of_ms)):
        try:
            question = question_of(board, CATALOGUE, Asked(value.kpi, value.scope, value.window, as_of_ms))
        except NothingBehind:
            continue
        found.append((question, await look(book, question, 1_000)))
    return found


def assert_told(pipeline: Pipeline, as_of_ms: int) -> None:
    """Every number is told whole, each part of it by an event within what was asked for."""
    for question, found in asyncio.run(behind_all(pipeline, as_of_ms)):
        of = (question.value.kpi, question.value.scope, question.value.window)
        assert agrees(question, found), (of, question.board, found.sums)
        assert (found.is_whole, len(found.rows)) == (True, found.count), of
        for _, row in found.rows:
            pane = minute_of(row.entry.time_ms)
            assert all(question.sought[place].start <= pane < question.sought[place].end for place, _ in row.adds), of


@given(worlds(), st.sampled_from([0, 3, 1_000]))
@settings(max_examples=25, deadline=None)
def test_everything_listed_adds_up(world: World, flush_lag: int) -> None:
    pipeline = Pipeline(flush_lag=flush_lag)
    pipeline.publish(world.activity, world.organisation)
    pipeline.run(most=5)
    assert_told(pipeline, world.as_of_ms)


@given(worlds(types=SELLING, said=PLANNING, at=dense_moments, look=dense_looks))
@settings(max_examples=15, deadline=None)
def test_so_do_targets_stalls_and_windows_of_minutes(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_told(pipeline, world.as_of_ms)


def test_every_measure_can_be_told() -> None:
    assert RESPECTS.keys() == MEASURES
    assert {respect for respects in RESPECTS.values() for respect in respects} == TOLD.keys()
