"""ACCOUNTS, the state of one home partition: records in, cells and dead letters out, rows written behind.

The log is the changelog: a row is written when it is due and carries the offset it reflects. The position says which
offset is folded (O), which is the oldest not yet in rows (F), and the partition's clock at both, so that folding F..O
again decides as the first fold did.
"""

from __future__ import annotations

from typing import Any

from schemas.envelope import AGE_MS, AHEAD_MS
from schemas.event import Event, decode_further, is_activity, judge_time
from schemas.hot import ENVELOPES
from schemas.instants import milliseconds_at
from schemas.ordinary import envelope_of, event_of, known_tenant, shared_source
from schemas.partitioning import encode_key, home_partition
from schemas.records import Output, RecordBatch, Restored, Snapshot
from schemas.rows import stamped_offset
from schemas.verdicts import Code, Refusal
from stream.accounts.account import Account
from stream.accounts.emission import Emission
from stream.accounts.fold import fold
from stream.accounts.kinds import TOUCH
from stream.accounts.options import AccountsOptions
from stream.accounts.positions import decode_position, encode_position
from stream.accounts.rows import chunk_key, encode_chunk
from stream.accounts.shelf import Shelf
from stream.accounts.standing import Cells
from stream.accounts.touching import append_touch
from stream.intake import FOLD_REASONS, at_the_fold, dead_letter, home_headers, stray, tenant_first
from stream.tallies import Tallies

BEGINNING_MS = -(2**61)
ACCEPTED, SUPERSEDED = Code.ACCEPTED, Code.SUPERSEDED
TOUCH_ENVELOPE = ENVELOPES[TOUCH]


