"""`python -m bench`: ACCOUNTS against the hand script on a real Kafka, then the fold's cost by KPI.

`python -m bench core`: the core alone. `python -m bench kpis`: what each KPI costs the fold.
`python -m bench exposition`: what a scrape of 100,000 KPI series costs. `python -m bench board`: BOARD alone.
"""

from __future__ import annotations

import argparse
import sys

from bench.generate import Mix, logs_of

DEFAULT_MIX, DEFAULT_ROUNDS = Mix(), 3


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line, with its defaults."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="?",
        choices=["run", "core", "decode", "kpis", "exposition", "board"],
        default="run",
        help="what to measure",
    )
    parser.add_argument("--events", type=int, default=DEFAULT_MIX.events, help="events that are timed")
    parser.add_argument("--accounts", type=int, default=DEFAULT_MIX.accounts, help="accounts that the events are about")
    parser.add_argument("--reps", type=int, default=DEFAULT_MIX.reps, help="sellers")
    parser.add_argument("--zipf", type=float, default=DEFAULT_MIX.zipf, help="how uneven accounts are; 0: all alike")
    parser.add_argument("--seed", type=int, default=DEFAULT_MIX.seed, help="another seed, another story")
    parser.add_argument("--rounds", type=int, default=DEFAULT_ROUNDS, help="run: rounds; the medians count")
    parser.add_argument(
        "--write", action="store_true", help="run: write the results even if the sizes are not the usual"
    )
    parser.add_argument("--full", action="store_true", help="core: every account has state already")
    parser.add_argument("--profile", action="store_true", help="core: print where the time goes")
    return parser.parse_args(argv)


def compare(mix: Mix, rounds: int, *, write: bool) -> bool:
    """Run the comparison and print it. True if every digest was right."""
    from bench.desk import BenchFailed
    from bench.kpis import MIX as KPI_MIX
    from bench.kpis import kpi_table, measure_kpis
    from bench.report import figures, restore_line, table, write_results
    from bench.rounds import run_rounds
    from cli.broker import BrokerUnavailable

    try:
        done = list(run_rounds(logs_of(mix), rounds))
    except (BenchFailed, BrokerUnavailable) as exc:
        raise SystemExit(f"bench: {exc}") from None
    found = figures(done)
    print(f"\n{table(found)}")
    for one in found:
        if one.ratio is not None:
            print(f"{one.program} ÷ hand script: {one.ratio} (by CPU time {one.cpu_ratio})")
    print(restore_line(done))
    costs, right = measure_kpis(logs_of(KPI_MIX))
    print(f"\n{kpi_table(costs)}")
    if write:
        print(f"written: {write_results(mix, done, costs)}")
    right = right and all(one.right for one in found)
    print(f"digests: {'all right' if right else 'WRONG'}")
    return right


def price(mix: Mix, rounds: int) -> bool:
    """Print what each KPI costs the fold. True if the totals were right."""
    from bench.kpis import kpi_table, measure_kpis

    costs, right = measure_kpis(logs_of(mix), rounds=rounds)
    print(f"{kpi_table(costs)}totals: {'right' if right else 'WRONG'}")
    return right


def main(argv: list[str]) -> int:
    """Run what the command line asks for; 0 if every digest was right."""
    asked = arguments(argv)
    mix = Mix(events=asked.events, accounts=asked.accounts, reps=asked.reps, zipf=asked.zipf, seed=asked.seed)
    if asked.what == "run":
        usual = mix == DEFAULT_MIX and asked.rounds >= DEFAULT_ROUNDS
        return 0 if compare(mix, asked.rounds, write=usual or asked.write) else 1
    if asked.what == "exposition":
        from bench.exposition import bench_exposition

        return 0 if bench_exposition(asked.rounds) else 1
    if asked.what == "board":
        from bench.board import board_table, measure_board
        from bench.office import Size

        lines, right = measure_board(Size(reps=asked.reps), seed=asked.seed, seconds=asked.rounds)
        print(f"{board_table(lines)}ticks: {'right' if right else 'WRONG'}")
        return 0 if right else 1
    from bench import core

    if asked.what == "kpis":
        return 0 if price(mix, asked.rounds) else 1
    if asked.what == "decode":
        core.bench_decode(logs_of(mix).timed)
        return 0
    return 0 if core.bench_core(logs_of(mix), core.CoreOptions(), full=asked.full, profile=asked.profile) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
