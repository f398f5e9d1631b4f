"""Simulated workers and the group that shares partitions among them: they run the real Crew and Slot."""

# ruff: noqa: ASYNC110 - virtual time costs nothing, and polling keeps the story plain

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from agents.epochs.crew import Crew
from agents.epochs.port import Fenced, OutcomeUnknown
from agents.epochs.slot import NotContiguous, Slot, SlotEvents, SlotSpec
from tests.simulation.log import LogOfWorker, SimulatedLog
from tests.simulation.loop import Process

SESSION_S = 6.0
REBALANCE_S = 6.0
HEARTBEAT_S = 0.5
GROUP_COMMIT_S = 2.0
POLL_S = 0.02


class Group:
    """The coordinator of one stage's consumer group: eager rebalances, as Kafka's classic protocol has them."""

    def __init__(self, log: SimulatedLog, spec: Callable[[], SlotSpec], partitions: int) -> None:
        self.log, self.spec, self.partitions = log, spec, partitions
        self.generation = 0
        self.members: dict[str, Member] = {}
        self.offsets: dict[tuple[str, int], int] = {}  # group offsets, which decide nothing
        self.errors: list[str] = []  # failures of slots that no fault explains
        self._changing = False
        self._changed = asyncio.Event()

    def start(self, name: str) -> Member:
        """A new worker process."""
        member = Member(self, Process(name))
        self.log.loop.spawn(member.process, member.live())
        return member

    async def join(self, member: Member) -> tuple[int, list[int]]:
        """Wait for the next generation; returns it and the partitions of ``member``."""
        while (share := member.share) is None:
            if self.members.get(member.process.name) is not member:  # new, or expelled while it waited
                self.members[member.process.name] = member
                self.change()
            member.joined = True
            await asyncio.sleep(POLL_S)
        return self.generation, share

    def leave(self, member: Member) -> None:
        """A member is gone, or was found dead."""
        if self.members.get(member.process.name) is member:
            del self.members[member.process.name]
            self.change()

    def change(self) -> None:
        """Begin a rebalance, unless one is under way."""
        if not self._changing:
            self._changing = True
            self.log.loop.create_task(self._rebalance(), context=self.log.loop.world)

    async def _rebalance(self) -> None:
        until = self.log.loop.time() + REBALANCE_S
        for member in self.members.values():
            member.share = None
        while any(not m.joined for m in self.members.values()) and self.log.loop.time() < until:
            await asyncio.sleep(POLL_S)
        self.members = {name: m for name, m in self.members.items() if m.joined}
        self._changing = False
        self.generation += 1
        shares: dict[str, list[int]] = {name: [] for name in self.members}
        order = list(shares)
        self.log.rng.shuffle(order)
        for p in range(self.partitions if order else 0):
            shares[order[p % len(order)]].append(p)
        for name, member in self.members.items():
            member.joined = False
            member.share = shares[name]

    def is_current(self, member: Member, generation: int) -> bool:
        """What a heartbeat is told: whether the member may go on as it is."""
        return (
            not member.leaving
            and self.members.get(member.process.name) is member
            and generation == self.generation
            and not self._changing
        )


@dataclass
class Cursor:
    """Where a member's consumer stands in a source partition; nothing is fetched before the slot wants it."""

    position: int
    active: bool


class Member(SlotEvents):
    """One worker process of a stage."""

    def __init__(self, group: Group, process: Process) -> None:
        self.group, self.process = group, process
        self.joined = False
        self.share: list[int] | None = None
        self.leaving = False
        self.left = asyncio.Event()
        self._cursors: dict[tuple[str, int], Cursor] = {}
        self.crew = Crew(group.spec(), LogOfWorker(group.log, self._seek), self)

    async def live(self) -> None:
        """Join, work until the group changes, hand back, join again; until told to leave."""
        log, spec = self.group.log, self.crew.spec
        while not self.leaving:
            self.share = None
            generation, share = await self.group.join(self)
            seek_first = spec.safeguards.seek_after_restore
            places = [(source, p) for p in share for source in spec.sources]
            self._cursors = {at: Cursor(self.group.offsets.get(at, 0), not seek_first) for at in places}
            self.crew.assign(share)
            pump = log.loop.create_task(self._pump())
            committing = log.loop.create_task(self._write_group_offsets())
            while self.group.is_current(self, generation):
                await asyncio.sleep(log.rng.uniform(0, HEARTBEAT_S))
            committing.cancel()
            pump.cancel()
            await asyncio.wait([pump])
            await self.crew.release(SESSION_S / 2)
        self.group.leave(self)
        self.process.alive = False
        self.left.set()

    async def _seek(self, role: str, partition: int, offset: int) -> None:
        if (role, partition) not in self._cursors:
            await asyncio.Event().wait()
        self._cursors[role, partition] = Cursor(offset, active=True)

    async def _pump(self) -> None:
        """Feed the crew, partition by partition, from where the cursors stand."""
        log = self.group.log
        while True:
            fed = False
            for place, cursor in list(self._cursors.items()):
                if not cursor.active or not self.crew.is_ready(place[1]):
                    continue
                batch = log.batch(place, cursor.position, log.rng.randrange(1, 30))
                await log.step()
                if batch is None or self._cursors.get(place) is not cursor:
                    continue
                cursor.position, fed = batch.next_offset, True
                try:
                    await self.crew.feed(batch)
                except NotContiguous:
                    return  # the slot has failed and ends the worker
            if not fed:
                await asyncio.sleep(POLL_S)

    async def _write_group_offsets(self) -> None:
        while True:
            await asyncio.sleep(GROUP_COMMIT_S)
            for p, slot in self.crew.slots.items():
                for source, offset in slot.committed.items():
                    self.group.offsets[source, p] = offset

    def failed(self, slot: Slot, error: BaseException) -> None:
        """Fail-stop: the process ends."""
        if not isinstance(error, OutcomeUnknown | Fenced | TimeoutError):
            self.group.errors.append(
                f"{self.process.name} {slot.spec.name}-{slot.partition}: {type(error).__name__}: {error}"
            )
        self.process.alive = False
