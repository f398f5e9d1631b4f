"""The core comes to the totals of the plain recomputation, and a wrong total would be seen."""

from __future__ import annotations

from bench.core import CoreOptions, Tally, batches_of, comparable, differences, fold_all, totals_in
from bench.generate import Logs, Mix, make_preload, make_timed
from bench.log import totals_digest
from stream.accounts.stage import AccountsStage

MIX = Mix(events=6_000, accounts=800, reps=20)
OPTIONS = CoreOptions(partitions=3, cells_partitions=2, epoch=700, behind=900)


def _fold(logs: Logs, *, full: bool) -> Tally:
    stages = [AccountsStage(n, partitions=3, cells_partitions=2) for n in range(3)]
    starts = [0, 0, 0]
    before = batches_of(logs.preload, OPTIONS, starts) if full else []
    return fold_all(stages, before + batches_of(logs.timed, OPTIONS, starts), OPTIONS)


def test_totals_of_the_cells_are_those_of_the_generator() -> None:
    logs = Logs(make_preload(MIX), make_timed(MIX))
    tally = _fold(logs, full=False)
    found = totals_in(tally.cells)
    assert differences(logs.timed.totals, found) == []
    assert totals_digest(comparable(logs.timed.totals, found)) == totals_digest(logs.timed.totals)
    assert tally.records == MIX.events
    assert tally.letters == 0
    assert tally.rows > 0


def test_totals_are_right_on_top_of_a_full_state() -> None:
    logs = Logs(make_preload(MIX), make_timed(MIX))
    addresses = logs.timed.totals.keys() | logs.preload.totals.keys()
    expected = {
        address: logs.timed.totals.get(address, 0) + logs.preload.totals.get(address, 0) for address in addresses
    }
    assert differences(expected, totals_in(_fold(logs, full=True).cells)) == []


def test_a_difference_names_the_total() -> None:
    expected = {("touches", "rep", "R-1", "call"): 3}
    found = {("touches", "rep", "R-1", "call"): 2, ("touches", "rep", "R-2", "sms"): 1, ("other", "rep", "R-1", ""): 9}
    assert differences(expected, found) == [
        "('touches', 'rep', 'R-1', 'call'): 2; must be 3",
        "('touches', 'rep', 'R-2', 'sms'): 1; must be 0",
    ]
    assert differences(expected, {**expected, ("other", "rep", "R-1", ""): 9}) == []
