"""Letters on paper: a log reader that needs no broker, and letters as both writers of letters make them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from gateway.ingest import judge
from gateway.keyring import Publisher
from gateway.letters.letter import Letter, letter_in
from gateway.log_reader import LogReader
from gateway.records import Outgoing, Router
from schemas.event import decode, encode_key
from schemas.records import Headers, RecordBatch
from schemas.verdicts import Code, Refusal
from stream.intake import at_the_fold, dead_letter, tenant_first
from tests.gateway.making import NOW_MS, PARTITIONS

BATCH = 3
"""Records handed on at once: few, so that tests meet the seams."""


class PaperReader(LogReader):
    """Records by (role, partition), with the time at which each was appended."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, int], list[tuple[int, bytes | None, bytes | None, Headers]]] = {}
        self.first: dict[tuple[str, int], int] = {}
        self.failure: Exception | None = None
        self.is_open = False
        self.looked = 0
        self._at: dict[tuple[str, int], int] = {}

    def append(self, record: Outgoing, at_ms: int) -> None:
        """Put a record where it belongs."""
        place = (record.topic, record.partition)
        self.records.setdefault(place, []).append((at_ms, record.key, record.value, record.headers))

    async def open(self) -> None:
        """There is nothing to open."""
        self.is_open = True

    async def close(self) -> None:
        """There is nothing to close."""
        self.is_open = False

    def partitions_of(self, role: str) -> int:
        """As many as everywhere in these tests; marks have one."""
        return (PARTITIONS | {"redrives": 1})[role]

    async def stable_ends(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """How many records there are."""
        if self.failure is not None:
            raise self.failure
        return {place: len(self.records.get(place, [])) for place in partitions}

    async def beginnings(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """0, or what a test says."""
        return {place: self.first.get(place, 0) for place in partitions}

    async def offsets_at(self, partitions: Sequence[tuple[str, int]], at_ms: int) -> dict[tuple[str, int], int | None]:
        """The first record appended then or later."""
        return {
            place: next((n for n, record in enumerate(self.records.get(place, [])) if record[0] >= at_ms), None)
            for place in partitions
        }

    def begin_at(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Read on from there."""
        self._at = dict(offsets)

    def position(self, role: str, partition: int) -> int:
        """What is next."""
        return self._at[role, partition]

    async def batches(self) -> AsyncIterator[RecordBatch]:
        """The next few records."""
        for place, begin in list(self._at.items()):
            records = self.records.get(place, [])[begin : begin + BATCH]
            if records:
                self._at[place] = begin + len(records)
                self.looked += len(records)
                yield batch_of(place, begin, records)


def batch_of(
    place: tuple[str, int], begin: int, records: Sequence[tuple[int, bytes | None, bytes | None, Headers]]
) -> RecordBatch:
    """Records as a batch."""
    return RecordBatch(
        *place,
        start=begin,
        next_offset=begin + len(records),
        keys=[key for _, key, _, _ in records],
        values=[value for _, _, value, _ in records],
        offsets=list(range(begin, begin + len(records))),
        received_ms=[at_ms for at_ms, _, _, _ in records],
        headers={n: headers for n, (_, _, _, headers) in enumerate(records) if headers},
    )


def over_http(raw: bytes, *, sender: str = "default", received_ms: int = NOW_MS) -> Outgoing:
    """The letter that the gateway writes for a body it refuses."""
    refused = judge(raw, Publisher(sender, may_backfill=False), received_ms)
    assert isinstance(refused, Refusal), "this event is sound"
    return Router(PARTITIONS, b"").letter(refused, raw, received_ms, tenant=sender)


def over_kafka(
    raw: bytes, key: bytes | None, *, refused: Refusal | None = None, partition: int = 0, received_ms: int = NOW_MS
) -> Outgoing:
    """The letter that ACCOUNTS writes for a record; ``refused`` where its bytes don't tell why."""
    found = refused or decode(raw)
    assert isinstance(found, Refusal), "this event is sound"
    found = tenant_first(found, key)
    made = dead_letter(
        found, raw, key, topic="sales.activity.v1", partition=partition, offset=7, received_ms=received_ms
    )
    return Outgoing(*made)


def refused_by_the_fold(raw: bytes, code: str, **more: int) -> Outgoing:
    """The letter of a sound event that its account refuses."""
    event = decode(raw)
    assert not isinstance(event, Refusal)
    return over_kafka(raw, encode_key(event.tenant, event.subject), refused=at_the_fold(event, Code(code)), **more)


def letter_of(record: Outgoing, *, at_ms: int = NOW_MS) -> Letter:
    """A record of the letters' topic as it is read, at offset 0 of its partition."""
    batch = batch_of((record.topic, record.partition), 0, [(at_ms, record.key, record.value, record.headers)])
    return letter_in(batch, 0)
