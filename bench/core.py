"""The core alone, without Kafka: `AccountsStage.fold` over prepared record batches, and `decode` by type of event.

Seconds are CPU seconds of this process: the core has one thread and waits for nothing, and neighbours don't count.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

import numpy as np

from bench.generate import Logs
from bench.keys import account_keys, home_partitions
from bench.log import EventLog, totals_digest
from bench.totals import Totals
from schemas.cells import decode_cells
from schemas.event import decode
from schemas.records import Output, RecordBatch
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage

BATCH_RECORDS = 700  # what fits a producer's batch of 256 KiB
DECODE_SAMPLE = 20_000
YOUNG_OBJECTS = 50_000  # as the worker sets it


@dataclass(frozen=True)
class CoreOptions:
    """``epoch``: records of a partition per epoch. ``behind``: by how many its state rows trail the log."""

    partitions: int = 8
    cells_partitions: int = 4
    epoch: int = 3_000
    behind: int = 60_000


@dataclass
class Tally:
    """What came out of the stages, and the time it took (CPU seconds, snapshots apart)."""

    records: int = 0
    fold_s: float = 0.0
    snapshot_s: float = 0.0
    rows: int = 0
    row_bytes: int = 0
    cells: list[bytes] = field(default_factory=list)
    letters: int = 0
    collecting_s: float = 0.0  # of the seconds above: the garbage collector's

    def collected(self, phase: str, _: dict[str, int]) -> None:
        """For gc.callbacks."""
        self.collecting_s += time.process_time() if phase == "stop" else -time.process_time()

    def take(self, outputs: Iterable[Output], rows: list[tuple[bytes, bytes | None]]) -> None:
        """Note what an epoch commits."""
        self.rows += len(rows)
        self.row_bytes += sum(len(row or b"") for _, row in rows)
        for output in outputs:
            if output.topic == "cells":
                self.cells.append(output.value or b"")
            else:
                self.letters += 1


def batches_of(log: EventLog, options: CoreOptions, starts: list[int]) -> list[RecordBatch]:
    """The log as record batches of its partitions, in turns as a worker gets them; moves ``starts`` on."""
    keys = account_keys(int(log.accounts.max()) + 1)
    home = home_partitions(keys, options.partitions)[log.accounts]
    raw, queues = log.raw, []
    for partition in range(options.partitions):
        members = np.flatnonzero(home == partition)
        queue = []
        for first in range(0, len(members), BATCH_RECORDS):
            chosen = members[first : first + BATCH_RECORDS]
            start = starts[partition] + first
            queue.append(
                RecordBatch(
                    "activity",
                    partition,
                    start=start,
                    next_offset=start + len(chosen),
                    keys=[keys[account].tobytes() for account in log.accounts[chosen].tolist()],
                    values=[raw[n] for n in chosen.tolist()],
                    offsets=list(range(start, start + len(chosen))),
                    received_ms=log.arrival_ms[chosen].tolist(),
                )
            )
        starts[partition] += len(members)
        queues.append(queue)
    return [batch for turn in zip_longest(*queues) for batch in turn if batch is not None]


def fold_all(stages: list[AccountsStage], batches: list[RecordBatch], options: CoreOptions) -> Tally:
    """Fold the batches, ending an epoch of a partition every ``options.epoch`` records."""
    tally, open_records = Tally(), defaultdict[int, int](int)
    clock = time.process_time
    gc.callbacks.append(tally.collected)
    for batch in batches:
        stage = stages[batch.partition]
        began = clock()
        stage.fold(batch)
        folded = clock()
        tally.fold_s += folded - began
        open_records[batch.partition] += len(batch)
        if open_records[batch.partition] >= options.epoch:
            open_records[batch.partition] = 0
            _end_epoch(stage, batch.next_offset, batch.next_offset - options.behind, tally)
    for stage, last in {stages[batch.partition]: batch for batch in batches}.items():
        if not stage.is_empty():
            _end_epoch(stage, last.next_offset, last.next_offset - options.behind, tally)
    gc.callbacks.remove(tally.collected)
    tally.records = sum(len(batch) for batch in batches)
    return tally


def _end_epoch(stage: AccountsStage, offset: int, before: int, tally: Tally) -> None:
    began = time.process_time()
    snapshot = stage.snapshot({"activity": offset}, flush_before={"activity": before})
    tally.snapshot_s += time.process_time() - began
    tally.take(snapshot.outputs, snapshot.rows)


def totals_in(records: Iterable[bytes]) -> Totals:
    """Sum of cells records over panes: amounts by (measure, dimension, value, facet)."""
    totals: dict[tuple[str, str, str, str], int] = defaultdict(int)
    for raw in records:
        record = decode_cells(raw)
        for measure, dimension, value, facet, _, _, amount in record.cells:
            totals[measure, dimension, value, facet] += int(amount)
        for measure, dimension, value, facet, _, _, amount, _ in record.late:
            totals[measure, dimension, value, facet] += int(amount)
    return {address: amount for address, amount in totals.items() if amount}


def differences(expected: Totals, found: Totals) -> list[str]:
    """Where totals that the generator knows differ from what was found; [] if nowhere."""
    known = {address[:2] for address in expected}
    addresses = expected.keys() | {address for address in found if address[:2] in known}
    wrong = sorted(address for address in addresses if expected.get(address, 0) != found.get(address, 0))
    return [f"{address}: {found.get(address, 0)}; must be {expected.get(address, 0)}" for address in wrong]


def comparable(expected: Totals, found: Totals) -> Totals:
    """The part of what was found that the generator knows totals for."""
    known = {address[:2] for address in expected}
    return {address: amount for address, amount in found.items() if address[:2] in known}


def bench_core(logs: Logs, options: CoreOptions, *, full: bool, profile: bool) -> bool:
    """Fold the timed log, after the preload if ``full``; print figures. True if the totals are right."""
    stages = [
        AccountsStage(
            n, partitions=options.partitions, cells_partitions=options.cells_partitions, options=AccountsOptions()
        )
        for n in range(options.partitions)
    ]
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    starts = [0] * options.partitions
    expected = dict(logs.timed.totals)
    cells: list[bytes] = []
    if full:
        before = fold_all(stages, batches_of(logs.preload, options, starts), options)
        cells = before.cells
        _print("preload", before)
        for address, amount in logs.preload.totals.items():
            expected[address] = expected.get(address, 0) + amount
    batches = batches_of(logs.timed, options, starts)
    gc.collect()
    gc.freeze()
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    tally = fold_all(stages, batches, options)
    profiler.disable()
    _print("timed, state full" if full else "timed, state empty", tally)
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
    found = totals_in([*cells, *tally.cells])
    wrong = differences(expected, found)
    verdict = f"{len(wrong)} WRONG" if wrong else "right"
    print(f"totals: {verdict}, digest {totals_digest(comparable(expected, found))}")
    print("\n".join(wrong[:10]))
    return not wrong


def _print(what: str, tally: Tally) -> None:
    seconds = tally.fold_s + tally.snapshot_s
    print(
        f"{what}: {tally.records:,} records in {seconds:.2f} CPU s = {tally.records / seconds:,.0f}/s"
        f" (fold {tally.fold_s / tally.records * 1e6:.2f} µs a record,"
        f" snapshots {tally.snapshot_s / tally.records * 1e6:.2f} µs, of both the collector"
        f" {tally.collecting_s / tally.records * 1e6:.2f} µs);"
        f" {tally.rows:,} rows of {tally.row_bytes / max(1, tally.rows):.0f} B,"
        f" {sum(map(len, tally.cells)) / tally.records:.0f} B of cells a record, {tally.letters:,} letters"
    )


def bench_decode(log: EventLog) -> None:
    """Print nanoseconds of `decode` by type, best of five over a sample, and weighted by the mix."""
    by_type: dict[str, list[bytes]] = defaultdict(list)
    share: dict[str, int] = defaultdict(int)
    for raw, group in zip(log.raw, log.groups.tolist(), strict=True):
        kind = log.labels[group][1]
        share[kind] += 1
        if len(by_type[kind]) < DECODE_SAMPLE:
            by_type[kind].append(raw)
    total = 0.0
    for kind in sorted(by_type, key=lambda kind: -share[kind]):
        sample = by_type[kind]
        best = min(_decode_s(sample) for _ in range(5)) / len(sample)
        total += best * share[kind]
        print(f"decode {kind:28} {best * 1e9:6.0f} ns  ({share[kind] / len(log):6.2%} of the events)")
    print(f"decode {'the mix':28} {total / len(log) * 1e9:6.0f} ns")


def _decode_s(sample: list[bytes]) -> float:
    began = time.process_time()
    for raw in sample:
        decode(raw)
    return time.process_time() - began
