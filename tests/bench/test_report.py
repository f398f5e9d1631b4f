"""Ratios are taken inside a round, medians over rounds; the page shows the latest table."""

from __future__ import annotations

import json
from pathlib import Path

from bench.engine import Restore
from bench.generate import Mix
from bench.kpis import Cost
from bench.report import BEGIN, END, figures, table, write_results
from bench.rounds import Round, Run


def _run(program: str, rate: float, *, right: bool = True) -> Run:
    return Run(program, 1_000, 1_000 / rate, rate, cpu_s=0.01, rss_mb=300, foreign=0.02, digest="d", right=right)


def _round(empty: float, first: float, full: float, second: float, *, right: bool = True) -> Round:
    runs = [
        _run("accounts empty", empty, right=right),
        _run("hand script", first),
        _run("accounts full", full),
        _run("hand script", second),
    ]
    return Round(runs, Restore(1_000_000, 30_000, second / 10))


ROUNDS = [_round(100, 200, 90, 300), _round(50, 200, 60, 200), _round(90, 100, 80, 100)]


def test_ratio_is_the_median_of_the_ratios_of_neighbours() -> None:
    found = {one.program: one for one in figures(ROUNDS)}
    assert found["accounts empty"].ratio == 0.5
    assert found["accounts full"].ratio == 0.3
    assert found["hand script"].ratio is None
    assert found["accounts empty"].rate == 90
    assert (found["hand script"].slowest, found["hand script"].fastest) == (100, 300)


def test_one_wrong_digest_is_wrong_for_the_whole_program() -> None:
    found = figures([*ROUNDS, _round(10, 10, 10, 10, right=False)])
    assert [one.right for one in found] == [False, True, True]
    assert "WRONG" in table(found)


def test_results_and_page_are_written(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{BEGIN}\nearlier\n{END}\nafter\n")
    file = write_results(Mix(), ROUNDS, [Cost("five", 10.0), Cost("win_rate", 11.0)], tmp_path)
    told = json.loads(file.read_text())
    assert [one["ratio"] for one in told["figures"]] == [0.5, None, 0.3]
    assert told["kpis"][1] == {"kpi": "win_rate", "us": 11.0}
    assert "cpu" in told["machine"]
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "earlier" not in text
    assert "| accounts empty | 90 |" in text
    assert "| win_rate | 11.00 | +1.00 | 1.10 |" in text
    assert "has restored 1,000,000 rows, 30,000 records folded again, in 20.00 s." in text
