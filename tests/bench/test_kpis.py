"""A KPI that is left out makes no cells, takes nothing from the others, and is back afterwards."""

from __future__ import annotations

import pytest

from bench.core import CoreOptions, batches_of, differences, fold_all, totals_in
from bench.generate import Logs, Mix, make_preload, make_timed
from bench.kpis import FIRST, KPIS, Cost, kpi_table, only
from stream.accounts.stage import AccountsStage

MIX = Mix(events=6_000, accounts=800, reps=20)
OPTIONS = CoreOptions(partitions=2, cells_partitions=1, epoch=700, behind=900)
FIVE = {"touches", "new_leads", "revenue", "revenue_orders", "refunds", "deals_won", "touches_on_won", "nps_answers"}
ADDED = {
    "average_deal_size": {"won_amount"},
    "win_rate": {"deals_lost"},
    "new_opportunities": {"deals_opened"},
    "acquisition_rate (and 7d, 30d, 90d)": {"customers_won", "cohort_won"},
    "cycle_length": {"cycle_ms", "cycle_deals", "cycle_bucket"},
    "time_to_convert": {"convert_ms", "converted", "convert_bucket"},
    "rep_stall": {"touches_automated"},
    "stalled_deals": {"open_deals", "open_amount"},
}
"""What the benchmark's log makes of each: it knows neither stages nor appointments."""


@pytest.fixture(scope="module")
def logs() -> Logs:
    """Small logs."""
    return Logs(make_preload(MIX), make_timed(MIX))


def measures(logs: Logs) -> set[str]:
    """The measures that a fold makes cells of, if its totals are right."""
    stages = [AccountsStage(n, partitions=2, cells_partitions=1) for n in range(2)]
    found = totals_in(fold_all(stages, batches_of(logs.timed, OPTIONS, [0, 0]), OPTIONS).cells)
    assert differences(logs.timed.totals, found) == []
    return {address[0] for address in found}


def test_each_kpi_adds_its_measures_and_nothing_else(logs: Logs) -> None:
    expected = set(FIVE)
    with only(()):
        assert measures(logs) == expected
    for count, kpi in enumerate(KPIS, start=1):
        expected |= ADDED[kpi.name]
        with only(KPIS[:count]):
            assert measures(logs) == expected
    assert measures(logs) == expected


def test_the_table_compares_with_the_five() -> None:
    table = kpi_table([Cost(FIRST, 8.0), Cost("win_rate", 9.0), Cost("cycle_length", 10.0)])
    assert "| win_rate | 9.00 | +1.00 | 1.12 |" in table
    assert "| cycle_length | 10.00 | +1.00 | 1.25 |" in table
