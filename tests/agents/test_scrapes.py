"""What a scrape of a BOARD worker says: what the tick said, nothing of what is lost, nothing that isn't declared."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from agents.awake import Awake
from agents.epochs.crew import Crew
from agents.metrics import BoardMetrics
from agents.scrapes import Scrapes
from schemas.verdicts import Code
from stream.board.tick import Ticker
from tests.strategies.pipeline import CATALOGUE
from tests.stream.office import Office, at_ms
from views.declared import tenants, worker
from views.kpi_families import every_family, metric_name

NOON_MS = at_ms("2026-05-13 12:00")


class Place:
    """A slot that has committed all it folded."""

    def __init__(self, stage: Any) -> None:
        self.partition, self.ready, self.stage = 0, True, stage
        self.positions, self.committed = {"cells": 7}, {"cells": 7}


class Worker:
    """A BOARD worker that owns partition 0 with an office's tenant, acme."""

    def __init__(self, awake: Awake | None = None) -> None:
        self.office = Office(
            ("2026-05-01 08:00", "roster.changed", {"rep": "R-1", "name": 'Ann "A" Lee', "team": "north"}),
            ("2026-05-13 10:00", "touch.logged", {"rep": "R-1", "kind": "call"}),
            ("2026-05-13 11:00", "deal.won", {"deal": "D-1", "rep": "R-1", "amount_minor": 12_000, "currency": "EUR"}),
        )
        self.metrics = BoardMetrics()
        self.slot = Place(self.office.pipeline.boards[0].stage)
        self.slots = {0: self.slot}
        crew = SimpleNamespace(slots=self.slots, is_ready=lambda partition: partition in self.slots)
        self.scrapes = Scrapes(
            self.metrics, cast(Crew, crew), CATALOGUE.definitions, clock_ms=lambda: NOON_MS, awake=awake
        )
        self.tick = Ticker(CATALOGUE).tick(self.office.board, "acme", NOON_MS)

    async def scrape(self) -> dict[str, Metric]:
        """Everything a scrape gets, by the name of its family."""
        text = self.scrapes.render(await self.scrapes.gather()).decode()
        return {family.name: family for family in text_string_to_metric_families(text)}

    def fill(self) -> None:
        """Let everything happen that is counted."""
        self.metrics.lag_seen("cells", 0, 3)
        self.metrics.ticked(0.1)
        self.metrics.kpis_published(5)
        self.metrics.redis_written(NOON_MS)
        self.metrics.redis_failed()
        self.metrics.tenant_judged(0, "acme", NOON_MS, 0.1)
        self.metrics.alerts_stand(0, {("acme", "rep_stall", "warning", "firing"): 2}, {"mail": 1})
        self.metrics.notice_tried("mail", "failed")
        self.slot.stage.tallies.count("acme", "crm", Code.ACCEPTED)


def number(families: dict[str, Metric], series: str, **labels: str) -> float:
    """The number of the one series of that name and those labels."""
    (found,) = [
        sample.value
        for family in families.values()
        for sample in family.samples
        if sample.name == series and labels.items() <= sample.labels.items()
    ]
    return found


async def test_a_scrape_says_what_the_tick_said() -> None:
    worker = Worker()
    await worker.scrapes.take(0, worker.tick)
    families = await worker.scrape()
    assert worker.tick.values
    for value in worker.tick.values:
        kind, _, scope = value.scope.partition(":")
        place = {"tenant": "acme", "scope_kind": kind, "scope": scope, "window": value.window}
        name = metric_name(CATALOGUE.definitions[value.kpi])
        if value.value is not None:
            assert number(families, name, **place) == value.value
        assert number(families, f"salespulse_kpi_{value.kpi}_n", **place) == value.n
        if value.status != "live":
            assert number(families, "salespulse_kpi_trust", kpi=value.kpi, status=value.status, **place) == 1
    assert number(families, "salespulse_kpi_as_of_timestamp_seconds", tenant="acme") == NOON_MS / 1000
    assert number(families, "salespulse_rep_info", rep="R-1", name='Ann "A" Lee', team="north", manager="") == 1
    assert number(families, "salespulse_currency_minor_units", currency="EUR") == 100
    assert number(families, "salespulse_source_silent", source="crm") == 0


