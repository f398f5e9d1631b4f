"""From fetched bytes to RecordBatch: whole producer batches at once, no object per record that outlives its turn.

This leans on private attributes of aiokafka; `check_aiokafka` says at start-up if they are not what they were.
"""

# ruff: noqa: SLF001 - there is no public way to whole batches; see above

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any

import aiokafka
from aiokafka.consumer.fetcher import READ_COMMITTED, Fetcher, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.structs import TopicPartition

from schemas.receipt import verified_ms
from schemas.records import Headers, RecordBatch

AIOKAFKA = "0.14."
RECORDS_PER_BATCH = 8_192  # a RecordBatch is closed once it holds this many
LOG_APPEND_TIME = 1

SourceOf = Callable[[str], str]


class WrongAiokafka(Exception):
    """The installed aiokafka is not the one whose private attributes are used here."""


def check_aiokafka() -> None:
    """Raises WrongAiokafka where the installed aiokafka lacks what this module leans on."""
    wanted: dict[type, tuple[str, ...]] = {
        Fetcher: ("_create_fetch_waiter", "_notify", "_proc_offset_request"),
        FetchResult: ("check_assignment", "has_more", "_update_position"),
        PartitionRecords: ("_consume_aborted_up_to", "_contains_abort_marker"),
    }
    missing = [
        f"{owner.__name__}.{name}" for owner, names in wanted.items() for name in names if not hasattr(owner, name)
    ]
    if missing or not aiokafka.__version__.startswith(AIOKAFKA):
        lacking = f" and lacks {', '.join(missing)}" if missing else ""
        raise WrongAiokafka(
            f"aiokafka {aiokafka.__version__} is installed{lacking}; "
            f"install aiokafka {AIOKAFKA}*, as the lock file says"
        )


class _Run:
    """The columns of a RecordBatch while they are gathered."""

    __slots__ = ("headers", "keys", "offsets", "received", "values")

    def __init__(self) -> None:
        self.keys: list[bytes | None] = []
        self.values: list[bytes | None] = []
        self.offsets: list[int] = []
        self.received: list[int] = []
        self.headers: dict[int, Headers] = {}

    def take(self, wire: Any) -> None:
        """Take every record of a wire batch. The hot path: what can be done per batch is not done per record."""
        first, headers = len(self.values), self.headers
        add_key, add_value, add_offset = self.keys.append, self.values.append, self.offsets.append
        if wire.timestamp_type == LOG_APPEND_TIME:
            for record in wire:
                add_key(record.key)
                add_value(record.value)
                add_offset(record.offset)
                if record.headers:
                    headers[len(self.values) - 1] = tuple(record.headers)
            self.received += [wire.max_timestamp] * (len(self.values) - first)
        else:
            self.take_from(wire, 0)

    def take_from(self, wire: Any, offset: int) -> None:
        """Take the records of a wire batch from ``offset`` on."""
        appended = wire.timestamp_type == LOG_APPEND_TIME
        for record in wire:
            if record.offset >= offset:
                self.keys.append(record.key)
                self.values.append(record.value)
                self.offsets.append(record.offset)
                self.received.append(wire.max_timestamp if appended else record.timestamp)
                if record.headers:
                    self.headers[len(self.values) - 1] = tuple(record.headers)

    def trust_receipts(self, signing_key: bytes) -> None:
        """Let a verified received-at header say when a record was received."""
        for i, headers in self.headers.items():
            proven = verified_ms(headers, self.values[i], signing_key)
            if proven is not None:
                self.received[i] = proven


