"""What each KPI costs the fold: the core over one log with the five KPIs it began with, then with one more at a time.

A KPI is left out by putting an empty function in the place of the one that makes its cells, so that what remains does
the rest as it always does. That needs the plain Python core: the compiled one is called without looking up names. KPIs
that read measures of others cost the fold nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, NamedTuple

from bench.core import YOUNG_OBJECTS, CoreOptions, Tally, batches_of, differences, fold_all, totals_in
from bench.generate import Logs, Mix
from schemas.records import RecordBatch
from stream.accounts import cohorts, open_deals, parts, touches, wins
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage

MIX = Mix(events=300_000, accounts=300_000)
ROUNDS = 3
FIRST = "revenue, deals_won, new_leads, touches_per_won_deal, nps"
FREE = "activity_count, nps_classes, leaderboard, quota_attainment"
SHARED = "conversion"
"""The part that two KPIs share: looked at as long as either is there."""

Places = tuple[tuple[dict[str, Any], str], ...]
"""Names and what they stand for: of a module, or of a table."""


class Kpi(NamedTuple):
    """A KPI and the places of the functions that make its cells."""

    name: str
    places: Places


KPIS = (
    Kpi("average_deal_size", ((vars(wins), "put_won_amount"),)),
    Kpi("win_rate", ((vars(wins), "lost_at"),)),
    Kpi("new_opportunities", ((parts.PART_CELLS, "opened"),)),
    Kpi("acquisition_rate (and 7d, 30d, 90d)", ((parts.PART_CELLS, "customer"), (vars(cohorts), "put_won_cohorts"))),
    Kpi("cycle_length", ((vars(wins), "put_cycles"), (vars(wins), "cycle_starts"))),
    Kpi("time_to_convert", ((vars(cohorts), "put_conversion"),)),
    Kpi(
        "rep_stall",
        (
            (vars(touches), "automated_cells"),
            (vars(parts), "appointment_cells"),
            (vars(parts), "stage_change"),
            (parts.PART_CELLS, "stages"),
        ),
    ),
    Kpi("stalled_deals", ((vars(open_deals), "level_of"),)),
)
CONVERSIONS = ("acquisition_rate (and 7d, 30d, 90d)", "time_to_convert")


class Cost(NamedTuple):
    """CPU µs an event, decoding and snapshots included, with all KPIs up to this one: the least of the rounds, as that
    was disturbed least.
    """

    kpi: str
    us: float


def _nothing(*_: object) -> dict[str, int]:
    return {}


@contextmanager
def only(kpis: tuple[Kpi, ...]) -> Iterator[None]:
    """The fold with the five KPIs it began with and these."""
    left_out = [kpi for kpi in KPIS if kpi not in kpis]
    places = [place for kpi in left_out for place in kpi.places]
    if {kpi.name for kpi in left_out}.issuperset(CONVERSIONS):
        places.append((parts.PART_CELLS, SHARED))
    kept = [(table, name, table[name]) for table, name in places]
    for table, name in places:
        table[name] = _nothing
    try:
        yield
    finally:
        for table, name, function in kept:
            table[name] = function


def measure_kpis(logs: Logs, *, rounds: int = ROUNDS) -> tuple[list[Cost], bool]:
    """The cost with the five, and with each KPI more; whether the totals of all runs were right."""
    options = CoreOptions()
    batches = batches_of(logs.timed, options, [0] * options.partitions)
    steps = [KPIS[:count] for count in range(len(KPIS) + 1)]
    found: dict[int, list[float]] = {len(kpis): [] for kpis in steps}
    right = True
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    gc.collect()
    gc.freeze()
    for turn in range(rounds):
        for kpis in steps if turn % 2 else reversed(steps):
            tally = _fold(batches, options, kpis)
            found[len(kpis)].append((tally.fold_s + tally.snapshot_s) / tally.records * 1e6)
            right = right and not differences(logs.timed.totals, totals_in(tally.cells))
    names = [FIRST, *(kpi.name for kpi in KPIS)]
    return [Cost(name, min(found[count])) for count, name in enumerate(names)], right


def _fold(batches: list[RecordBatch], options: CoreOptions, kpis: tuple[Kpi, ...]) -> Tally:
    stages = [
        AccountsStage(
            n, partitions=options.partitions, cells_partitions=options.cells_partitions, options=AccountsOptions()
        )
        for n in range(options.partitions)
    ]
    gc.collect()
    with only(kpis):
        return fold_all(stages, batches, options)


def kpi_table(costs: list[Cost]) -> str:
    """The costs as a Markdown table."""
    head = "| KPI | CPU µs/event with all so far | more | ÷ the five |\n| --- | --- | --- | --- |\n"
    rows = [f"| {costs[0].kpi} | {costs[0].us:.2f} | | |\n"]
    for before, cost in pairwise(costs):
        more = f"{cost.us - before.us:+.2f}"
        rows.append(f"| {cost.kpi} | {cost.us:.2f} | {more} | {cost.us / costs[0].us:.2f} |\n")
    return head + "".join(rows) + f"| {FREE} | {costs[-1].us:.2f} | read what is there | |\n"
