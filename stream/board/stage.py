"""BOARD, the state of one partition of tenants: cells and organisation events in, rows written behind.

Values are computed when they are read, so an epoch's outputs are only dead letters and strays. A follower (the
gateway's replica) folds the same records and writes nothing.
"""

from __future__ import annotations

import msgspec

from schemas.cells import CellsRecord, decode_cells
from schemas.event import Event, Kind, decode, is_activity, unknown_fields
from schemas.partitioning import home_partition
from schemas.records import Output, RecordBatch, Restored, Snapshot, UnreadableState
from schemas.rows import ROW_VERSION, BoardPosition, body_of, stamp, stamped_offset
from schemas.verdicts import Code, Refusal
from stream.board.board import Board, SegmentKey
from stream.board.heard import kept_from
from stream.board.rows import (
    CELLS_MARK,
    COUNTED_MARK,
    MINUTES_MARK,
    NEWEST_MARK,
    SPOKEN_MARK,
    counted_key,
    decode_newest,
    decode_segment,
    encode_counted,
    encode_heard,
    encode_newest,
    encode_segment,
    heard_key,
    mark_of,
    newest_key,
    organisation_key,
    restore_counted,
    restore_heard,
    segment_key,
    split_segment_key,
)
from stream.board.unwritten import Unwritten
from stream.intake import at_the_fold, dead_letter, foreign, home_headers, key_tenant, refusal, tenant_first
from stream.tallies import Tallies

CELLS, ORGANISATION = "cells", "organisation"

_encode = msgspec.msgpack.Encoder().encode
_decode_position = msgspec.msgpack.Decoder(BoardPosition).decode


