"""What the epoch protocol asks of a log. Kafka is one; the simulated log of the tests is another."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from schemas.records import Output, RecordBatch


class Fenced(Exception):
    """A newer owner has opened the same transactional id: this one may write nothing any more."""


class OutcomeUnknown(Exception):
    """A transaction failed in a way that leaves open whether it was committed. Only a new owner can find out."""


class Ends(NamedTuple):
    """Where a partition ends: ``stable`` for readers of committed records, ``high`` with those undecided."""

    stable: int
    high: int


@dataclass(frozen=True)
class Safeguards:
    """What keeps the numbers exact. All are on; only the simulation turns one off, to show that it is needed.

    fencing              opening a slot's producer shuts out whoever wrote for it before
    wait_for_stable      a restore begins when nothing in the state partition is undecided any more
    seek_after_restore   only the seek after a restore says where folding starts
    skip_reflected       folding again skips what a state row already reflects
    duplicate_memory     an event that was seen before changes nothing
    """

    fencing: bool = True
    wait_for_stable: bool = True
    seek_after_restore: bool = True
    skip_reflected: bool = True
    duplicate_memory: bool = True


class Producer(Protocol):
    """The writer of one slot. One transaction at a time; after any failure it must not be used again."""

    async def begin(self) -> None:
        """Open a transaction. Nothing is sent yet."""

    async def write(self, outputs: Sequence[Output]) -> dict[tuple[str, int], int]:
        """Write into the open transaction and wait until every record is acknowledged.

        Returns, by (role, partition), the offset after the last record written there.
        """

    async def commit(self) -> None:
        """Make all of it visible at once. Raises Fenced or OutcomeUnknown."""

    async def abort(self) -> None:
        """Take all of it back."""

    async def close(self) -> None:
        """Let go of connections. Never raises for a log that is away, and returns within bounded time."""


class Log(Protocol):
    """Partitioned, transactional, append-only. Topics go by their role; readers see committed records only."""

    async def open_producer(self, transactional_id: str) -> Producer:
        """Fence every older producer of the id and end its open transaction; only then return the new one."""

    async def ends(self, role: str, partition: int) -> Ends:
        """Where the partition ends now."""

    def read(self, role: str, partition: int, start: int, end: int) -> AsyncIterator[RecordBatch]:
        """Committed records of ``[start, end)`` as batches whose intervals join; the last may reach beyond ``end``."""
        raise NotImplementedError

    async def seek(self, role: str, partition: int, offset: int) -> None:
        """Let live batches of an assigned source partition begin at ``offset``, and begin now."""
