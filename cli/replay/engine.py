"""The whole pipeline in one process: ACCOUNTS of every partition, their cells, and the boards. No clock, no log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from cli.event_lines import Line
from cli.replay.lines import as_history
from schemas.contract import too_large
from schemas.event import Event, decode, encode_key, home_partition, is_activity
from schemas.limits import MAX_BYTES
from schemas.records import Output, RecordBatch
from schemas.verdicts import Code, Refusal
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage
from stream.board.board import Board
from stream.board.stage import BoardStage

CELLS_PARTITIONS = 4
FLUSH_LINES = 20_000
"""After so many lines what was read is folded; bounds memory, changes no number."""


class BadLine(NamedTuple):
    """A line that counts nowhere, and why."""

    line: Line
    code: str
    detail: str


@dataclass
class Waiting:
    """Records of one source partition that are not folded yet. ``origins`` are their lines."""

    start: int = 0
    keys: list[bytes | None] = field(default_factory=list)
    values: list[bytes | None] = field(default_factory=list)
    received_ms: list[int] = field(default_factory=list)
    origins: list[Line] = field(default_factory=list)

    def add(self, key: bytes | None, value: bytes, received_ms: int, origin: Line) -> None:
        self.keys.append(key)
        self.values.append(value)
        self.received_ms.append(received_ms)
        self.origins.append(origin)

    def batch(self, source: str, partition: int) -> RecordBatch:
        end = self.start + len(self.values)
        return RecordBatch(
            source,
            partition,
            start=self.start,
            next_offset=end,
            keys=self.keys,
            values=self.values,
            offsets=list(range(self.start, end)),
            received_ms=self.received_ms,
        )


class Engine:
    """Takes lines in the order of their receipt. ``arrived_ms`` is the receipt of those that carry none."""

    def __init__(self, *, partitions: int, arrived_ms: int, options: AccountsOptions) -> None:
        self._arrived_ms = arrived_ms
        self._accounts = [
            AccountsStage(p, partitions=partitions, cells_partitions=CELLS_PARTITIONS, options=options)
            for p in range(partitions)
        ]
        self._boards = [BoardStage(p, partitions=CELLS_PARTITIONS, follower=True) for p in range(CELLS_PARTITIONS)]
        self._activity = [Waiting() for _ in range(partitions)]
        self._organisation = [Waiting() for _ in range(CELLS_PARTITIONS)]
        self._cells_offsets = [0] * CELLS_PARTITIONS
        self._waiting = 0
        self._oversize: list[BadLine] = []

    def take(self, line: Line) -> list[BadLine]:
        """Take a line; returns what was found bad, now and then, in the order of the lines."""
        if line.size > MAX_BYTES:
            # Only a part of it is here: what the fold would say of the whole is said of its size.
            self._oversize.append(BadLine(line._replace(raw=b""), Code.TOO_LARGE, too_large(line.size).detail))
            return []
        decoded = decode(line.raw)
        if isinstance(decoded, Refusal):
            self._activity[0].add(None, line.raw, self._arrived_ms, line)
        else:
            self._place(decoded, line)
        self._waiting += 1
        return self.flush() if self._waiting >= FLUSH_LINES else []

    def _place(self, event: Event, line: Line) -> None:
        raw, received_ms = line.raw, event.receivedat_ms
        if received_ms is None:
            raw, received_ms = as_history(raw, event), self._arrived_ms
        if is_activity(event.kind):
            key = encode_key(event.tenant, event.subject)
            self._activity[home_partition(key, len(self._activity))].add(key, raw, received_ms, line)
        else:
            key = event.tenant.encode()
            self._organisation[home_partition(key, CELLS_PARTITIONS)].add(key, raw, received_ms, line)

    def flush(self) -> list[BadLine]:
        """Fold all lines taken so far; returns those that count nowhere."""
        bad, self._oversize = self._oversize, []
        cells: list[list[bytes]] = [[] for _ in range(CELLS_PARTITIONS)]
        for partition, waiting in enumerate(self._activity):
            outputs = self._fold_accounts(partition, waiting)
            bad += _bad_lines(outputs, waiting)
            for output in outputs:
                if output.topic == "cells":
                    cells[output.partition].append(output.value or b"")
            self._activity[partition] = Waiting(waiting.start + len(waiting.values))
        for partition, waiting in enumerate(self._organisation):
            bad += _bad_lines(self._fold_board(partition, waiting, cells[partition]), waiting)
            self._organisation[partition] = Waiting(waiting.start + len(waiting.values))
        self._waiting = 0
        return sorted(bad, key=lambda one: (one.line.file, one.line.number))

    def _fold_accounts(self, partition: int, waiting: Waiting) -> list[Output]:
        stage = self._accounts[partition]
        stage.fold(waiting.batch("activity", partition))
        offset = waiting.start + len(waiting.values)
        return stage.snapshot({"activity": offset}, flush_before={"activity": 0}).outputs

    def _fold_board(self, partition: int, waiting: Waiting, cells: list[bytes]) -> list[Output]:
        stage = self._boards[partition]
        stage.fold(waiting.batch("organisation", partition))
        start = self._cells_offsets[partition]
        end = self._cells_offsets[partition] = start + len(cells)
        stage.fold(
            RecordBatch(
                "cells",
                partition,
                start=start,
                next_offset=end,
                keys=[None] * len(cells),
                values=list(cells),
                offsets=list(range(start, end)),
                received_ms=[self._arrived_ms] * len(cells),
            )
        )
        offsets = {"cells": end, "organisation": waiting.start + len(waiting.values)}
        return stage.snapshot(offsets, flush_before={"cells": 0, "organisation": 0}).outputs

    def boards(self) -> dict[str, Board]:
        """The boards of all tenants, by tenant, in the order of their names."""
        found = {tenant: board for stage in self._boards for tenant, board in stage.tenants.items()}
        return dict(sorted(found.items()))


def _bad_lines(outputs: list[Output], waiting: Waiting) -> list[BadLine]:
    bad = []
    for output in outputs:
        if output.topic == "dead_letters":
            told = dict(output.headers)
            line = waiting.origins[int(told["origin-offset"]) - waiting.start]
            bad.append(BadLine(line, told["reason"].decode(), told["detail"].decode()))
    return bad
