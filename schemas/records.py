"""What travels between a log and the pure core: runs of records in, snapshots out."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from schemas.binary_mode import FromBinary, Headers, is_binary, structured_record

__all__ = ["Headers", "Output", "RecordBatch", "Restored", "Snapshot", "Stage", "UnreadableState"]


class RecordBatch:
    """A run of records of one source partition, in offset order.

    ``[start, next_offset)`` is the interval the batch stands for. It also covers control records, records of aborted
    transactions and compacted holes, so the intervals of consecutive batches of a partition join without a gap and a
    reader can prove that nothing was lost or read twice. A batch without records only moves the position.

    ``received_ms`` is the receipt of each record (epoch milliseconds): its LogAppendTime, or a trusted received-at
    header. ``headers`` holds, by index, those records that have any. The value of a record in binary mode becomes its
    structured form here, so that whoever folds sees one form only.
    """

    __slots__ = (
        "__weakref__",
        "headers",
        "keys",
        "next_offset",
        "offsets",
        "partition",
        "received_ms",
        "source",
        "start",
        "values",
    )

    def __init__(
        self,
        source: str,
        partition: int,
        *,
        start: int,
        next_offset: int,
        keys: list[bytes | None],
        values: list[bytes | None],
        offsets: list[int],
        received_ms: list[int],
        headers: dict[int, Headers] | None = None,
    ) -> None:
        self.source = source
        self.partition = partition
        self.start = start
        self.next_offset = next_offset
        self.keys = keys
        self.values = values
        self.offsets = offsets
        self.received_ms = received_ms
        self.headers = headers or {}
        for i, held in self.headers.items():
            if is_binary(held) and not isinstance(values[i], FromBinary):
                values[i] = structured_record(held, values[i])

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"<RecordBatch {self.source}-{self.partition} [{self.start}..{self.next_offset}) n={len(self)}>"

    def between(self, start: int, end: int) -> RecordBatch:
        """The part of this batch whose offsets lie in ``[start, end)``; itself where nothing sticks out."""
        if start <= self.start and self.next_offset <= end:
            return self
        kept = [i for i, offset in enumerate(self.offsets) if start <= offset < end]
        return RecordBatch(
            self.source,
            self.partition,
            start=max(start, self.start),
            next_offset=min(end, self.next_offset),
            keys=[self.keys[i] for i in kept],
            values=[self.values[i] for i in kept],
            offsets=[self.offsets[i] for i in kept],
            received_ms=[self.received_ms[i] for i in kept],
            headers={n: self.headers[i] for n, i in enumerate(kept) if i in self.headers},
        )


class Output(NamedTuple):
    """A record to be written in the transaction of an epoch.

    ``topic`` is a role that ``config.topics`` turns into a name.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Snapshot(NamedTuple):
    """What an epoch commits: state rows that are due, outputs, and the value of the position row."""

    rows: list[tuple[bytes, bytes | None]]
    outputs: list[Output]
    position: bytes


class Restored(NamedTuple):
    """Where a restored stage stands, by source: O, the next offset to fold, and F ≤ O, the oldest offset not yet in
    rows.
    """

    offsets: dict[str, int]
    floors: dict[str, int]


class UnreadableState(Exception):
    """The state rows can't be continued from: another generation, partition count or version, or rows without a
    position.
    """


class Stage(Protocol):
    """The pure state of one slot. Nothing here awaits, reads a clock or raises for the world's faults."""

    sources: tuple[str, ...]

    def restore_row(self, key: bytes, value: bytes) -> None:
        """Take a state row; a later row of the same key replaces an earlier one."""

    def restore_position(self, value: bytes) -> Restored:
        """Take the position row, once, after all others. Raises UnreadableState."""

    def refold(self, batch: RecordBatch) -> None:
        """Fold a batch of ``[F, O)`` again: state changes, nothing is emitted, what a row already reflects is
        skipped.
        """

    def finish_restore(self) -> None:
        """The state is at O; folding goes live."""

    def fold(self, batch: RecordBatch) -> None:
        """Fold a batch: state changes and outputs are gathered for the next snapshot."""

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """End the epoch at ``offsets``. Rows first changed before ``flush_before`` of their source are due."""

    def is_empty(self) -> bool:
        """Whether nothing was folded since the last snapshot, so that no transaction is needed."""
