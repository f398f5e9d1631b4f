"""State rows of BOARD: segments of series, organisation events, what was heard, by day and by speaker, and what was
counted, by rep.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from schemas.cells import pack_amount
from schemas.rows import ROW_VERSION, SeriesRow, UnreadableRow, body_of, stamp, stamped_offset
from stream.board.board import SegmentKey
from stream.board.counted import Counted
from stream.board.heard import Heard, HeardKey, pack_minutes
from stream.board.segments import Segment

PART_NUMBERS = 20_000
"""Numbers of a segment in one row: below half a megabyte."""

CELLS_MARK, ORGANISATION_MARK, NEWEST_MARK = b"c", b"o", b"n"
MINUTES_MARK, SPOKEN_MARK, COUNTED_MARK = b"h", b"s", b"k"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(SeriesRow).decode
_decode_newest = msgspec.msgpack.Decoder(int).decode
_decode_span = msgspec.msgpack.Decoder(tuple[int, int]).decode
_decode_counted = msgspec.msgpack.Decoder(list[tuple[str, str, int | str, int | str]]).decode


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


def heard_key(tenant: str, key: HeardKey) -> bytes:
    """The state key of a publisher's day, or of a span of who it spoke for."""
    mark = MINUTES_MARK if len(key) == 3 else SPOKEN_MARK
    return b"\0".join([tenant.encode(), mark, *(str(step).encode() for step in key)])


def encode_heard(heard: Heard, key: HeardKey, offset: int) -> bytes:
    """A publisher's day, or the first moment and the last day of a span, as a row."""
    if len(key) == 3:
        return stamp(offset, pack_minutes(heard.minutes[key[:2]][key[2]]))
    source, kind, rep, span = key
    return stamp(offset, _encode(heard.spoken[source][kind, rep, span]))


def restore_heard(heard: Heard, key: bytes, row: bytes) -> None:
    """Take a row of what was heard into what is there already."""
    steps = [step.decode() for step in key.split(b"\0")]
    if mark_of(key) == MINUTES_MARK:
        heard.join_minutes((steps[2], int(steps[3]), int(steps[4])), bytes(body_of(row)))
    else:
        first_ms, last_day = _decode_span(body_of(row))
        heard.speak(steps[2], (int(steps[3]), steps[4], int(steps[5])), first_ms, last_day)


def counted_key(tenant: str, rep: str) -> bytes:
    """The state key of a rep's counters."""
    return b"\0".join([tenant.encode(), COUNTED_MARK, rep.encode()])


def encode_counted(counted: Counted, rep: str, offset: int) -> bytes:
    """A rep's counters as a row; beyond 64 bits a number travels as decimal text."""
    packed = [(*place, *map(pack_amount, amounts)) for place, amounts in counted.reps[rep].items()]
    return stamp(offset, _encode(packed))


def restore_counted(counted: Counted, key: bytes, row: bytes) -> None:
    """Take a row of counters."""
    rows = _decode_counted(body_of(row))
    gains = {(measure, facet): [int(gained), int(lost)] for measure, facet, gained, lost in rows}
    counted.put(key.split(b"\0")[2].decode(), gains, stamped_offset(row))


def mark_of(key: bytes) -> bytes:
    """What a row holds: a segment (CELLS_MARK), an organisation event, a tenant's newest activity, what was heard or
    counted.
    """
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
