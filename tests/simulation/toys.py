"""Two small stages with the same obligations as the real ones: state decides the output, rows are written behind.

ACCOUNTS takes ``{"tenant", "account", "id", "amount"}``: a new id adds its amount to the tenant, the third event of an
account adds 1000 more (so that the output depends on older state), a seen id is a duplicate, a record in a foreign
partition is sent home, what isn't JSON becomes a dead letter. BOARD sums what ACCOUNTS says, and counts organisation
records.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from schemas.records import Output, RecordBatch, Restored, Snapshot

BONUS = 1000


def home_of(key: bytes, partitions: int) -> int:
    """Where a key lives."""
    return (zlib.crc32(key) >> 8) % partitions


@dataclass
class Account:
    """What a toy account remembers, and the offset before which a row reflects everything."""

    ids: list[str] = field(default_factory=list)
    total: int = 0
    reflects: int = 0


class ToyAccounts:
    """State of one activity partition."""

    sources: tuple[str, ...] = ("activity",)

    def __init__(
        self,
        partition: int,
        *,
        partitions: int,
        cells_partitions: int,
        skip_reflected: bool = True,
        duplicate_memory: bool = True,
    ) -> None:
        self.partition, self.partitions, self.cells_partitions = partition, partitions, cells_partitions
        self.skip_reflected, self.duplicate_memory = skip_reflected, duplicate_memory
        self.accounts: dict[str, Account] = {}
        self.tallies: Counter[str] = Counter()
        self._dirty: dict[str, int] = {}  # account → offset of the first change not in its row
        self._deltas: dict[str, list[int]] = {}
        self._outputs: list[Output] = []
        self._folded = 0

    # ---- restore

    def restore_row(self, key: bytes, value: bytes) -> None:
        """A row is [ids, total, offset it reflects]."""
        self.accounts[key.decode()] = Account(*json.loads(value))

    def restore_position(self, value: bytes) -> Restored:
        """The position is [offset, floor, tallies]."""
        offset, floor, tallies = json.loads(value)
        self.tallies = Counter(tallies)
        return Restored({"activity": offset}, {"activity": floor})

    def refold(self, batch: RecordBatch) -> None:
        """As fold, but only state changes."""
        for offset, value in zip(batch.offsets, batch.values, strict=True):
            self._take(offset, value, live=False)

    def finish_restore(self) -> None:
        """Nothing is left to be done."""

    # ---- live

    def fold(self, batch: RecordBatch) -> None:
        """Fold and gather outputs."""
        self._folded += len(batch)
        for offset, value in zip(batch.offsets, batch.values, strict=True):
            self.tallies[self._take(offset, value, live=True)] += 1

    def _take(self, offset: int, value: bytes | None, *, live: bool) -> str:
        try:
            event: dict[str, Any] = json.loads(value or b"")
        except ValueError:
            if live:
                self._outputs.append(Output("dead_letters", self.partition, b"", value))
            return "dead"
        name = event["account"]
        home = home_of(name.encode(), self.partitions)
        if home != self.partition:
            if live:
                self._outputs.append(Output("activity", home, name.encode(), value))
            return "rekeyed"
        account = self.accounts.setdefault(name, Account())
        if not live and self.skip_reflected and offset < account.reflects:
            return "reflected"
        if self.duplicate_memory and event["id"] in account.ids:
            return "duplicate"
        self._dirty.setdefault(name, offset)
        account.ids.append(event["id"])
        account.total += event["amount"]
        if live:
            delta = self._deltas.setdefault(event["tenant"], [0, 0])
            delta[0] += event["amount"] + (BONUS if len(account.ids) == 3 else 0)
            delta[1] += 1
        return "accepted"

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """Rows first changed before the limit, the deltas and dead letters of the epoch, the position."""
        at, due = offsets["activity"], [a for a, first in self._dirty.items() if first < flush_before["activity"]]
        rows: list[tuple[bytes, bytes | None]] = []
        for name in due:
            account = self.accounts[name]
            account.reflects = at
            rows.append((name.encode(), json.dumps([account.ids, account.total, at]).encode()))
            del self._dirty[name]
        outputs, self._outputs = self._outputs, []
        for tenant, delta in self._deltas.items():
            outputs.append(
                Output(
                    "cells",
                    home_of(tenant.encode(), self.cells_partitions),
                    tenant.encode(),
                    json.dumps([tenant, *delta]).encode(),
                )
            )
        self._deltas, self._folded = {}, 0
        floor = min([at, *self._dirty.values()])
        return Snapshot(rows, outputs, json.dumps([at, floor, self.tallies]).encode())

    def is_empty(self) -> bool:
        """Whether nothing was folded since the last snapshot."""
        return not self._folded


class ToyBoard:
    """State of one cells partition."""

    sources: tuple[str, ...] = ("cells", "organisation")

    def __init__(self, partition: int, *, skip_reflected: bool = True) -> None:
        self.partition, self.skip_reflected = partition, skip_reflected
        self.totals: dict[str, list[int]] = {}  # tenant → [sum, count, organisation records]
        self._reflects: dict[str, dict[str, int]] = {}
        self._dirty: dict[str, dict[str, int]] = {}
        self._folded = 0

    def restore_row(self, key: bytes, value: bytes) -> None:
        """A row is [totals, offsets it reflects]."""
        self.totals[key.decode()], self._reflects[key.decode()] = json.loads(value)

    def restore_position(self, value: bytes) -> Restored:
        """The position is [offsets, floors]."""
        return Restored(*json.loads(value))

    def refold(self, batch: RecordBatch) -> None:
        """As fold."""
        self._take(batch, live=False)

    def finish_restore(self) -> None:
        """Nothing is left to be done."""

    def fold(self, batch: RecordBatch) -> None:
        """Add up."""
        self._folded += len(batch)
        self._take(batch, live=True)

    def _take(self, batch: RecordBatch, *, live: bool) -> None:
        for offset, key, value in zip(batch.offsets, batch.keys, batch.values, strict=True):
            tenant = (key or b"").decode()
            if not live and self.skip_reflected and offset < self._reflects.get(tenant, {}).get(batch.source, 0):
                continue
            self._dirty.setdefault(tenant, {}).setdefault(batch.source, offset)
            totals = self.totals.setdefault(tenant, [0, 0, 0])
            if batch.source == "cells":
                _, amount, count = json.loads(value or b"")
                totals[0] += amount
                totals[1] += count
            else:
                totals[2] += 1

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """Rows of tenants first changed before the limit of any source, and the position."""
        rows: list[tuple[bytes, bytes | None]] = []
        for tenant, firsts in list(self._dirty.items()):
            if any(first < flush_before[source] for source, first in firsts.items()):
                self._reflects[tenant] = dict(offsets)
                rows.append((tenant.encode(), json.dumps([self.totals[tenant], offsets]).encode()))
                del self._dirty[tenant]
        floors = {
            s: min([at, *(firsts[s] for firsts in self._dirty.values() if s in firsts)]) for s, at in offsets.items()
        }
        self._folded = 0
        return Snapshot(rows, [], json.dumps([offsets, floors]).encode())

    def is_empty(self) -> bool:
        """Whether nothing was folded since the last snapshot."""
        return not self._folded
