"""What a scrape of a worker gets: its own metrics and, of BOARD, the last tick of every tenant it owns.

What belongs to a partition is looked up when it is asked for: a worker that lost one shows nothing of it from then on.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agents.awake import Awake
from agents.epochs.crew import Crew
from agents.epochs.slot import Slot
from agents.metrics import Metrics
from schemas.kpi import KpiDefinition
from schemas.money import exponent
from stream.accounts.stage import AccountsStage
from stream.board.board import Board
from stream.board.counted import MEASURES
from stream.board.moment import moment_at
from stream.board.reference.roster import active_at
from stream.board.sources import sources_at
from stream.board.stage import CELLS, BoardStage
from stream.board.tick import Tick
from views.exposition import Exposition
from views.tenant_lines import Counts, Facts

SLICE_S = 0.01


@dataclass
class Counted:
    """Counters of a slot's tenants: those that are shown, and those to be shown once ``position`` is committed."""

    shown: Mapping[str, Counts] = field(default_factory=dict)
    next: Mapping[str, Counts] | None = None
    position: int = 0


class Scrapes:
    """Answers scrapes; a subscriber of ticks."""

    name = "the exposition"

    def __init__(
        self,
        metrics: Metrics,
        crew: Crew,
        definitions: Mapping[str, KpiDefinition],
        *,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        awake: Awake | None = None,
    ) -> None:
        self._awake = awake or Awake()
        self._metrics, self._crew, self._clock_ms = metrics, crew, clock_ms
        self._exposition = Exposition(definitions)
        self._counted: dict[Slot, Counted] = {}

    async def take(self, partition: int, tick: Tick) -> None:
        """Show a tick from now on, unless its tenant went to another worker meanwhile."""
        if self._crew.is_ready(partition):
            self._exposition.take(tick)

    def release(self, tenant: str) -> None:
        """Show no more of a tenant."""
        self._exposition.release(tenant)

    async def gather(self) -> dict[str, Facts]:
        """What is asked of the states, by tenant owned now. On the worker's loop: there no fold is half done."""
        counts: Counter[tuple[str, str, str]] = Counter()
        ignored: Counter[tuple[str, str, str]] = Counter()
        for slot in self._crew.slots.values():
            stage = slot.stage
            if isinstance(stage, AccountsStage | BoardStage):
                for (tenant, source), verdicts in stage.tallies.by_source.items():
                    for verdict, count in verdicts.items():
                        counts[tenant, source, str(verdict)] += count
                for (tenant, source), fields in stage.tallies.ignored.items():
                    for name, count in fields.items():
                        ignored[tenant, source, name] += count
        self._metrics.events_judged(counts)
        self._metrics.fields_ignored(ignored)
        self._metrics.partitions_owned(self._crew.slots.keys())
        self._counted = {slot: kept for slot, kept in self._counted.items() if self._is_ours(slot)}
        return await self._facts()

    async def _facts(self) -> dict[str, Facts]:
        """By tenant, in slices between which epochs are folded; in the end of those that are still owned. Nothing while
        nobody knows what is.
        """
        if not self._awake.is_sure():
            return {}
        found: list[tuple[Slot, dict[str, Facts]]] = []
        now_ms, slice_s = self._clock_ms(), time.monotonic()
        for slot in list(self._crew.slots.values()):
            stage, facts = slot.stage, dict[str, Facts]()
            found.append((slot, facts))
            counted = self._counted_in(slot, stage) if isinstance(stage, BoardStage) and slot.ready else {}
            for tenant, board in list(stage.tenants.items()) if isinstance(stage, BoardStage) else ():
                facts[tenant] = facts_of(board, now_ms, counted.get(tenant, {}))
                if time.monotonic() - slice_s > SLICE_S:
                    await asyncio.sleep(0)
                    slice_s = time.monotonic()
        if not self._awake.is_sure():
            return {}
        return {tenant: said for slot, facts in found if self._is_ours(slot) for tenant, said in facts.items()}

    def _is_ours(self, slot: Slot) -> bool:
        return slot.ready and self._crew.slots.get(slot.partition) is slot

    def _counted_in(self, slot: Slot, stage: BoardStage) -> Mapping[str, Counts]:
        """The counters of a slot's tenants, as of an epoch that is committed: what isn't may never have been."""
        kept = self._counted.setdefault(slot, Counted())
        if kept.next is None:
            kept.next = {tenant: counted_of(board) for tenant, board in stage.tenants.items()}
            kept.position = slot.positions.get(CELLS, 0)
        if slot.committed.get(CELLS, 0) >= kept.position:
            kept.shown, kept.next = kept.next, None
        return kept.shown

    def render(self, owned: Mapping[str, Facts]) -> bytes:
        """Everything a scrape gets. Takes its time: not on the worker's loop."""
        return self._metrics.exposition() + self._exposition.render(owned)


def counted_of(board: Board) -> Counts:
    """The counters of a board."""
    return {measure: board.counted.columns(measure) for measure in MEASURES}


def facts_of(board: Board, now_ms: int, counted: Counts) -> Facts:
    """What is shown of a board beside its values."""
    moment = moment_at(board, now_ms)
    roster = active_at(board.organisation, moment.cut_ms)
    base = moment.base_currency
    return Facts(
        reps=[(rep, said.name or "", said.team or "", said.manager or "") for rep, said in sorted(roster.items())],
        currency=None if base is None else (base, 10 ** exponent(base)),
        sources=[(source.name, source.last_ms, source.is_silent) for source in sources_at(moment).values()],
        counted=counted,
    )
