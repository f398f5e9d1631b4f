"""Reading the log without a group: committed records of chosen partitions, as RecordBatches whose intervals join."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import for_code
from aiokafka.structs import ConsumerRecord, TopicPartition

from schemas.receipt import verified_ms
from schemas.records import RecordBatch

CLIENT = "salespulse-gateway"
RECORDS_AT_ONCE = 500
# Records are handed on in pieces of about this size, so that nobody has to apply megabytes in one go.
PIECE_BYTES = 64 * 1024
POLL_MS = 250


class LogReader:
    """A consumer of chosen partitions. Positions are ours: a new reader goes on where it is told to."""

    def __init__(self, brokers: str, names: Mapping[str, str], signing_key: bytes, *, fetch_wait_ms: int = 500) -> None:
        """``names``: role → topic. ``fetch_wait_ms``: how long the broker may hold back an answer that is empty."""
        self._brokers = brokers
        self._names = names
        self._partitions: dict[str, int] = {}
        self._roles = {name: role for role, name in names.items()}
        self._signing_key = signing_key
        self._positions: dict[TopicPartition, int] = {}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=brokers,
            client_id=CLIENT,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            fetch_max_wait_ms=fetch_wait_ms,
            max_partition_fetch_bytes=2 * 1024 * 1024,
            retry_backoff_ms=100,
        )

    async def open(self) -> None:
        """Connect and learn the partition counts. Raises KafkaError where no broker answers or a topic is missing."""
        await self._consumer.start()
        admin = AIOKafkaAdminClient(bootstrap_servers=self._brokers, client_id=CLIENT)
        try:
            await admin.start()
            described = await admin.describe_topics(list(self._roles))
        finally:
            await admin.close()
        for topic in described:
            if topic["error_code"]:
                raise for_code(topic["error_code"])(topic["topic"])
            self._partitions[self._roles[topic["topic"]]] = len(topic["partitions"])

    async def close(self) -> None:
        await self._consumer.stop()

    def partitions_of(self, role: str) -> int:
        """How many partitions the role's topic has on the cluster."""
        return self._partitions[role]

    async def stable_ends(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The last stable offset of each (role, partition): where a reader stands once it has all that is committed."""
        tps = {TopicPartition(self._names[role], number): (role, number) for role, number in partitions}
        ends = await self._consumer.end_offsets(list(tps))
        return {tps[tp]: end for tp, end in ends.items()}

    async def beginnings(self, partitions: Sequence[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The first offset of each (role, partition) that the broker still has."""
        tps = {TopicPartition(self._names[role], number): (role, number) for role, number in partitions}
        return {tps[tp]: first for tp, first in (await self._consumer.beginning_offsets(list(tps))).items()}

    async def offsets_at(self, partitions: Sequence[tuple[str, int]], at_ms: int) -> dict[tuple[str, int], int | None]:
        """The first offset appended at ``at_ms`` or later of each (role, partition); None where there is none yet."""
        tps = {TopicPartition(self._names[role], number): (role, number) for role, number in partitions}
        found = await self._consumer.offsets_for_times(dict.fromkeys(tps, max(0, at_ms)))
        return {tps[tp]: None if place is None else place.offset for tp, place in found.items()}

    def begin_at(self, offsets: Mapping[tuple[str, int], int]) -> None:
        """Read these partitions, and only these, from these offsets on."""
        self._positions = {
            TopicPartition(self._names[role], number): offset for (role, number), offset in offsets.items()
        }
        self._consumer.assign(list(self._positions))
        for tp, offset in self._positions.items():
            self._consumer.seek(tp, offset)

    def position(self, role: str, partition: int) -> int:
        """The next offset that `batches` will give."""
        return self._positions[TopicPartition(self._names[role], partition)]

    async def batches(self) -> AsyncIterator[RecordBatch]:
        """What has come since the last call, waiting a little for it; also empty batches that only move a position."""
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_AT_ONCE)
        for tp in list(self._positions):
            end = await self._consumer.position(tp)
            pieces = list(_pieces(fetched.get(tp, [])))
            for piece in pieces:
                yield self._advance(tp, end if piece is pieces[-1] else piece[-1].offset + 1, piece)
            if not pieces and end > self._positions[tp]:
                yield self._advance(tp, end, [])

    def _advance(self, tp: TopicPartition, end: int, records: Sequence[ConsumerRecord[bytes, bytes]]) -> RecordBatch:
        """The batch from the position to ``end``. What isn't taken is not given again: a new reader is told where."""
        start, self._positions[tp] = self._positions[tp], end
        return self._batch(tp, start, end, records)

    def _batch(
        self, tp: TopicPartition, start: int, end: int, records: Sequence[ConsumerRecord[bytes, bytes]]
    ) -> RecordBatch:
        return RecordBatch(
            self._roles[tp.topic],
            tp.partition,
            start=start,
            next_offset=end,
            keys=[record.key for record in records],
            values=[record.value for record in records],
            offsets=[record.offset for record in records],
            received_ms=[self._received_ms(record) for record in records],
            headers={n: tuple(record.headers) for n, record in enumerate(records) if record.headers},
        )

    def _received_ms(self, record: ConsumerRecord[bytes, bytes]) -> int:
        proven = verified_ms(tuple(record.headers), record.value, self._signing_key) if record.headers else None
        return record.timestamp if proven is None else proven


def reason_of(failure: BaseException) -> str:
    """A failure as one short line."""
    return f"{type(failure).__name__} {failure}".strip().splitlines()[0][:200]


def _pieces(records: Sequence[ConsumerRecord[bytes, bytes]]) -> Iterator[Sequence[ConsumerRecord[bytes, bytes]]]:
    """The records in order, cut wherever PIECE_BYTES are together."""
    begin = gathered = 0
    for n, record in enumerate(records):
        gathered += len(record.value or b"")
        if gathered >= PIECE_BYTES:
            yield records[begin : n + 1]
            begin, gathered = n + 1, 0
    if begin < len(records):
        yield records[begin:]
