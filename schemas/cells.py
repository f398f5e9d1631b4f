"""The wire format of `sales.cells.v1`: what one activity partition adds to a tenant's cells in one epoch.

A cell is (measure, dimension, value, facet, pane, known). ``pane`` and ``known`` are UTC minutes since the epoch, both
multiples of 15 where they are old; ``known`` is the latest event time the contribution depends on. Amounts are signed.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

CELLS_VERSION = 1
MINUTE_MS = 60_000
QUARTER_MIN = 15
INT64_MAX = 2**63 - 1
MAX_RECORD_BYTES = 900_000
CELLS_PER_RECORD = 8_000


Cell = tuple[str, str, str, str, int, int]
"""The address of a number: (measure, dimension, value, facet, pane, known). A plain tuple: millions are made."""

Packed = tuple[str, str, str, str, int, int, int | str]
PackedLate = tuple[str, str, str, str, int, int, int | str, int]


class CellsRecord(msgspec.Struct, array_like=True, gc=False):
    """Cells of one tenant: those on time, and those that came late with their receipt in UTC seconds."""

    version: int
    tenant: str
    newest_ms: int
    cells: list[Packed]
    late: list[PackedLate]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CellsRecord).decode


def pack_amount(amount: int) -> int | str:
    """An amount for the wire: beyond 64 bits it travels as decimal text, so that no sum can overflow."""
    return amount if -INT64_MAX <= amount <= INT64_MAX else str(amount)


def encode_cells(tenant: str, newest_ms: int, cells: Iterable[Packed], late: Iterable[PackedLate]) -> Iterable[bytes]:
    """Records of one tenant's cells, each of at most CELLS_PER_RECORD cells so that it stays below MAX_RECORD_BYTES."""
    on_time, overdue = list(cells), list(late)
    step = CELLS_PER_RECORD
    while True:
        head, on_time = on_time[:step], on_time[step:]
        tail, overdue = overdue[: step - len(head)], overdue[step - len(head) :]
        raw = _encode(CellsRecord(CELLS_VERSION, tenant, newest_ms, head, tail))
        if len(raw) > MAX_RECORD_BYTES and step > 1:
            on_time, overdue, step = head + on_time, tail + overdue, step // 4
            continue
        yield raw
        if not on_time and not overdue:
            return


def decode_cells(raw: bytes) -> CellsRecord:
    """The record behind ``raw``. Raises msgspec.DecodeError: the topic is ours, so a bad record is our bug."""
    return _decode(raw)
