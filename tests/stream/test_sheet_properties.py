"""A tick that reads only what may have changed is a tick that reads everything: over worlds that are folded in bits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.kpi import to_line
from stream.board.board import Board
from stream.board.stage import BoardStage
from stream.board.tick import Tick, Ticker
from stream.board.windows import WINDOWS, kind_of
from stream.catalogue.catalogue import Catalogue
from tests.strategies.drafts import DAY_MS, HOUR_MS, MINUTE_MS
from tests.strategies.pipeline import CATALOGUE, Pipeline
from tests.strategies.worlds import DEAL_TYPES, PLANNING, SELLING, World, dense_looks, dense_moments, worlds

EVERYTHING = Catalogue(
    each.model_copy(
        update={"publish_windows": tuple(w for w in WINDOWS if not each.windows or kind_of(w) in each.windows)}
    )
    for each in CATALOGUE.definitions.values()
)
"""Every KPI published in every window."""
steps_ms = st.sampled_from([0, 1_000, MINUTE_MS, 7 * MINUTE_MS, HOUR_MS, 5 * HOUR_MS, DAY_MS, 8 * DAY_MS, -HOUR_MS])
"""From one tick to the next."""


def lines_of(tick: Tick) -> list[bytes]:
    """A tick as it is published."""
    return [*map(to_line, tick.values), b"%d %d" % (tick.series, tick.dropped)]


def board_of(pipeline: Pipeline) -> Board:
    """The board of the only tenant."""
    stage = pipeline.boards[0].stage
    assert isinstance(stage, BoardStage)
    return stage.board("acme")


class Watch:
    """Ticks a board as it grows, and compares with a ticker that has never seen it."""

    def __init__(self, world: World) -> None:
        self.pipeline = Pipeline()
        self.pipeline.publish(world.activity, world.organisation)
        self.ticker = Ticker(EVERYTHING)

    def fold(self, most: int) -> None:
        """Let both stages fold a few records more."""
        for slot in (*self.pipeline.accounts, *self.pipeline.boards):
            self.pipeline.step(slot, most)

    def look(self, as_of_ms: int) -> None:
        """Both tickers say the same."""
        board = board_of(self.pipeline)
        fresh = Ticker(EVERYTHING).tick(board, "acme", as_of_ms)
        assert lines_of(self.ticker.tick(board, "acme", as_of_ms)) == lines_of(fresh)


MIXES: dict[str, dict[str, Any]] = {
    "all": {},
    "deals": {"types": DEAL_TYPES, "subjects": ("A",)},
    "plans": {"types": SELLING, "said": PLANNING, "most_said": 12},
    "dense": {"at": dense_moments, "look": dense_looks},
}


@pytest.mark.parametrize("mix", MIXES)
@given(st.data())
@settings(max_examples=15, deadline=None)
def test_what_changed_is_read_again(mix: str, data: st.DataObject) -> None:
    world = data.draw(worlds(**MIXES[mix]))
    watch, as_of_ms = Watch(world), world.as_of_ms
    for most, step_ms in data.draw(
        st.lists(st.tuples(st.sampled_from([0, 1, 3, 100]), steps_ms), min_size=2, max_size=6)
    ):
        watch.fold(most)
        as_of_ms += step_ms
        watch.look(as_of_ms)
