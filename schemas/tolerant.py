"""The second tier: a valid activity event with fields that nobody knows, which a publisher may add at any time.

One generic pass, what is unknown taken out and named, then the hot path's shapes and checks over the rest. Like the hot
path it only says "this is a valid event" or nothing; a property test holds that the contract agrees.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pydantic import BaseModel

from schemas.contract import IGNORED, Envelope
from schemas.envelope import Event
from schemas.findings import model_of, wire_fields
from schemas.hot import ENVELOPES
from schemas.limits import MAX_BYTES, MAX_DEPTH
from schemas.ordinary import event_of
from schemas.plain_json import depth_of
from schemas.types import ACTIVITY_TYPES

_BACKSLASH: Final = b"\\"
_ESCAPES_LEFT_TO_THE_CONTRACT: Final = (b"\\u0000", b"\\ud", b"\\uD")
_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

Known = dict[str, Any]
"""Names of fields: of an object with those of its own, with `_DROPPED` if it is known and not kept, else with None."""

_UNREAD: Final = frozenset({"data", "data_base64"}) | IGNORED
_ATTRIBUTES: Final = frozenset(Envelope.model_fields) - _UNREAD
_DROPPED: Final = object()

_decode: Final = msgspec.json.Decoder().decode


def _known_fields(model: type[BaseModel]) -> Known:
    known: Known = {}
    for name, held in wire_fields(model).items():
        inner = model_of(held)
        known[name] = _DROPPED if held.exclude else None if inner is None else _known_fields(inner)
    return known


_TYPES: Final = {row.name: (ENVELOPES[int(row.kind)], _known_fields(row.model)) for row in ACTIVITY_TYPES}


def decode_tolerant(raw: bytes) -> tuple[Event, tuple[str, ...]] | None:
    """The event and the dotted names, sorted, of its unknown fields; None if the contract has to decide."""
    if len(raw) > MAX_BYTES or (_BACKSLASH in raw and any(mark in raw for mark in _ESCAPES_LEFT_TO_THE_CONTRACT)):
        return None
    try:
        found = _decode(raw)
    except _UNREADABLE:
        return None
    # Fewer brackets than levels are allowed: no need to look at how they nest.
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and depth_of(raw.decode()) > MAX_DEPTH:
        return None
    if not isinstance(found, dict) or found.get("data_base64") is not None:
        return None
    type_name, data = found.get("type"), found.get("data")
    shape, fields = _TYPES.get(type_name, (None, {})) if isinstance(type_name, str) else (None, {})
    if shape is None or not (data is None or isinstance(data, dict)):
        return None
    kept, names = {}, set()
    for name, held in found.items():
        if name in _ATTRIBUTES:
            kept[name] = held
        elif name not in _UNREAD:
            names.add(name)
    if data is not None and kept.get("voided") is not True:
        kept["data"] = _known(data, fields, "data.", names)
    event = _event(kept, shape)
    return None if event is None else (event, tuple(sorted(names)))


def _event(kept: dict[str, Any], shape: type[Any]) -> Event | None:
    try:
        envelope = msgspec.convert(kept, shape)
    except msgspec.ValidationError:
        return None
    data, is_sound = envelope.data, envelope.is_sound
    if not envelope.voided and (data is None or (is_sound is not None and not is_sound(data))):
        return None
    return event_of(envelope)


def _known(found: dict[str, Any], fields: Known, prefix: str, names: set[str]) -> dict[str, Any]:
    """The object without what nobody knows, whose names are added to ``names``."""
    kept: dict[str, Any] = {}
    for name, held in found.items():
        inner = fields.get(name, names)
        if inner is names:
            names.add(prefix + name)
        elif isinstance(inner, dict) and isinstance(held, dict):
            kept[name] = _known(held, inner, f"{prefix}{name}.", names)
        elif isinstance(inner, dict) and isinstance(held, list):
            path = f"{prefix}{name}[]."
            kept[name] = [_known(part, inner, path, names) if isinstance(part, dict) else part for part in held]
        elif inner is not _DROPPED:
            kept[name] = held
    return kept