async def test_nothing_is_said_of_what_was_lost() -> None:
    worker = Worker()
    worker.fill()
    await worker.scrapes.take(0, worker.tick)
    assert "salespulse_kpi_revenue_minor" in await worker.scrape()
    worker.slot.ready = False
    assert not [name for name in await worker.scrape() if name.startswith("salespulse_kpi_")]
    worker.slot.ready = True
    assert "salespulse_kpi_revenue_minor" in await worker.scrape()
    worker.slots.clear()
    worker.metrics.alerts_released(0)
    families = await worker.scrape()
    labelled = [sample for family in families.values() for sample in family.samples if "tenant" in sample.labels]
    assert not labelled
    assert "salespulse_lag_records" not in families
    worker.scrapes.release("acme")
    await worker.scrapes.take(0, worker.tick)
    worker.slots[0] = worker.slot
    assert "salespulse_kpi_revenue_minor" not in await worker.scrape(), "a tick of before, taken too late"


async def test_after_a_break_nothing_is_said_until_the_group_has_answered() -> None:
    clock = [100.0]
    worker = Worker(Awake(break_s=5, quiet_s=6, clock_s=lambda: clock[0]))
    await worker.scrapes.take(0, worker.tick)
    clock[0] += 5
    assert "salespulse_kpi_revenue_minor" in await worker.scrape()
    clock[0] += 5.1
    for _ in range(2):
        families = await worker.scrape()
        labelled = [sample for family in families.values() for sample in family.samples if "tenant" in sample.labels]
        assert not [sample for sample in labelled if sample.name.startswith("salespulse_kpi")]
        assert "salespulse_rep_info" not in families
        clock[0] += 2.5
    clock[0] += 1
    assert "salespulse_kpi_revenue_minor" in await worker.scrape(), "it was still ours"


async def test_everything_that_is_shown_is_declared() -> None:
    board = Worker()
    board.fill()
    await board.scrapes.take(0, board.tick)
    shown = await board.scrape()
    lists = (*worker.WORKER, *worker.BOARD, *tenants.TENANTS)
    declared = {family.name.removesuffix("_total"): family for family in lists}
    declared |= {family.name: family for kpi in every_family(CATALOGUE.definitions).values() for family in kpi}
    for name, family in shown.items():
        wanted = declared[name]
        assert (family.type, family.documentation) == (wanted.kind, wanted.means)
        assert all(set(sample.labels) - {"le"} == set(wanted.labels) for sample in family.samples)
    absent = declared.keys() - shown.keys()
    assert absent <= {"salespulse_ignored_fields"} | {name for name in absent if name.startswith("salespulse_kpi_")}


async def test_counters_show_only_what_is_committed() -> None:
    board = Worker()
    won = {"deal": "D-2", "rep": "R-1", "amount_minor": 500, "currency": "EUR"}
    assert number(await board.scrape(), "salespulse_revenue_minor_total", rep="R-1", currency="EUR") == 12_000
    board.office.tell(("2026-05-13 11:30", "deal.won", won))
    board.slot.positions["cells"] = 9
    for _ in range(2):
        assert number(await board.scrape(), "salespulse_revenue_minor_total", rep="R-1") == 12_000
    board.slot.committed["cells"] = 9
    families = await board.scrape()
    assert number(families, "salespulse_revenue_minor_total", rep="R-1") == 12_500
    assert number(families, "salespulse_revenue_withdrawn_minor_total", rep="R-1") == 0
    assert number(families, "salespulse_deals_won_total", rep="R-1") == 2
    assert number(families, "salespulse_touches_total", rep="R-1", kind="call") == 1
