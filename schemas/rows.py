"""State rows: how the stages write what they hold, and where they stand, to their state topics.

Every row carries the offset it reflects, so that a restore can fold the tail of the log again without counting
anything twice.
"""

from __future__ import annotations

from typing import Any

import msgspec

POSITION_KEY = b"\x00position"
ROW_VERSION = 1
OFFSET_BYTES = 8


class UnreadableRow(Exception):
    """A state row of another version: build the next generation from the log."""


def stamp(offset: int, body: bytes) -> bytes:
    """A row as stored: the offset it reflects (every record below it is in), eight bytes, then its body."""
    return offset.to_bytes(OFFSET_BYTES, "big") + body


def stamped_offset(row: bytes) -> int:
    """The offset a stored row reflects, without decoding its body."""
    return int.from_bytes(row[:OFFSET_BYTES], "big")


def body_of(row: bytes) -> memoryview:
    """The body of a stored row."""
    return memoryview(row)[OFFSET_BYTES:]


class AccountsPosition(msgspec.Struct, array_like=True, gc=False):
    """Where ACCOUNTS stands in a partition. Clocks are the running maximum of receipts, epoch milliseconds."""

    version: int
    generation: int
    partitions: int
    offset: int
    floor: int
    clock_ms: int
    floor_clock_ms: int
    newest_ms: dict[str, int]  # of the tenants last met: newest accepted activity in this partition, epoch milliseconds
    # (tenant, publishing source, verdict → records since the beginning of the log)
    tallies: list[tuple[str, str, dict[str, int]]]
    ignored: list[tuple[str, str, dict[str, int]]] = []  # the same for fields that nobody knows, by name


class BoardPosition(msgspec.Struct, array_like=True, gc=False):
    """Where BOARD stands in a partition, by source."""

    version: int
    generation: int
    partitions: int
    offsets: dict[str, int]
    floors: dict[str, int]
    tallies: list[tuple[str, str, dict[str, int]]]  # of organisation events, as in AccountsPosition
    ignored: list[tuple[str, str, dict[str, int]]] = []


class ChunkRow(msgspec.Struct, array_like=True, gc=False):
    """Some 64 ledger entries of one account (fewer with many lines), in the order of their acceptance."""

    version: int
    settled: tuple[int, int, str, str] | None  # the account's settled boundary (time_ms, rank, source, id)
    entries: list[Any]  # each an array of the fields of a ledger entry
    forgotten: list[int]  # fingerprints of identities whose touches have settled out of this chunk


class SeriesRow(msgspec.Struct, array_like=True, gc=False):
    """One segment of a BOARD series: parallel lists of panes, knowns (UTC minutes) and signed values."""

    version: int
    panes: list[int]
    knowns: list[int]
    values: list[int | str]
    # of contributions that came late: pane, known, newest receipt (UTC seconds), amount
    late: list[tuple[int, int, int, int | str]]


class OrganisationRow(msgspec.Struct, array_like=True, gc=False):
    """One organisation event as accepted, by identity: the raw event of its highest revision."""

    version: int
    raw: bytes
