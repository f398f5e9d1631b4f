"""The wire format of `sales.cells.v1`: what one activity partition adds to a tenant's cells in one epoch, and whom it
heard.

A cell is (measure, dimension, value, facet, pane, known). ``pane`` and ``known`` are UTC minutes since the epoch, both
multiples of 15 where they are old; ``known`` is the latest event time the contribution depends on. Amounts are signed.

What was heard are facts that a repeat can't change: a publisher's moments by minute, and who it spoke for. A reader
takes the union, so it may meet them in any order and any number of times.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

CELLS_VERSION = 2
MINUTE_MS = 60_000
DAY_MS = 86_400_000
QUARTER_MIN = 15
INT64_MAX = 2**63 - 1
MAX_RECORD_BYTES = 900_000
CELLS_PER_RECORD = 8_000
MOMENTS_PER_RUN = 64


Cell = tuple[str, str, str, str, int, int]
"""The address of a number: (measure, dimension, value, facet, pane, known). A plain tuple: millions are made."""

Packed = tuple[str, str, str, str, int, int, int | str]
PackedLate = tuple[str, str, str, str, int, int, int | str, int]

HeardRun = tuple[str, list[int]]
"""A publishing source and at most MOMENTS_PER_RUN moments (epoch ms): the newest of each minute it was heard in."""

SpokenRun = tuple[str, int, str, list[int]]
"""A publishing source, the kind of event, the rep it named ("_none" for none), and at most MOMENTS_PER_RUN moments
(epoch ms), among them the first and the last of each `SPOKEN_SPAN_MS`.
"""

SPOKEN_SPAN_MS = 28 * DAY_MS
"""Who spoke for whom is kept by spans of this length, counted from the epoch."""


class CellsRecord(msgspec.Struct, array_like=True, gc=False):
    """Cells of one tenant: those on time, and those that came late with their receipt in UTC seconds; what was
    heard.
    """

    version: int
    tenant: str
    newest_ms: int
    cells: list[Packed]
    late: list[PackedLate]
    heard: list[HeardRun] = []
    spoken: list[SpokenRun] = []


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CellsRecord).decode


def pack_amount(amount: int) -> int | str:
    """An amount for the wire: beyond 64 bits it travels as decimal text, so that no sum can overflow."""
    return amount if -INT64_MAX <= amount <= INT64_MAX else str(amount)


def encode_cells(
    tenant: str,
    newest_ms: int,
    cells: Iterable[Packed],
    late: Iterable[PackedLate],
    heard: Iterable[HeardRun] = (),
    spoken: Iterable[SpokenRun] = (),
) -> Iterable[bytes]:
    """Records of one tenant, each of at most CELLS_PER_RECORD cells and runs so that it stays below MAX_RECORD_BYTES.

    What was heard goes first: a board that has a number knows who it came from.
    """
    left: list[list[Any]] = [list(heard), list(spoken), list(cells), list(late)]
    step = CELLS_PER_RECORD
    while True:
        taken, rest = _cut(left, step)
        raw = _encode(CellsRecord(CELLS_VERSION, tenant, newest_ms, taken[2], taken[3], taken[0], taken[1]))
        if len(raw) > MAX_RECORD_BYTES and step > 1:
            step //= 4
            continue
        yield raw
        left = rest
        if not any(left):
            return


def _cut(lists: list[list[Any]], step: int) -> tuple[list[list[Any]], list[list[Any]]]:
    """The first ``step`` members of lists one after the other, and what is left of each."""
    taken, rest = [], []
    for members in lists:
        taken.append(members[:step])
        rest.append(members[step:])
        step -= len(taken[-1])
    return taken, rest


def decode_cells(raw: bytes) -> CellsRecord:
    """The record behind ``raw``. Raises msgspec.DecodeError: the topic is ours, so a bad record is our bug."""
    return _decode(raw)
