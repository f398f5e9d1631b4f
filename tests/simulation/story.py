"""One simulated story: two stages, faults drawn by a seed, then quiet; and what must be true at its end."""

# ruff: noqa: ASYNC110 - virtual time costs nothing, and polling keeps the story plain

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from agents.epochs.pace import Tempo
from agents.epochs.port import Safeguards
from agents.epochs.slot import SlotSpec
from tests.simulation.cluster import SESSION_S, Group, Member
from tests.simulation.kit import ACTIVITY_PARTITIONS, CELLS_PARTITIONS, Kit, ToyKit
from tests.simulation.log import Chances, SimulatedLog
from tests.simulation.loop import SimulatedLoop, Stuck

SOURCES = {"accounts": ("activity",), "board": ("cells", "organisation")}
TEMPO = Tempo(epoch_s=0.2, epoch_records=60, flush_after_s=1.0, refold_limit_records=50)
FAULTS_S = 25.0
SETTLE_LIMIT_S = 120.0
RESTART_S = 1.0
MakeKit = Callable[[SimulatedLog, random.Random, Safeguards], Kit]
CHANCES = Chances(crash=0.002, lost_answer=0.002, slow_marker=0.15)


@dataclass(frozen=True)
class Verdict:
    """How a story ended: ``problem`` is empty if everything that must be true was."""

    seed: int
    problem: str
    records: int
    deaths: int

    def __str__(self) -> str:
        return f"seed {self.seed}: {self.problem or 'exact'} ({self.records} records, {self.deaths} deaths)"


class Story:
    """A cluster, its faults, its oracle."""

    def __init__(self, seed: int, safeguards: Safeguards, kit: MakeKit) -> None:
        self.seed, self.safeguards = seed, safeguards
        self.rng = random.Random(seed)
        self.loop = SimulatedLoop(self.rng)
        self.log = SimulatedLog(self.loop, self.rng, fencing=safeguards.fencing)
        self.kit = kit(self.log, self.rng, safeguards)
        self.groups: list[Group] = []
        self.live: list[Member] = []
        self.deaths = 0
        self._names = 0
        self._faults = True

    def tell(self) -> Verdict:
        """Run the story to its end."""
        try:
            problem = self.loop.run(self._run())
        except Stuck as exc:
            problem = str(exc)
        return Verdict(self.seed, problem, len(self.log.committed("activity")), self.deaths)

    async def _run(self) -> str:
        self.groups = [
            Group(self.log, lambda: self._spec("accounts"), ACTIVITY_PARTITIONS),
            Group(self.log, lambda: self._spec("board"), CELLS_PARTITIONS),
        ]
        for group in self.groups:
            for _ in range(self.rng.choice((1, 2))):
                self._start(group)
        self.log.chances = replace(CHANCES)
        publishing = self.loop.create_task(self.kit.publish(FAULTS_S))
        faults = self.loop.create_task(self._cause_faults())
        tending = self.loop.create_task(self._tend())
        await asyncio.wait([publishing])
        await asyncio.wait([faults])
        self.log.chances, self._faults = Chances(), False
        problem = await self._settle()
        tending.cancel()
        return "; ".join(filter(None, [*(error for group in self.groups for error in group.errors), problem]))

    def _spec(self, stage: str) -> SlotSpec:
        return SlotSpec(
            name=stage,
            sources=SOURCES[stage],
            state=f"{stage}_state",
            create=lambda partition: self.kit.create(stage, partition),
            transactional_id=lambda partition: f"{stage}-{partition}",
            tempo=TEMPO,
            safeguards=self.safeguards,
        )

    # ---- workers and faults

    def _start(self, group: Group) -> None:
        self._names += 1
        self.live.append(group.start(f"worker-{self._names}"))

    async def _tend(self) -> None:
        """The supervisor: what died is missed after the session timeout by the group, and started again sooner."""
        while True:
            await asyncio.sleep(0.1)
            for member in [m for m in self.live if not m.process.alive]:
                self.live.remove(member)
                self.loop.in_world(SESSION_S, member.group.leave, member)  # one that left in order is not missed
                if not member.leaving:
                    self.deaths += 1
                    self.loop.in_world(self.rng.uniform(0, RESTART_S), self._start, member.group)
            for group in self.groups:
                if not any(m.group is group for m in self.live) and not self._faults:
                    self._start(group)

    async def _cause_faults(self) -> None:
        until = self.loop.time() + FAULTS_S
        while self.loop.time() < until:
            await asyncio.sleep(self.rng.uniform(0.2, 5.0))
            if not self.live:
                continue
            member = self.rng.choice(self.live)
            fault = self.rng.choice((self._kill, self._freeze, self._join, self._leave, self._rebalance))
            fault(member)

    def _kill(self, member: Member) -> None:
        member.process.alive = False

    def _freeze(self, member: Member) -> None:
        member.process.frozen = True
        asleep_s = self.rng.uniform(1, 15)
        if asleep_s > SESSION_S:
            self.loop.in_world(SESSION_S, member.group.leave, member)
        self.loop.in_world(asleep_s, self.loop.thaw, member.process)

    def _join(self, member: Member) -> None:
        if sum(m.group is member.group for m in self.live) < 3:
            self._start(member.group)

    def _leave(self, member: Member) -> None:
        if sum(m.group is member.group for m in self.live) > 1:
            member.leaving = True

    def _rebalance(self, member: Member) -> None:
        member.group.change()

    # ---- what must be true

    async def _settle(self) -> str:
        until = self.loop.time() + SETTLE_LIMIT_S
        while (problem := self.kit.difference()) and self.loop.time() < until:
            await asyncio.sleep(1.0)
        await asyncio.sleep(2.0)
        return problem or self.kit.difference()


def tell(seed: int, safeguards: Safeguards | None = None, *, kit: MakeKit = ToyKit) -> Verdict:
    """The story of ``seed`` with the stages of ``kit``; the same seed tells the same story."""
    return Story(seed, safeguards or Safeguards(), kit).tell()
