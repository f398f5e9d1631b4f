"""Events as everybody works with them: bytes in, an Event or a Refusal out, and the questions one asks of an event."""

from __future__ import annotations

from schemas.contract import decode_by_contract, unknown_fields_by_contract
from schemas.envelope import Event, Kind, is_activity, judge_time, same_content
from schemas.ordinary import decode_ordinary
from schemas.partitioning import encode_key, home_partition
from schemas.tolerant import decode_tolerant
from schemas.types import NAME_OF
from schemas.verdicts import Refusal

__all__ = [
    "NAME_OF",
    "Event",
    "Kind",
    "decode",
    "decode_further",
    "encode_key",
    "home_partition",
    "is_activity",
    "judge_time",
    "same_content",
    "unknown_fields",
]


def decode(raw: bytes) -> Event | Refusal:
    """The event in `raw`, or why it is none: everything that can be judged from the bytes alone. Never raises."""
    event = decode_ordinary(raw)
    return decode_further(raw)[0] if event is None else event


def decode_further(raw: bytes) -> tuple[Event | Refusal, tuple[str, ...]]:
    """What `decode` says of bytes that are no ordinary event, and the unknown fields if they are an event all the same.

    Dotted names, sorted; of array elements with [].
    """
    found = decode_tolerant(raw)
    if found is not None:
        return found
    event = decode_by_contract(raw)
    return event, () if isinstance(event, Refusal) else unknown_fields_by_contract(raw)


def unknown_fields(raw: bytes) -> tuple[str, ...]:
    """Dotted names of the fields ignored in a valid event; () at once for an ordinary one, which has none."""
    return () if decode_ordinary(raw) is not None else decode_further(raw)[1]
