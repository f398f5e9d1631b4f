"""What a benchmark says: medians, ratios inside one round, the file of results and the table of the page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

from bench.generate import Mix
from bench.kpis import Cost, kpi_table
from bench.machine import description
from bench.rounds import HAND, Round

HERE = Path(__file__).parent
BEGIN, END = "<!-- latest: written by make bench -->", "<!-- end of latest -->"


@dataclass(frozen=True)
class Figure:
    """A program's medians over the rounds, and ACCOUNTS ÷ hand script: the median of the ratios inside a round.

    ``ratio`` compares events per second of the clock, ``cpu_ratio`` events per second of CPU, which neighbours on the
    core disturb less.
    """

    program: str
    rate: float
    slowest: float
    fastest: float
    cpu_us: float
    rss_mb: int
    foreign: float
    right: bool
    ratio: float | None
    cpu_ratio: float | None


def figures(rounds: list[Round]) -> list[Figure]:
    """One figure a program. In a round each run of ACCOUNTS is followed by one of the hand script."""
    found = []
    for program in dict.fromkeys(run.program for one in rounds for run in one.runs):
        runs = [run for one in rounds for run in one.runs if run.program == program]
        pairs = [pair for one in rounds for pair in pairwise(one.runs)]
        compared = [(run, hand) for run, hand in pairs if run.program == program != HAND == hand.program]
        found.append(
            Figure(
                program=program,
                rate=median(run.rate for run in runs),
                slowest=min(run.rate for run in runs),
                fastest=max(run.rate for run in runs),
                cpu_us=round(median(run.cpu_s / run.events * 1e6 for run in runs), 2),
                rss_mb=max(run.rss_mb for run in runs),
                foreign=max(run.foreign for run in runs),
                right=all(run.right for run in runs),
                ratio=_median(run.rate / hand.rate for run, hand in compared),
                cpu_ratio=_median(hand.cpu_s / run.cpu_s for run, hand in compared),
            )
        )
    return found


def _median(ratios: Iterable[float]) -> float | None:
    found = list(ratios)
    return round(median(found), 3) if found else None


def table(found: list[Figure]) -> str:
    """The figures as a Markdown table."""
    head = (
        "| program | events/s (median) | slowest - fastest | ÷ hand script "
        "| CPU µs/event | by CPU ÷ hand script | peak RSS MB "
        "| others on the core | digests |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    return head + "".join(_row(one) for one in found)


def _row(one: Figure) -> str:
    span = f"{one.slowest:,.0f} - {one.fastest:,.0f}"
    ratios = [f"{ratio:.3f}" if ratio is not None else "" for ratio in (one.ratio, one.cpu_ratio)]
    cells = (one.program, f"{one.rate:,.0f}", span, ratios[0], one.cpu_us, ratios[1], f"{one.rss_mb:,}")
    return "".join(f"| {cell} " for cell in (*cells, f"at most {one.foreign:.0%}", _verdict(one.right))) + "|\n"


def restore_line(rounds: list[Round]) -> str:
    """The median restore of the full state, as a sentence."""
    restore = sorted((one.restore for one in rounds), key=lambda restore: restore.seconds)[len(rounds) // 2]
    return f"A worker that takes over the full state has {restore.line()}."


def _verdict(right: bool) -> str:
    return "right" if right else "WRONG"


def write_results(mix: Mix, rounds: list[Round], costs: list[Cost], folder: Path = HERE) -> Path:
    """Write results/<date>.json and the page's table; returns the file."""
    today = datetime.now(UTC).date().isoformat()
    found, machine = figures(rounds), description()
    file = folder / "results" / f"{today}.json"
    file.parent.mkdir(exist_ok=True)
    told = {
        "date": today,
        "machine": machine,
        "mix": asdict(mix),
        "figures": [asdict(one) for one in found],
        "kpis": [cost._asdict() for cost in costs],
        "rounds": [{"runs": [asdict(run) for run in one.runs], "restore": one.restore._asdict()} for one in rounds],
    }
    file.write_text(json.dumps(told, indent=1) + "\n")
    page = folder / "README.md"
    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    forms = dict.fromkeys(run.form for one in rounds for run in one.runs if run.form)
    lines = (
        f"{today}, {len(rounds)} rounds, {mix.events:,} timed events, {mix.accounts:,} accounts, {mix.reps:,} reps, "
        f"seed {mix.seed}. {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}. "
        f"ACCOUNTS' core ran {' and '.join(forms)}."
    )
    kpis = f"What each KPI costs the fold, in plain Python:\n\n{kpi_table(costs)}"
    page.write_text(f"{before}{BEGIN}\n{lines}\n\n{table(found)}\n{restore_line(rounds)}\n\n{kpis}{END}{after}")
    return file
