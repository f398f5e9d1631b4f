"""State rows of BOARD: a segment of a series each, and an organisation event each."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from schemas.cells import pack_amount
from schemas.rows import ROW_VERSION, SeriesRow, UnreadableRow, body_of, stamp
from stream.board.board import SegmentKey
from stream.board.segments import Segment

PART_NUMBERS = 20_000
"""Numbers of a segment in one row: below half a megabyte."""

CELLS_MARK, ORGANISATION_MARK, NEWEST_MARK = b"c", b"o", b"n"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SeriesRow).decode
_decode_newest = msgspec.msgpack.Decoder(int).decode


def segment_key(tenant: str, segment: SegmentKey, part: int) -> bytes:
    """The state key of a part of a segment; no id holds a NUL."""
    return b"\0".join([tenant.encode(), CELLS_MARK, *(str(step).encode() for step in (*segment, part))])


def split_segment_key(key: bytes) -> tuple[str, SegmentKey]:
    """The tenant and the segment of a state key."""
    tenant, _, measure, dimension, value, facet, number, _ = (step.decode() for step in key.split(b"\0"))
    return tenant, (measure, dimension, value, facet, int(number))


def organisation_key(tenant: str, subject: str, source: str, event_id: str) -> bytes:
    """The state key of an organisation event."""
    return b"\0".join([tenant.encode(), ORGANISATION_MARK, subject.encode(), source.encode(), event_id.encode()])


def newest_key(tenant: str) -> bytes:
    """The state key of a tenant's newest accepted activity."""
    return tenant.encode() + b"\0" + NEWEST_MARK


def encode_newest(newest_ms: int, offset: int) -> bytes:
    """A tenant's newest accepted activity, epoch milliseconds, as a row."""
    return stamp(offset, _encode(newest_ms))


def decode_newest(row: bytes) -> int:
    """A tenant's newest accepted activity from its row."""
    return _decode_newest(body_of(row))


def mark_of(key: bytes) -> bytes:
    """What a row holds: a segment (CELLS_MARK), an organisation event or a tenant's newest activity."""
    return key.split(b"\0", 2)[1]


def encode_segment(segment: Segment, offset: int) -> Iterator[bytes]:
    """A segment as rows, in parts of at most PART_NUMBERS, that reflect every cells record below ``offset``.

    A segment only grows, so a part once written is always written again with the others.
    """
    panes = [*segment.plain, *(pane for pane, _ in segment.moved)]
    knowns = [*segment.plain, *(known for _, known in segment.moved)]
    values = [pack_amount(amount) for amount in (*segment.plain.values(), *segment.moved.values())]
    late = [(*place, receipt_s, pack_amount(amount)) for place, (receipt_s, amount) in segment.late.items()]
    for low in range(0, max(len(panes), len(late)), PART_NUMBERS):
        part = slice(low, low + PART_NUMBERS)
        yield stamp(offset, _encode(SeriesRow(ROW_VERSION, panes[part], knowns[part], values[part], late[part])))


def decode_segment(row: bytes) -> Segment:
    """A segment from its row. Raises UnreadableRow for another version."""
    packed = _decode(body_of(row))
    if packed.version != ROW_VERSION:
        raise UnreadableRow(f"a board row has version {packed.version}; this build reads {ROW_VERSION}")
    segment = Segment()
    for pane, known, amount in zip(packed.panes, packed.knowns, packed.values, strict=True):
        if pane == known:
            segment.plain[pane] = int(amount)
        else:
            segment.moved[pane, known] = int(amount)
    segment.late = {(pane, known): (receipt_s, int(amount)) for pane, known, receipt_s, amount in packed.late}
    return segment
