"""Ticks: what is published is what is read, and no more than there is room for."""

from __future__ import annotations

from hypothesis import given, settings

from schemas.kpi import to_line
from stream.board.board import Board
from stream.board.sheet import KINDS
from stream.board.stage import BoardStage
from stream.board.tick import Tick, Ticker
from stream.board.values import every_value, value_of
from tests.strategies.pipeline import CATALOGUE, Pipeline
from tests.strategies.worlds import World, worlds
from tests.stream.office import Office, at_ms

PUBLISHED = {slug: set(definition.publish_windows) for slug, definition in CATALOGUE.definitions.items()}


def boards_of(pipeline: Pipeline) -> dict[str, Board]:
    """Every tenant's board."""
    stages = [slot.stage for slot in pipeline.boards]
    return {t: board for stage in stages if isinstance(stage, BoardStage) for t, board in stage.tenants.items()}


def assert_is_read(board: Board, tick: Tick) -> None:
    """Each value is byte for byte what a read gives, and nothing that would be listed is left out."""
    for value in tick.values:
        asked = {"kpi": value.kpi, "scope": value.scope, "window": value.window}
        assert to_line(value) == to_line(value_of(board, CATALOGUE, **asked, as_of_ms=tick.as_of_ms))
    places = {(value.kpi, value.scope, value.window) for value in tick.values}
    assert len(places) == len(tick.values)
    for value in every_value(board, CATALOGUE, as_of_ms=tick.as_of_ms):
        if value.window in PUBLISHED[value.kpi] and value.scope.partition(":")[0] in KINDS:
            assert (value.kpi, value.scope, value.window) in places


@given(worlds())
@settings(max_examples=30, deadline=None)
def test_a_tick_is_what_is_read(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    ticker = Ticker(CATALOGUE)
    for tenant, board in boards_of(pipeline).items():
        tick = ticker.tick(board, tenant, world.as_of_ms)
        assert tick.dropped == 0
        assert_is_read(board, tick)


def made_office() -> Office:
    """Two reps of a team; one of them sells on Wednesday."""
    return Office(
        ("2026-05-01 08:00", "roster.changed", {"rep": "R-1", "team": "north"}),
        ("2026-05-01 08:00", "roster.changed", {"rep": "R-2", "team": "north"}),
        ("2026-05-13 10:00", "touch.logged", {"rep": "R-2", "kind": "call"}),
        ("2026-05-13 11:00", "deal.won", {"deal": "D-1", "rep": "R-1", "amount_minor": 120_000, "currency": "EUR"}),
    )


def test_there_is_room_for_the_company_first() -> None:
    board, now_ms = boards_of(made_office().pipeline)["acme"], at_ms("2026-05-13 12:00")
    everything = Ticker(CATALOGUE).tick(board, "acme", now_ms)
    some = Ticker(CATALOGUE, series_max=40).tick(board, "acme", now_ms)
    assert some.values == everything.values[: len(some.values)]
    assert (some.series, some.dropped) == (everything.series, everything.series - 40)
    kinds = [value.scope.partition(":")[0] for value in everything.values]
    assert kinds == sorted(kinds, key=KINDS.index)
    assert some.values[0].scope == "company"


def test_what_was_published_is_zero_when_the_day_turns() -> None:
    board = boards_of(made_office().pipeline)["acme"]
    ticker = Ticker(CATALOGUE)

    def won(when: str) -> int | float | None:
        values = ticker.tick(board, "acme", at_ms(when)).values
        return next(v.value for v in values if (v.kpi, v.scope, v.window) == ("deals_won", "rep:R-1", "today"))

    assert (won("2026-05-13 23:59"), won("2026-05-14 00:00")) == (1, 0)