class AccountsStage:
    """Implements `schemas.records.Stage` for one partition of `sales.activity.v1`."""

    sources: tuple[str, ...] = ("activity",)

    def __init__(
        self,
        partition: int,
        *,
        partitions: int,
        cells_partitions: int,
        generation: int = 1,
        options: AccountsOptions | None = None,
    ) -> None:
        self.partition = partition
        self.partitions = partitions
        self.cells_partitions = cells_partitions
        self.generation = generation
        self.options = options or AccountsOptions()
        self.shelf = Shelf(self.options.memory_bytes)
        self.tallies = Tallies()
        self.emission = Emission()
        self.clock_ms = BEGINNING_MS  # running maximum of receipts
        self._dirty: dict[bytes, tuple[int, int]] = {}  # account → (offset that first changed it, clock before that)
        self._reflected: dict[bytes, int] = {}  # only while restoring: account → offset its rows reflect
        self._letters: list[Output] = []
        self._moved: Cells = {}  # what the touch just taken moved
        self._refolding = False
        self._folded = 0

    # -- live

    def fold(self, batch: RecordBatch) -> None:
        """Fold every record of a batch."""
        self._refolding = False
        self._fold(batch)

    def is_empty(self) -> bool:
        """Whether nothing was folded since the last snapshot."""
        return not self._folded

    def snapshot(self, offsets: dict[str, int], *, flush_before: dict[str, int]) -> Snapshot:
        """End the epoch: gathered outputs, rows first changed before ``flush_before``, the position."""
        offset = offsets["activity"]
        rows = self._due_rows(offset, flush_before["activity"])
        reached, newest_ms = (offset, self.clock_ms), dict(self.emission.newest_ms)
        floor = next(iter(self._dirty.values()), reached)
        position = encode_position(self.generation, self.partitions, reached, floor, newest_ms, self.tallies)
        outputs = [*self.emission.release(self.cells_partitions), *self._letters]
        self._letters = []
        self._folded = 0
        self.shelf.evict(self._dirty, offset)
        return Snapshot(rows, outputs, position)

    def _due_rows(self, offset: int, before: int) -> list[tuple[bytes, bytes | None]]:
        """Rows whose first unwritten change lies before ``before``, oldest first."""
        rows: list[tuple[bytes, bytes | None]] = []
        written = []
        for key, (first, _) in self._dirty.items():
            if first >= before:
                break
            written.append(key)
            account = self.shelf.written(key)
            rows += [(chunk_key(key, chunk), encode_chunk(account, chunk, offset)) for chunk in account.take_dirty()]
        for key in written:
            del self._dirty[key]
        return rows

    # -- restore

    def restore_row(self, key: bytes, value: bytes) -> None:
        """Take a row as it was written."""
        owner = self.shelf.put_row(key, value)
        self._reflected[owner] = max(self._reflected.get(owner, 0), stamped_offset(value))

    def restore_position(self, value: bytes) -> Restored:
        """Take the position. Raises UnreadableState for another generation, partition count or version."""
        position = decode_position(value, self.partition, generation=self.generation, partitions=self.partitions)
        self.clock_ms = position.floor_clock_ms
        self.emission.newest_ms = dict(position.newest_ms)
        self.tallies.unpack(position.tallies, position.ignored)
        return Restored({"activity": position.offset}, {"activity": position.floor})

    def refold(self, batch: RecordBatch) -> None:
        """Fold records of [F, O) again: no outputs, no totals, nothing that a row already reflects."""
        self._refolding = True
        self._fold(batch)

    def finish_restore(self) -> None:
        """The state is at O."""
        self._refolding = False
        self._reflected = {}
        self._folded = 0

    # -- one record

    def _fold(self, batch: RecordBatch) -> None:
        """The hot loop: the ordinary touch is dealt with in `_append`, all else in `_take`."""
        values, keys, offsets, receipts = batch.values, batch.keys, batch.offsets, batch.received_ms
        self._folded += len(values)
        for n in range(len(values)):
            raw, key, offset, received_ms = values[n], keys[n], offsets[n], receipts[n]
            clock_before = self.clock_ms
            if received_ms > clock_before:
                self.clock_ms = received_ms
            envelope = None if raw is None else envelope_of(raw)
            if envelope is None or key is None:
                self._take(None, raw or b"", key, offset, received_ms, clock_before)
            elif type(envelope) is not TOUCH_ENVELOPE or not self._append(
                envelope, key, offset, received_ms, clock_before
            ):
                self._take(event_of(envelope), raw or b"", key, offset, received_ms, clock_before)

    def _append(self, envelope: Any, key: bytes, offset: int, received_ms: int, clock_before: int) -> bool:
        """Take an ordinary touch; False, and nothing has changed, where there is more to it."""
        account = self.shelf.live.get(key)
        if account is not None and (account.subject != envelope.subject or account.tenant != envelope.tenant):
            return False
        time_ms = milliseconds_at(envelope.time)
        if time_ms is None or not -AHEAD_MS <= received_ms - time_ms <= AGE_MS or envelope.receivedat is not None:
            return False
        if self._refolding and self._reflected.get(key, 0) > offset:
            return True
        if account is None:
            account = self._arrive(key, envelope)
            if account is None:
                return False
        was_clean = not account.dirty_chunks
        source = shared_source(envelope.source)
        horizon_ms = self.clock_ms - self.options.settle_after_ms
        cell = append_touch(account, envelope, source, time_ms, received_ms, horizon_ms, self._moved)
        if cell is None:
            return False
        if was_clean:
            self._dirty[key] = (offset, clock_before)
        if not self._refolding:
            self.emission.gather_touch(account.tenant, source, time_ms, received_ms, envelope.backfill, cell)
            self.tallies.count(account.tenant, source, ACCEPTED)
            if self._moved:
                self.emission.gather_moves(account.tenant, time_ms, received_ms, envelope.backfill, self._moved)
        self._moved.clear()
        return True

    def _arrive(self, key: bytes, envelope: Any) -> Account | None:
        """The account of an event that isn't live yet; None unless its key is right and it is at home here."""
        tenant, subject = known_tenant(envelope.tenant), envelope.subject
        if tenant is None or not subject.isprintable() or key != encode_key(tenant, subject):
            return None
        if home_partition(key, self.partitions) != self.partition:
            return None
        return self.shelf.thaw(key, tenant, subject) or self.shelf.new(key, tenant, subject)

    def _take(
        self,
        ordinary: Event | None,
        raw: bytes,
        key: bytes | None,
        offset: int,
        received_ms: int,
        clock_before: int,
    ) -> None:
        """Judge one record from the beginning; ``ordinary`` is its event unless others have to decide."""
        event: Event | Refusal
        ignored: tuple[str, ...] = ()
        if ordinary is None:
            event, ignored = decode_further(raw)
        else:
            event = ordinary
        if isinstance(event, Refusal):
            self._refuse(tenant_first(event, key), raw, key, offset, received_ms)
            return
        account = self.shelf.live.get(key) if key is not None else None
        is_known = account is not None and account.subject == event.subject and account.tenant == event.tenant
        if not is_known or not is_activity(event.kind):
            home = stray(event, key, partition=self.partition, partitions=self.partitions)
            if home is not None:
                self._turn_away(home, event, raw, key, offset, received_ms)
                return
        if not -AHEAD_MS <= received_ms - event.time_ms <= AGE_MS:
            refused = judge_time(event, received_ms, may_backfill=self.options.lets_backfill(event.tenant))
            if refused is not None:
                self._refuse(refused, raw, key, offset, received_ms)
                return
        if ignored and not self._refolding:
            self.tallies.ignore(event.tenant, event.source, ignored)
        assert key is not None, "a record without a key is never at home"
        if not self._refolding or not self._is_reflected(key, offset):
            self._judge(account, event, raw, key, offset, received_ms, clock_before)

    def _is_reflected(self, key: bytes, offset: int) -> bool:
        """Whether the rows that were restored hold a record of an account already."""
        return self._reflected.get(key, 0) > offset

    def _judge(
        self,
        account: Account | None,
        event: Event,
        raw: bytes,
        key: bytes,
        offset: int,
        received_ms: int,
        clock_before: int,
    ) -> None:
        """Fold an event into its account, and count it or refuse it."""
        code = self._fold_event(account, event, key, offset, received_ms, clock_before)
        if code in FOLD_REASONS:
            self._refuse(at_the_fold(event, code), raw, key, offset, received_ms)
        elif not self._refolding:
            self.tallies.count(event.tenant, event.source, code)

    def _fold_event(
        self, account: Account | None, event: Event, key: bytes, offset: int, received_ms: int, clock_before: int
    ) -> Code:
        """Fold an event into its account and gather what that adds; the verdict."""
        if account is None:
            shelf = self.shelf
            account = shelf.thaw(key, event.tenant, event.subject) or shelf.new(key, event.tenant, event.subject)
        settle_before_ms = self.clock_ms - self.options.settle_after_ms
        was_clean = not account.dirty_chunks
        code, cells = fold(account, event, received_ms, settle_before_ms=settle_before_ms)
        if (code is ACCEPTED or code is SUPERSEDED) and not self._refolding:  # both, or it would hang on their order
            self.emission.gather(event, received_ms, cells)
        if was_clean and account.dirty_chunks:
            self._dirty[key] = (offset, clock_before)
        return code

    def _turn_away(
        self, home: Refusal | int, event: Event, raw: bytes | None, key: bytes | None, offset: int, received_ms: int
    ) -> None:
        """Refuse a record that is another tenant's or of another topic; publish one that strayed where it belongs."""
        if isinstance(home, Refusal):
            self._refuse(home, raw, key, offset, received_ms)
        elif not self._refolding:
            headers = home_headers(self.partition, offset, received_ms)
            self._letters.append(Output("activity", home, encode_key(event.tenant, event.subject), raw, headers))
            self.tallies.count(event.tenant, event.source, Code.REKEYED)

    def _refuse(self, refused: Refusal, raw: bytes | None, key: bytes | None, offset: int, received_ms: int) -> None:
        if self._refolding:
            return
        self.tallies.count(refused.tenant, refused.source, refused.code)
        self._letters.append(
            dead_letter(
                refused,
                raw,
                key,
                topic=self.options.activity_topic,
                partition=self.partition,
                offset=offset,
                received_ms=received_ms,
            )
        )
