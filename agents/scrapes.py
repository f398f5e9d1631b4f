"""What a scrape of a worker gets: its own metrics and, of BOARD, the last tick of every tenant it owns.

What belongs to a partition is looked up when it is asked for: a worker that lost one shows nothing of it from then on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from agents.epochs.crew import Crew
from agents.metrics import Metrics
from schemas.kpi import KpiDefinition
from schemas.money import exponent
from stream.accounts.stage import AccountsStage
from stream.board.board import Board
from stream.board.moment import moment_at
from stream.board.reference.roster import active_at
from stream.board.sources import sources_at
from stream.board.stage import BoardStage
from stream.board.tick import Tick
from views.exposition import Exposition
from views.tenant_lines import Facts


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
    ) -> None:
        self._metrics, self._crew, self._clock_ms = metrics, crew, clock_ms
        self._exposition = Exposition(definitions)

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
        owned: dict[str, Facts] = {}
        now_ms = self._clock_ms()
        for slot in self._crew.slots.values():
            stage = slot.stage
            if isinstance(stage, AccountsStage | BoardStage):
                for (tenant, source), verdicts in stage.tallies.by_source.items():
                    for verdict, count in verdicts.items():
                        counts[tenant, source, str(verdict)] += count
                for (tenant, source), fields in stage.tallies.ignored.items():
                    for field, count in fields.items():
                        ignored[tenant, source, field] += count
            if isinstance(stage, BoardStage) and slot.ready:
                owned |= {tenant: facts_of(board, now_ms) for tenant, board in stage.tenants.items()}
        self._metrics.events_judged(counts)
        self._metrics.fields_ignored(ignored)
        self._metrics.partitions_owned(self._crew.slots.keys())
        return owned

    def render(self, owned: Mapping[str, Facts]) -> bytes:
        """Everything a scrape gets. Takes its time: not on the worker's loop."""
        return self._metrics.exposition() + self._exposition.render(owned)


def facts_of(board: Board, now_ms: int) -> Facts:
    """What is shown of a board beside its values."""
    moment = moment_at(board, now_ms)
    roster = active_at(board.organisation, moment.cut_ms)
    base = moment.base_currency
    return Facts(
        reps=[(rep, said.name or "", said.team or "", said.manager or "") for rep, said in sorted(roster.items())],
        currency=None if base is None else (base, 10 ** exponent(base)),
        sources=[(source.name, source.last_ms, source.is_silent) for source in sources_at(moment).values()],
    )
