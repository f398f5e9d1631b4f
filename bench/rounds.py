"""The benchmark on a real Kafka: rounds in which ACCOUNTS and the hand script take turns over the same bytes.

A round: ACCOUNTS from an empty state, the hand script over that topic, ACCOUNTS from a full state, the hand script.
The timed events are published in one transaction while the worker waits, so they are seen all at once: the clock runs
from then to the broker's time stamp of the last cells that were committed. The machine's clock is the broker's.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.core import comparable, differences, totals_in
from bench.desk import Desk, Publication, write_plain
from bench.engine import Restore, Worker
from bench.generate import ANCHOR_MS, Logs
from bench.log import EventLog, expected_by_hand, shifted, totals_digest
from bench.machine import Cores, await_quiet, cores, foreign_share, read, rss_mb
from bench.totals import Totals
from cli.broker import start_broker
from cli.topics import ensure_topics
from config.settings import Settings, load_settings
from config.topics import Role, StageName

BROKER_HEAP_MB = 1024
QUIET_LIMIT_S = 20.0
HAND = "hand script"


@dataclass(frozen=True)
class Run:
    """One program over the timed events once. ``foreign``: the share of its core that others took meanwhile.

    ``form``: how the code of ACCOUNTS ran, in the worker's own words; nothing for the hand script.
    """

    program: str
    events: int
    seconds: float
    rate: float
    cpu_s: float
    rss_mb: int
    foreign: float
    digest: str
    right: bool
    form: str = ""

    def line(self) -> str:
        """The run in one line."""
        verdict = "right" if self.right else "WRONG"
        form = f"  the core {self.form}" if self.form else ""
        return (
            f"{self.program:14} {self.rate:>9,.0f} events/s  {self.seconds:6.2f} s  cpu {self.cpu_s:6.2f} s"
            f"  rss {self.rss_mb:>5} MB  others {self.foreign:4.0%}  digest {self.digest} {verdict}{form}"
        )


class Round(NamedTuple):
    """ACCOUNTS and the hand script in turns, then a restore."""

    runs: list[Run]
    restore: Restore


class Bench:
    """Runs rounds at one broker."""

    def __init__(self, logs: Logs, desk: Desk, split: Cores, folder: Path, *, quiet_limit_s: float) -> None:
        self.logs, self.desk, self.split, self.folder = logs, desk, split, folder
        self.quiet_limit_s = quiet_limit_s

    def round(self, number: int) -> Iterator[Run | Restore]:
        """One round: four runs in turns, and a restore of the full state."""
        by_ms = int(time.time() * 1000) - ANCHOR_MS
        preload, timed = shifted(self.logs.preload, by_ms), shifted(self.logs.timed, by_ms)
        empty, full = self._settings(f"bench{number}-empty."), self._settings(f"bench{number}-full.")
        yield self._accounts("accounts empty", empty, None, timed)
        yield self._hand_script(empty, timed)
        yield self._accounts("accounts full", full, preload, timed)
        yield self._restore(full)
        yield self._hand_script(empty, timed)  # the other topic begins with the preload, which it has no use for

    def _settings(self, prefix: str) -> Settings:
        """The defaults, with topics of their own."""
        settings = load_settings(kafka_brokers=self.desk.bootstrap, topic_prefix=prefix)
        ensure_topics(settings)
        return settings

    def _accounts(self, program: str, settings: Settings, before: EventLog | None, timed: EventLog) -> Run:
        topics, desk, core = settings.topics, self.desk, self.split.measured
        activity, group = topics.name_of(Role.ACTIVITY), topics.group_of(StageName.ACCOUNTS)
        with Worker(settings, core, self.folder / f"{settings.topic_prefix}log") as worker:
            worker.wait_ready()
            if before is not None:
                self._publish(activity, before, settings).show()
                desk.watch(activity, group, check=worker.check)
                worker.await_idle(settings.flush_after_s)  # the preload's rows are written behind: not in our time
            await_quiet(core, self.quiet_limit_s)
            pending = self._publish(activity, timed, settings)
            start = read(core, worker.pid)
            seen_from = pending.show()
            desk.watch(activity, group, check=worker.check)
            end, memory_mb, form = read(core, worker.pid), rss_mb(worker.pid), worker.core
        records = desk.collect(topics.name_of(Role.CELLS), self.folder / "cells.bin")
        seconds = max(timestamp_ms for timestamp_ms, _ in records) / 1000 - seen_from
        expected = _sum(self.logs.timed.totals, self.logs.preload.totals if before is not None else {})
        found = totals_in(value for _, value in records)
        wrong = differences(expected, found)
        if wrong:
            print("\n".join(wrong[:10]), flush=True)
        return Run(
            program,
            len(timed),
            round(seconds, 3),
            round(len(timed) / seconds),
            round(end.own_s - start.own_s, 2),
            memory_mb,
            round(foreign_share(start, end), 3),
            totals_digest(comparable(expected, found)),
            not wrong,
            form,
        )

    def _restore(self, settings: Settings) -> Restore:
        """A second worker takes over what the first has left."""
        with Worker(settings, self.split.measured, self.folder / "restore.log") as worker:
            worker.wait_ready()
            return worker.restored()

    def _hand_script(self, settings: Settings, timed: EventLog) -> Run:
        core = self.split.measured
        await_quiet(core, self.quiet_limit_s)
        start = read(core, 0)
        told = self.desk.run_hand_script(settings.topics.name_of(Role.ACTIVITY), len(timed), core)
        end = read(core, 0)
        others = (end.core_s - start.core_s - told["core_s"]) / (end.at - start.at)
        return Run(
            HAND,
            told["events"],
            round(told["seconds"], 3),
            round(told["events"] / told["seconds"]),
            round(told["cpu_s"], 2),
            told["rss_mb"],
            round(max(0.0, others), 3),
            told["digest"],
            told["digest"] == expected_by_hand(timed),
        )

    def _publish(self, topic: str, log: EventLog, settings: Settings) -> Publication:
        plain = self.folder / "plain"
        write_plain(log, plain, settings.activity_partitions)
        return self.desk.publish(topic, plain)


def _sum(a: Totals, b: Totals) -> Totals:
    return {address: a.get(address, 0) + b.get(address, 0) for address in a.keys() | b.keys()}


def run_rounds(logs: Logs, rounds: int, *, quiet_limit_s: float = QUIET_LIMIT_S) -> Iterator[Round]:
    """Rounds at a broker of their own, which shares its core with chores. Raises BenchFailed, BrokerUnavailable."""
    split = cores()
    os.sched_setaffinity(0, {split.other})  # inherited by the broker and by the chores
    with (
        tempfile.TemporaryDirectory(prefix="salespulse-bench-") as folder,
        start_broker(fast=False, heap_mb=BROKER_HEAP_MB) as broker,
    ):
        bench = Bench(logs, Desk(broker.bootstrap), split, Path(folder), quiet_limit_s=quiet_limit_s)
        for number in range(1, rounds + 1):
            done = []
            for one in bench.round(number):
                done.append(one)
                print(f"round {number}  {one.line()}", flush=True)
            runs = [one for one in done if isinstance(one, Run)]
            yield Round(runs, next(one for one in done if isinstance(one, Restore)))
