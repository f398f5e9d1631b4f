"""What a story is told with: the stages, who publishes to them, and what must be true in the end."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from typing import Protocol

from agents.epochs.port import Safeguards
from schemas.records import Stage
from schemas.rows import POSITION_KEY
from tests.simulation.log import SimulatedLog
from tests.simulation.oracle import TENANTS, Oracle, Records
from tests.simulation.toys import ToyAccounts, ToyBoard, home_of

ACTIVITY_PARTITIONS, CELLS_PARTITIONS = 3, 2
ORGANISATION = 0.03


class Kit(Protocol):
    """Stages with their publisher and oracle."""

    def __init__(self, log: SimulatedLog, rng: random.Random, safeguards: Safeguards) -> None: ...

    def create(self, stage: str, partition: int) -> Stage:
        """An empty stage, "accounts" or "board"."""

    async def publish(self, seconds: float) -> None:
        """Publish at an uneven pace for so many virtual seconds."""

    def difference(self) -> str:
        """The first thing that is not as it must be; empty if all is."""


class ToyKit:
    """The toy stages, and an oracle that only adds up what was published."""

    def __init__(self, log: SimulatedLog, rng: random.Random, safeguards: Safeguards) -> None:
        self.log, self.rng, self.safeguards = log, rng, safeguards
        self.oracle, self.records = Oracle(), Records(rng)

    def create(self, stage: str, partition: int) -> Stage:
        """See Kit."""
        guards = self.safeguards
        if stage == "board":
            return ToyBoard(partition, skip_reflected=guards.skip_reflected)
        return ToyAccounts(
            partition,
            partitions=ACTIVITY_PARTITIONS,
            cells_partitions=CELLS_PARTITIONS,
            skip_reflected=guards.skip_reflected,
            duplicate_memory=guards.duplicate_memory,
        )

    async def publish(self, seconds: float) -> None:
        """See Kit."""
        until = self.log.loop.time() + seconds
        while self.log.loop.time() < until:
            for _ in range(self.rng.randrange(6)):
                event, raw = self.records.draw()
                place, at_home = self.records.place(event, ACTIVITY_PARTITIONS)
                self.log.append(("activity", place), None, raw)
                self.oracle.take(event, at_home=at_home)
            if self.rng.random() < ORGANISATION:
                tenant = f"t{self.rng.randrange(TENANTS)}"
                self.log.append(("organisation", home_of(tenant.encode(), CELLS_PARTITIONS)), tenant.encode(), b"{}")
                self.oracle.totals[tenant][2] += 1
            await asyncio.sleep(self.rng.choice((0.01, 0.1, 0.5)))

    def difference(self) -> str:
        """Cells once each, the board's totals, every verdict counted, as many dead letters as broken records."""
        cells: dict[str, list[int]] = {}
        for _, value in self.log.committed("cells"):
            tenant, amount, count = json.loads(value or b"")
            total = cells.setdefault(tenant, [0, 0])
            total[0] += amount
            total[1] += count
        wanted = {tenant: total for tenant, total in self.oracle.totals.items() if any(total)}
        if cells != {tenant: total[:2] for tenant, total in wanted.items() if any(total[:2])}:
            return f"cells are {cells}, should be {wanted}"
        rows = [row for p in range(CELLS_PARTITIONS) for row in self.log.rows("board_state", p).items()]
        board = {key.decode(): json.loads(value)[0] for key, value in rows if key != POSITION_KEY}
        if board != wanted:
            return f"board is {board}, should be {wanted}"
        tallies: Counter[str] = Counter()
        for p in range(ACTIVITY_PARTITIONS):
            position = self.log.rows("accounts_state", p).get(POSITION_KEY)
            tallies += Counter(json.loads(position)[2]) if position else Counter()
        received, letters = len(self.log.committed("activity")), len(self.log.committed("dead_letters"))
        if tallies != self.oracle.tallies or tallies.total() != received or letters != tallies["dead"]:
            return f"verdicts are {dict(tallies)}, should be {dict(self.oracle.tallies)}, of {received} records"
        return ""
