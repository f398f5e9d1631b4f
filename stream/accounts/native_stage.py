"""ACCOUNTS with its state and its fold in C++ (`native/`): the same rows, records and letters as `AccountsStage`.

What isn't an ordinary event is judged here, as there: only the fold of valid events lies beyond.
"""

from __future__ import annotations

from typing import Any

import msgspec

from schemas.event import Event
from schemas.hot import decode_envelope
from schemas.instants import milliseconds_at
from schemas.ordinary import NO_ENVELOPE, event_of
from schemas.partitioning import home_partition
from schemas.records import Output, RecordBatch, Restored, Snapshot
from schemas.rows import UnreadableRow
from schemas.verdicts import Code
from stream.accounts.account import Account
from stream.accounts.kinds import RANK, SETTLING_KINDS
from stream.accounts.ledger import fingerprint
from stream.accounts.options import AccountsOptions
from stream.accounts.positions import encode_position
from stream.accounts.rows import SHAPES
from stream.accounts.stage import AccountsStage
from stream.intake import at_the_fold

VERDICTS = (Code.ACCEPTED, Code.DUPLICATE, Code.SUPERSEDED, Code.CONFLICT, Code.TOO_OLD)
"""By the number that the core gives each."""
KINDS, UNRANKED = 64, 127
"""Numbers of kinds, and the rank that says of a number that no activity has it."""
NOT_TAKEN = -1

_decode_fields = msgspec.msgpack.Decoder().decode


class _Asked:
    """What the core asks of Python: to decode, and what is rare."""

    def __init__(self) -> None:
        self.decode_envelope = decode_envelope
        self.no_envelope = NO_ENVELOPE
        self.milliseconds_at = milliseconds_at
        self.fingerprint = fingerprint
        self.same_data = same_data
        self.unreadable = UnreadableRow
        self.ranks = bytes(RANK.get(kind, UNRANKED) for kind in range(KINDS))
        self.settles = bytes(kind in SETTLING_KINDS for kind in range(KINDS))


def same_data(kind: int, held: bytes, come: bytes) -> bool:
    """Whether data of a kind are equal, though their bytes differ: -0.0 is 0.0."""
    one, other = (msgspec.convert(_decode_fields(raw), SHAPES[kind]) for raw in (held, come))
    return bool(one == other)


class NativeStage(AccountsStage):
    """Implements `schemas.records.Stage` as `AccountsStage` does. ``core``: the extension module `salespulse_core`."""

    def __init__(
        self,
        partition: int,
        *,
        partitions: int,
        cells_partitions: int,
        core: Any,
        generation: int = 1,
        options: AccountsOptions | None = None,
    ) -> None:
        super().__init__(
            partition,
            partitions=partitions,
            cells_partitions=cells_partitions,
            generation=generation,
            options=options,
        )
        bounds = self.options.settle_after_ms, self.options.memory_bytes
        self.core: Any = core.Core(partition, partitions, *bounds, _Asked())

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """End the epoch: gathered outputs, rows first changed before ``flush_before``, the position."""
        offset = offsets["activity"]
        rows = self.core.rows(offset, flush_before["activity"])
        reached = (offset, self.core.clock_ms)
        floor = self.core.floor() or reached
        position = encode_position(self.generation, self.partitions, reached, floor, self.core.newest(), self.tallies)
        outputs = [
            *(Output("cells", home_partition(key, self.cells_partitions), key, raw) for key, raw in self.core.cells()),
            *self._letters,
        ]
        self._letters = []
        self._folded = 0
        self.core.evict(offset)
        return Snapshot(rows, outputs, position)

    def restore_row(self, key: bytes, value: bytes) -> None:
        """Take a row as it was written."""
        self.core.put_row(key, value)

    def restore_position(self, value: bytes) -> Restored:
        """Take the position. Raises UnreadableState for another generation, partition count or version."""
        restored = super().restore_position(value)
        self.core.restore(self.clock_ms, self.emission.newest_ms)
        return restored

    def _fold(self, batch: RecordBatch) -> None:
        self._folded += len(batch.values)
        self.core.fold(batch.values, batch.keys, batch.offsets, batch.received_ms, self._refolding, self._leave)
        self.clock_ms = self.core.clock_ms
        self._count()

    def _count(self) -> None:
        """Take the verdicts of the core over, before others are counted: sources are told apart as they come."""
        for tenant, source, verdict, count in self.core.tallies():
            self.tallies.count_many(tenant, source, VERDICTS[verdict], count)

    def _leave(
        self,
        envelope: Any,
        raw: bytes | None,
        key: bytes | None,
        offset: int,
        received_ms: int,
        clock_before: int,
        verdict: int,
    ) -> None:
        """Take what the core leaves: a record to be judged from its beginning, or an event refused at the fold."""
        self._count()
        event = None if envelope is None else event_of(envelope)
        if verdict == NOT_TAKEN:
            self._take(event, raw or b"", key, offset, received_ms, clock_before)
        elif event is not None:
            self._refuse(at_the_fold(event, VERDICTS[verdict]), raw, key, offset, received_ms)

    def _is_reflected(self, key: bytes, offset: int) -> bool:
        return bool(self.core.is_reflected(key, offset))

    def _fold_event(
        self, account: Account | None, event: Event, key: bytes, offset: int, received_ms: int, clock_before: int
    ) -> Code:
        return VERDICTS[self.core.judge(event, key, offset, received_ms, clock_before)]
