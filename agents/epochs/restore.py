"""Restoring a slot: rows and position from the state partition, then the tail of the sources folded again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from agents.epochs.port import Log
from schemas.records import Restored, Stage, UnreadableState
from schemas.rows import POSITION_KEY

ROWS_PER_TURN = 2_000  # rows taken before other tasks of the worker get their turn


class Kept(NamedTuple):
    """The state of a slot that was handed back cleanly, where it stands, and the end of the state partition then."""

    stage: Stage
    offsets: dict[str, int]
    floors: dict[str, int]
    state_end: int


class Taken(NamedTuple):
    """A restored stage and where it stands; ``rows`` and ``refolded`` count what it took."""

    stage: Stage
    offsets: dict[str, int]
    floors: dict[str, int]
    rows: int
    refolded: int


class Restorable(Protocol):
    """What a restore has to know about the stage."""

    @property
    def name(self) -> str:
        """For error texts."""

    @property
    def state(self) -> str:
        """The role of the state topic."""

    @property
    def create(self) -> Callable[[int], Stage]:
        """Makes the empty stage of a partition."""


async def restore(log: Log, spec: Restorable, partition: int, end: int, kept: Kept | None) -> Taken:
    """The stage as committed at ``end`` of its state partition. Raises UnreadableState.

    The end of the log says whether anybody has written since the state was kept: if not, it is still right.
    """
    if kept is not None and kept.state_end == end:
        return Taken(kept.stage, kept.offsets, kept.floors, 0, 0)
    rows: dict[bytes, bytes] = {}
    async for batch in log.read(spec.state, partition, 0, end):
        for key, value in zip(batch.keys, batch.values, strict=True):
            if key is None:
                raise UnreadableState(f"{spec.name} {partition}: a state record without a key; the topic is not ours")
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
    stage = spec.create(partition)
    position = rows.pop(POSITION_KEY, None)
    if position is None and rows:
        raise UnreadableState(
            f"{spec.name} {partition}: {len(rows)} state rows but no position; start the next generation"
        )
    for n, (key, value) in enumerate(rows.items(), 1):
        stage.restore_row(key, value)
        if n % ROWS_PER_TURN == 0:
            await asyncio.sleep(0)
    beginning = dict.fromkeys(stage.sources, 0)
    at = Restored(beginning, beginning) if position is None else stage.restore_position(position)
    refolded = 0
    for source in stage.sources:
        refolded += await _refold(log, stage, source, partition, at.floors[source], at.offsets[source])
    stage.finish_restore()
    return Taken(stage, dict(at.offsets), dict(at.floors), len(rows), refolded)


async def _refold(log: Log, stage: Stage, source: str, partition: int, floor: int, offset: int) -> int:
    """Fold ``[floor, offset)`` again; returns the number of records."""
    records = 0
    if floor < offset:
        async for batch in log.read(source, partition, floor, offset):
            part = batch.between(floor, offset)
            stage.refold(part)
            records += len(part)
            await asyncio.sleep(0)
    return records
