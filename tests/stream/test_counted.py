"""Counters only grow, add up to the cells, and hang on nothing but the cells log: neither on epochs nor on restarts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cells import encode_cells
from stream.board import counted as module
from stream.board.board import Board
from stream.board.counted import MEASURES, Counted
from stream.board.stage import BoardStage
from tests.strategies.pipeline import Log, Pipeline, Slot
from tests.strategies.worlds import World, worlds
from tests.stream.office import Office

Amounts = dict[tuple[str, ...], tuple[int, int]]
FOR_EVER = 2**60


def board_of(slot: Slot) -> Board:
    assert isinstance(slot.stage, BoardStage)
    return slot.stage.board("acme")


def counters(counted: Counted) -> Amounts:
    """Gains and losses by measure, rep and facet."""
    found: Amounts = {}
    for measure in MEASURES:
        rows, gains, losses = counted.columns(measure)
        found |= {(measure, *row): pair for row, *pair in zip(rows, gains, losses, strict=True)}  # type: ignore[misc]  # two are left
    return {place: (gained, lost) for place, (gained, lost) in found.items()}


def sums(board: Board) -> dict[tuple[str, ...], int]:
    """What the cells say."""
    found: dict[tuple[str, ...], int] = {}
    for measure in MEASURES:
        for rep, facets in board.all_of(measure, "rep").items():
            for facet, series in facets.items():
                row = (measure, rep, facet) if facet else (measure, rep)
                found[row] = series.total(-FOR_EVER, FOR_EVER, FOR_EVER)
    return found


@given(worlds(most=10, most_said=0), st.integers(1, 5), st.integers(0, 4), st.data())
@settings(max_examples=60)
def test_epochs_and_restarts_change_nothing(world: World, most: int, lag: int, data: st.DataObject) -> None:
    pipeline = Pipeline(partitions=1)
    pipeline.publish(world.activity, [])
    pipeline.run(most=2)
    wanted = counters(board_of(pipeline.boards[0]).counted)
    beaten = Slot(pipeline.fresh_board(0), [*pipeline.cells, Log("organisation", 0)], flush_lag=lag)
    before: Amounts = {}
    while not beaten.is_done():
        beaten.epoch(most)
        if data.draw(st.booleans()):
            beaten.resume(pipeline.fresh_board(0))
        now = counters(board_of(beaten).counted)
        assert all(now[place] >= pair and now[place][1] >= pair[1] for place, pair in before.items()), "they only grow"
        before = now
    assert before == wanted
    net = {place: gained - lost for place, (gained, lost) in wanted.items()}
    assert net == sums(board_of(beaten))


def test_what_is_taken_back_is_counted_beside() -> None:
    office = Office(
        ("2026-05-13 10:00", "touch.logged", {"rep": "R-1", "kind": "call"}),
        ("2026-05-13 11:00", "deal.won", {"deal": "D-1", "rep": "R-1", "amount_minor": 12_000, "currency": "EUR"}),
        ("2026-05-13 12:00", "deal.reopened", {"deal": "D-1"}),
    )
    assert counters(office.board.counted) == {
        ("touches", "R-1", "call"): (1, 0),
        ("deals_won", "R-1"): (1, 1),
        ("revenue", "R-1", "EUR"): (12_000, 12_000),
    }


def test_reps_are_bounded_and_the_rest_is_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPS_MAX", 2)
    stage = BoardStage(0, partitions=1)
    slot = Slot(stage, [Log("cells", 0), Log("organisation", 0)])
    cells = [("touches", "rep", f"R-{n}", "call", n, n, 2**62 if n > 1 else 1) for n in range(4)]
    for value in encode_cells("acme", 1, cells, []):
        slot.logs["cells"].records.append((b"acme", value, 0))
    slot.epoch(10)
    wanted = {
        ("touches", "R-0", "call"): (1, 0),
        ("touches", "R-1", "call"): (1, 0),
        ("touches", "_other", "call"): (2**63, 0),
    }
    assert counters(board_of(slot).counted) == wanted
    slot.resume(BoardStage(0, partitions=1))
    assert counters(board_of(slot).counted) == wanted
