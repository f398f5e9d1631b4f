"""One tenant's accounts as ACCOUNTS holds them, followed for as long as somebody asks what is behind a number.

As the replica does for the board: rows of the state topic first, then the log from their floor on, which the workers'
own stage folds without emitting anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace

from gateway.gate import Gate, sliced
from gateway.log_reader import LogReader
from gateway.stretch import stretch
from schemas.records import RecordBatch, UnreadableState
from schemas.rows import POSITION_KEY
from stream.accounts.account import Account
from stream.accounts.options import AccountsOptions
from stream.accounts.rows import split_chunk_key
from stream.accounts.stage import AccountsStage

ACTIVITY, STATE = "activity", "accounts_state"
ROLES = (ACTIVITY, STATE)
"""What the reader of a book reads."""

ROWS_BYTES_MAX = 256 * 1024 * 1024
"""State rows of one tenant that a gateway takes: those of some two million events."""

ACCOUNTS_BYTES_MAX = 2 * ROWS_BYTES_MAX
"""What those accounts may take, the ones that were last looked at decoded."""
BEGINNING_MS, FOREVER_MS = -(2**61), 2**61


class TooLarge(Exception):
    """More accounts than a gateway follows. The text says so, in one line."""


class Book:
    """The stages of every partition, with one tenant's accounts only, and when something last happened in each."""

    def __init__(self, tenant: str, generation: int, options: AccountsOptions) -> None:
        self.tenant = tenant
        self.known = 0  # rows and records that were read
        self.is_whole = asyncio.Event()
        self.gate = Gate()
        self._lead = f"{tenant}/".encode()
        self._generation = generation
        self._options = options
        self._stages: dict[int, AccountsStage] = {}
        self._homes: dict[bytes, int] = {}  # account → partition
        self._newest_ms: dict[bytes, int] = {}  # account → its newest event, unless that must be looked up

    async def read_rows(self, reader: LogReader) -> dict[tuple[str, int], int]:
        """Take the newest rows of every partition; where the log goes on in each.

        Raises TooLarge, UnreadableState, KafkaError or OSError.
        """
        partitions = range(reader.partitions_of(ACTIVITY))
        return {(ACTIVITY, number): await self._restore(reader, number) for number in partitions}

    async def follow(self, reader: LogReader, floors: Mapping[tuple[str, int], int]) -> None:
        """Read the log from the floors on until cancelled; whole once every account was opened.

        Raises UnreadableState, KafkaError or OSError.
        """
        ends = await reader.stable_ends(list(floors))
        reader.begin_at(floors)
        while True:
            async for batch in reader.batches():
                async with self.gate.writing():
                    self.apply(batch)
                self.known += len(batch)
                await asyncio.sleep(0)
            if not self.is_whole.is_set() and all(reader.position(*place) >= end for place, end in ends.items()):
                async for key in sliced(list(self._homes)):
                    if key not in self._newest_ms:
                        self.open(key)
                self.tidy()
                self.is_whole.set()

    async def _restore(self, reader: LogReader, number: int) -> int:
        """Take the newest rows of a partition; the offset from which the log goes on."""
        place = (STATE, number)
        first, end = (await reader.beginnings([place]))[place], (await reader.stable_ends([place]))[place]
        rows: dict[bytes, bytes] = {}
        position: bytes | None = None
        size = 0
        async for batch in stretch(reader, STATE, number, first, end):
            for key, row, offset in zip(batch.keys, batch.values, batch.offsets, strict=True):
                if key == POSITION_KEY and offset < end:
                    position = row
                elif key is not None and key.startswith(self._lead) and offset < end and row is not None:
                    size += len(row) - len(rows.get(key, b""))
                    rows[key] = row
                    self.known += 1
            if size > ROWS_BYTES_MAX:
                raise TooLarge(f"{self.tenant} has more accounts than a gateway follows ({ROWS_BYTES_MAX:,} bytes)")
        return self.restore(reader.partitions_of(ACTIVITY), number, rows, position)

    def restore(self, partitions: int, number: int, rows: dict[bytes, bytes], position: bytes | None) -> int:
        """A stage from its rows; the offset from which the log goes on. Raises UnreadableState."""
        options = replace(self._options, memory_bytes=ACCOUNTS_BYTES_MAX // partitions)
        stage = self._stages[number] = AccountsStage(
            number, partitions=partitions, cells_partitions=1, generation=self._generation, options=options
        )
        if position is None and rows:
            raise UnreadableState(f"accounts {number}: {len(rows)} state rows but no position")
        for key, row in rows.items():
            stage.restore_row(key, row)
            self._homes[split_chunk_key(key)[0]] = number
        return 0 if position is None else stage.restore_position(position).floors[ACTIVITY]

    def apply(self, batch: RecordBatch) -> None:
        """Fold the tenant's records of a batch; of all others only what they do to the clock."""
        stage = self._stages[batch.partition]
        begin = 0
        for at, key in enumerate(batch.keys):
            is_own = key is not None and key.startswith(self._lead)
            if is_own:
                assert key is not None
                self._homes[key] = batch.partition
                self._newest_ms.pop(key, None)
            else:
                self._fold(stage, batch, begin, at)
                stage.clock_ms = max(stage.clock_ms, batch.received_ms[at])
                begin = at + 1
        self._fold(stage, batch, begin, len(batch))

    def _fold(self, stage: AccountsStage, batch: RecordBatch, begin: int, end: int) -> None:
        """Records [begin, end) by their index, whose keys are all the tenant's."""
        if begin < end:
            low = batch.start if begin == 0 else batch.offsets[begin]
            high = batch.next_offset if end == len(batch) else batch.offsets[end]
            stage.refold(batch.between(low, high))

    @property
    def accounts(self) -> int:
        """How many accounts there may be."""
        return len(self._homes)

    def since(self, first_ms: int) -> list[bytes]:
        """The accounts in which something happened since, those first in which it was last; all others have nothing to
        do with what lies after.
        """
        found = [(self._newest_ms.get(key, FOREVER_MS), key) for key in self._homes]
        return [key for newest_ms, key in sorted(found, reverse=True) if newest_ms >= first_ms]

    def open(self, key: bytes) -> Account | None:
        """An account as it stands; None where a key turned out to be nobody's."""
        stage = self._stages[self._homes[key]]
        account = stage.shelf.live.get(key)
        if account is None:
            account = stage.shelf.thaw(key, self.tenant, key[len(self._lead) :].decode())
        newest = BEGINNING_MS if account is None else max(_times(account), default=BEGINNING_MS)
        self._newest_ms[key] = newest
        return account

    def tidy(self) -> None:
        """Put accounts back into bytes where they take more than ACCOUNTS_BYTES_MAX."""
        for stage in self._stages.values():
            if stage.shelf.held_bytes > stage.options.memory_bytes:
                # The rows of a snapshot are for the state topic: here it only makes room.
                stage.snapshot({ACTIVITY: 0}, flush_before={ACTIVITY: FOREVER_MS})


def _times(account: Account) -> Iterator[int]:
    return (entry.time_ms for chunk in account.chunks for entry in chunk if not entry.voided)