def unfold(fetched: FetchResult, tp: TopicPartition, source: str, signing_key: bytes) -> RecordBatch | None:
    """Up to about RECORDS_PER_BATCH records of a fetch response; None if its position is not wanted any more.

    Mirrors aiokafka's PartitionRecords._unpack_records: crc, aborted transactions, control batches, offset filter and
    compacted tails. A stretch of nothing but control or aborted records gives an empty batch that moves the position.
    """
    if not fetched.has_more() or not fetched.check_assignment(tp):
        return None
    part: Any = fetched._partition_records
    records = part._records
    start: int = part.next_fetch_offset
    run = _Run()
    while len(run.values) < RECORDS_PER_BATCH and records.has_next():
        wire = records.next_batch()
        if _is_visible(part, wire, tp):
            if wire.base_offset >= part.next_fetch_offset:
                run.take(wire)
            else:
                run.take_from(wire, part.next_fetch_offset)
        part.next_fetch_offset = wire.next_offset
    fetched._update_position()
    end: int = part.next_fetch_offset
    if not records.has_next():
        fetched._partition_records = None
    if end == start:
        return None
    if run.headers and signing_key:
        run.trust_receipts(signing_key)
    return RecordBatch(
        source,
        tp.partition,
        start=start,
        next_offset=end,
        keys=run.keys,
        values=run.values,
        offsets=run.offsets,
        received_ms=run.received,
        headers=run.headers,
    )


def _is_visible(part: Any, wire: Any, tp: TopicPartition) -> bool:
    """Whether a reader of committed records sees the wire batch; follows aborted transactions as it goes."""
    if part._check_crcs and not wire.validate_crc():
        raise CorruptRecordException(
            f"the checksum of a batch of {tp.topic}-{tp.partition} at {wire.base_offset} is wrong"
        )
    if part._isolation_level == READ_COMMITTED and wire.producer_id is not None:
        part._consume_aborted_up_to(wire.base_offset)
        aborted = part._aborted_producers
        if wire.is_control_batch and part._contains_abort_marker(wire):
            aborted.discard(wire.producer_id)
        if wire.is_transactional and wire.producer_id in aborted:
            return False
    return not wire.is_control_batch


Drained = dict[TopicPartition, list[RecordBatch]]


async def drain(
    fetcher: Any,
    source_of: SourceOf,
    signing_key: bytes,
    *,
    wanted: Collection[TopicPartition] | None,
    timeout_s: float,
    is_current: Callable[[], bool] = lambda: True,
) -> Drained:
    """What the fetcher has for ``wanted`` partitions (None: all), waiting up to ``timeout_s`` for the first of it.

    Takes nothing once ``is_current`` is false: what is taken for a caller who will drop it is lost to the next one.
    Does for batches what aiokafka's Fetcher.fetched_records does for records. Raises what a fetch has failed with.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        if fetcher._subscriptions.reassignment_in_progress:
            await fetcher._subscriptions.wait_for_assignment()
        if not is_current():
            return {}
        drained = _drain_once(fetcher, source_of, signing_key, wanted)
        left = deadline - time.monotonic()
        if drained or left <= 0 or fetcher._closed:
            return drained
        waiter = fetcher._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=left)
        if not done:
            waiter.cancel()
            return {}
        waiter.result()


def _drain_once(
    fetcher: Any, source_of: SourceOf, signing_key: bytes, wanted: Collection[TopicPartition] | None
) -> Drained:
    drained: Drained = {}
    for tp in list(fetcher._records):
        if wanted is not None and tp not in wanted:
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            continue
        fetched = fetcher._records[tp]
        if not isinstance(fetched, FetchResult):
            if drained:
                return drained
            _forget(fetcher, tp)
            fetched.check_raise()
            continue
        batches: list[RecordBatch] = []
        while (batch := unfold(fetched, tp, source_of(tp.topic), signing_key)) is not None:
            batches.append(batch)
        _forget(fetcher, tp)
        if batches:
            drained[tp] = batches
    return drained


def _forget(fetcher: Any, tp: TopicPartition) -> None:
    """Drop what was fetched of a partition and let the fetcher ask for more."""
    del fetcher._records[tp]
    fetcher._notify(fetcher._wait_consume_future)