class BoardStage:
    """Implements `schemas.records.Stage` for one partition of `sales.cells.v1` and `sales.organisation.v1`."""

    sources: tuple[str, ...] = (CELLS, ORGANISATION)

    def __init__(
        self,
        partition: int,
        *,
        partitions: int,
        generation: int = 1,
        follower: bool = False,
        organisation_topic: str = ORGANISATION,
    ) -> None:
        self.partition = partition
        self.partitions = partitions
        self.generation = generation
        self.organisation_topic = organisation_topic
        self.tenants: dict[str, Board] = {}
        self.tallies = Tallies()
        self._follower = follower
        self._dirty_segments: dict[
            tuple[str, SegmentKey], int
        ] = {}  # → offset of the cells record that first changed it
        self._dirty_newest: dict[str, int] = {}  # tenant → offset of the cells record that first moved its newest
        self._dirty_counted: dict[tuple[str, str], int] = {}  # (tenant, rep) → the same
        self._dirty_events: dict[bytes, tuple[int, bytes]] = {}  # → offset that first changed it, the event's bytes
        self._unwritten = Unwritten(self.sources)
        self._reflected: dict[str, dict[SegmentKey, int]] = {}
        self._outputs: list[Output] = []
        self._folded = 0
        self._refolding = False

    def board(self, tenant: str) -> Board:
        """The tenant's board, made where it is new."""
        found = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = Board()
        return found

    # -- live

    def fold(self, batch: RecordBatch) -> None:
        """Fold a batch of either source."""
        self._refolding = False
        self._fold(batch)

    def is_empty(self) -> bool:
        """Whether nothing was folded since the last snapshot."""
        return not self._folded

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """End the epoch: outputs, rows first changed before ``flush_before`` of their source, the position."""
        rows: list[tuple[bytes, bytes | None]] = []
        due = [key for key, first in self._dirty_segments.items() if first < flush_before[CELLS]]
        for tenant, segment in due:
            del self._dirty_segments[tenant, segment]
            series = self.tenants[tenant].open(segment[:4])
            parts = encode_segment(series.segments[segment[4]], offsets[CELLS])
            rows += [(segment_key(tenant, segment, part), row) for part, row in enumerate(parts)]
        for tenant in [tenant for tenant, first in self._dirty_newest.items() if first < flush_before[CELLS]]:
            del self._dirty_newest[tenant]
            rows.append((newest_key(tenant), encode_newest(self.tenants[tenant].newest_ms, offsets[CELLS])))
        for tenant, rep in [place for place, first in self._dirty_counted.items() if first < flush_before[CELLS]]:
            del self._dirty_counted[tenant, rep]
            row = encode_counted(self.tenants[tenant].counted, rep, offsets[CELLS])
            rows.append((counted_key(tenant, rep), row))
        due_events = [key for key, (first, _) in self._dirty_events.items() if first < flush_before[ORGANISATION]]
        rows += [(key, stamp(offsets[ORGANISATION], self._dirty_events.pop(key)[1])) for key in due_events]
        rows += self._heard_rows(offsets[CELLS], flush_before)
        floors = {source: self._unwritten.floor(source, offset) for source, offset in offsets.items()}
        for source, firsts in self._firsts().items():
            floors[source] = min([floors[source], *firsts])
        position = BoardPosition(
            ROW_VERSION,
            self.generation,
            self.partitions,
            dict(offsets),
            floors,
            self.tallies.pack(),
            self.tallies.pack_ignored(),
        )
        outputs, self._outputs = self._outputs, []
        self._folded = 0
        return Snapshot(rows, outputs, _encode(position))

    def _heard_rows(self, offset: int, flush_before: dict[str, int]) -> list[tuple[bytes, bytes | None]]:
        rows: list[tuple[bytes, bytes | None]] = []
        rows += [(heard_key(tenant, key), None) for tenant, key in self._unwritten.take_dropped()]
        for tenant, key in self._unwritten.take_due(flush_before):
            rows.append((heard_key(tenant, key), encode_heard(self.tenants[tenant].heard, key, offset)))
        return rows

    def _firsts(self) -> dict[str, list[int]]:
        """By source, the offsets that first changed what is not yet in rows, besides what was heard."""
        return {
            CELLS: [*self._dirty_segments.values(), *self._dirty_newest.values(), *self._dirty_counted.values()],
            ORGANISATION: [first for first, _ in self._dirty_events.values()],
        }

    # -- restore

    def restore_row(self, key: bytes, value: bytes) -> None:
        """Take a row as it was written."""
        if mark_of(key) == CELLS_MARK:
            tenant, segment = split_segment_key(key)
            self.board(tenant).put(segment, decode_segment(value))
            self._reflected.setdefault(tenant, {})[segment] = stamped_offset(value)
        elif mark_of(key) == NEWEST_MARK:
            self.board(key.split(b"\0", 1)[0].decode()).newest_ms = decode_newest(value)
        elif mark_of(key) in (MINUTES_MARK, SPOKEN_MARK):
            restore_heard(self.board(key.split(b"\0", 1)[0].decode()).heard, key, value)
        elif mark_of(key) == COUNTED_MARK:
            restore_counted(self.board(key.split(b"\0", 1)[0].decode()).counted, key, value)
        else:
            event = decode(bytes(body_of(value)))
            if isinstance(event, Refusal):
                raise UnreadableState(f"organisation row {key!r} no longer keeps the contract: {event.detail}")
            self.board(event.tenant).organisation.judge(event)

    def restore_position(self, value: bytes) -> Restored:
        """Take the position. Raises UnreadableState for another generation, partition count or version."""
        position = _decode_position(value)
        found = (position.version, position.generation, position.partitions)
        wanted = (ROW_VERSION, self.generation, self.partitions)
        if found != wanted:
            raise UnreadableState(
                f"state of board partition {self.partition} is (version, generation, partitions) {found}, "
                f"this worker runs {wanted}; build the next generation beside it"
            )
        self.tallies.unpack(position.tallies, position.ignored)
        return Restored(position.offsets, position.floors)

    def refold(self, batch: RecordBatch) -> None:
        """Fold records again, or as a follower: no outputs, no tallies, nothing that a row already reflects."""
        self._refolding = True
        self._fold(batch)

    def finish_restore(self) -> None:
        """The state is at O."""
        self._refolding = False
        self._reflected = {}
        for board in self.tenants.values():
            board.counted.finish_restore()
        self._folded = 0

    # -- records

    def _fold(self, batch: RecordBatch) -> None:
        self._folded += len(batch)
        if batch.source == CELLS:
            for raw, offset in zip(batch.values, batch.offsets, strict=True):
                self._apply(raw or b"", offset)
        else:
            for n, raw in enumerate(batch.values):
                self._configure(raw or b"", batch.keys[n], batch.offsets[n], batch.received_ms[n])

    def _apply(self, raw: bytes, offset: int) -> None:
        record = decode_cells(raw)
        tenant = record.tenant
        reflected = self._reflected.get(tenant, {})
        if record.newest_ms > self.board(tenant).newest_ms and not self._follower:
            self._dirty_newest.setdefault(tenant, offset)
        for segment in self.board(tenant).apply(record, offset, reflected):
            if not self._follower:
                self._dirty_segments.setdefault((tenant, segment), offset)
        for rep in () if self._follower else self.board(tenant).counted.take(record, offset):
            self._dirty_counted.setdefault((tenant, rep), offset)
        self._listen(self.board(tenant), record, offset)

    def _listen(self, board: Board, record: CellsRecord, offset: int) -> None:
        """Note whom ACCOUNTS heard. A row may reflect it already: that changes nothing."""
        dropped = board.heard.forget_before(kept_from(board.newest_ms))
        changed = board.heard.take(record.heard, record.spoken)
        if self._follower:
            for _ in changed:
                pass
            return
        self._unwritten.drop(record.tenant, dropped)
        for key in changed:
            self._unwritten.note(CELLS, record.tenant, key, offset)

    def _configure(self, raw: bytes, key: bytes | None, offset: int, received_ms: int) -> None:
        event = decode(raw)
        if isinstance(event, Refusal):
            refused: Refusal | None = tenant_first(event, key, key_is_tenant=True)
        else:
            refused = self._misplaced(event, key)
        if refused is None and isinstance(event, Event):
            home = home_partition(event.tenant.encode(), self.partitions)
            if key != event.tenant.encode() or home != self.partition:
                self._send_home(event, home, raw, offset, received_ms)
                return
            if event.kind == Kind.SOURCE_HEARTBEAT:
                self._feel(event, offset)
                code = Code.ACCEPTED
            else:
                code = self._judge(event, raw, offset)
            if code is Code.CONFLICT:
                refused = at_the_fold(event, code)
            if refused is None and not self._refolding:
                self.tallies.count(event.tenant, event.source, code)
                self.tallies.ignore(event.tenant, event.source, unknown_fields(raw))
        if refused is not None and not self._refolding:
            self.tallies.count(refused.tenant, refused.source, refused.code)
            self._outputs.append(
                dead_letter(
                    refused,
                    raw,
                    key,
                    topic=self.organisation_topic,
                    partition=self.partition,
                    offset=offset,
                    received_ms=received_ms,
                    key_is_tenant=True,
                )
            )

    def _judge(self, event: Event, raw: bytes, offset: int) -> Code:
        """The verdict on an organisation event, kept if it is accepted."""
        code = self.board(event.tenant).organisation.judge(event)
        if code is Code.ACCEPTED and not self._follower:
            row_key = organisation_key(event.tenant, event.subject, event.source, event.id)
            first = self._dirty_events[row_key][0] if row_key in self._dirty_events else offset
            self._dirty_events[row_key] = (first, raw)
        return code

    def _feel(self, event: Event, offset: int) -> None:
        """A heartbeat is no fact to be kept: its publisher was heard, and may have said how soon it will be again."""
        interval_s = getattr(event.data, "interval_s", None) or 0
        key = self.board(event.tenant).heard.hear(event.source, interval_s, event.time_ms)
        if key is not None and not self._follower:
            self._unwritten.note(ORGANISATION, event.tenant, key, offset)

    def _misplaced(self, event: Event, key: bytes | None) -> Refusal | None:
        """Why an event can't count here at all: another topic's, or another tenant's."""
        if is_activity(event.kind):
            return refusal(event, Code.UNKNOWN_TYPE, "an activity event; it belongs on the activity topic")
        claimed = key_tenant(key, is_whole=True)
        if claimed is not None and claimed != event.tenant:
            return foreign(event.source, event.id, event.tenant, event.subject, claimed)
        return None

    def _send_home(self, event: Event, home: int, raw: bytes, offset: int, received_ms: int) -> None:
        if not self._refolding:
            headers = home_headers(self.partition, offset, received_ms)
            self._outputs.append(Output(ORGANISATION, home, event.tenant.encode(), raw, headers))
            self.tallies.count(event.tenant, event.source, Code.REKEYED)
