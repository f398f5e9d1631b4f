"""`python -m bench`: ACCOUNTS against the hand script on a real Kafka. `python -m bench core`: the core alone."""

from __future__ import annotations

import argparse
import sys

from bench.generate import Mix, logs_of


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line, with its defaults."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", choices=["run", "core", "decode", "logs"], default="run", help="what to measure"
    )
    parser.add_argument("--events", type=int, default=1_000_000, help="events that are timed")
    parser.add_argument("--accounts", type=int, default=1_000_000, help="accounts that the events are about")
    parser.add_argument("--reps", type=int, default=2_000, help="sellers")
    parser.add_argument("--rounds", type=int, default=3, help="rounds; the medians count")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another story")
    parser.add_argument("--full", action="store_true", help="core: every account has state already")
    parser.add_argument("--profile", action="store_true", help="core: print where the time goes")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run what the command line asks for; 0 if every digest was right."""
    asked = arguments(argv)
    logs = logs_of(Mix(events=asked.events, accounts=asked.accounts, reps=asked.reps, seed=asked.seed))
    if asked.what == "logs":
        print(f"{len(logs.preload):,} preload and {len(logs.timed):,} timed events are in the cache")
        return 0
    from bench import core

    if asked.what == "decode":
        core.bench_decode(logs.timed)
        return 0
    if asked.what == "core":
        return 0 if core.bench_core(logs, core.CoreOptions(), full=asked.full, profile=asked.profile) else 1
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
