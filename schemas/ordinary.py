"""The hot path: one msgspec pass over an ordinary event, its checks, one Event.

It only ever says "this is a valid event" or nothing: then the contract decides (`schemas.contract`).
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from schemas.envelope import Event
from schemas.hot import decode_envelope
from schemas.instants import milliseconds_at
from schemas.limits import MAX_BYTES, TENANT_PATTERN

_BACKSLASH: Final = b"\\"
_NUL: Final = b"\\u0000"
NO_ENVELOPE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are no ordinary event."""
_REMEMBERED_MAX: Final = 10_000

_fullmatch: Final = re.compile(TENANT_PATTERN).fullmatch
_tenants: Final[dict[str, str]] = {}
_sources: Final[dict[str, str]] = {}


def envelope_of(raw: bytes) -> Any:
    """The envelope of an event whose attributes and data have the shapes of its type, else None.

    What is still unsaid: whether its time, its tenant and its subject keep the contract.
    """
    if len(raw) > MAX_BYTES or (_BACKSLASH in raw and _NUL in raw):
        return None
    try:
        envelope = decode_envelope(raw)
    except NO_ENVELOPE:
        return None
    if envelope.voided:
        envelope.data = None
    else:
        data = envelope.data
        is_sound = envelope.is_sound
        if data is None or (is_sound is not None and not is_sound(data)):
            return None
    return envelope


def event_of(envelope: Any) -> Event | None:
    """The event that such an envelope carries, or None if the contract has to decide."""
    time_ms = milliseconds_at(envelope.time)
    subject: str = envelope.subject
    if time_ms is None or not subject.isprintable():
        return None
    received_ms: int | None = None
    if envelope.receivedat is not None:
        received_ms = milliseconds_at(envelope.receivedat)
        if received_ms is None:
            return None
    tenant = known_tenant(envelope.tenant)
    if tenant is None:
        return None
    return Event(
        envelope.kind,
        time_ms,
        shared_source(envelope.source),
        envelope.id,
        envelope.revision,
        envelope.voided,
        envelope.backfill,
        tenant,
        subject,
        received_ms,
        envelope.data,
    )


def known_tenant(name: str) -> str | None:
    """The tenant's name, always the same string for the same name; None if it keeps no tenant's pattern."""
    found = _tenants.get(name)
    if found is None:
        if _fullmatch(name) is None:
            return None
        if len(_tenants) >= _REMEMBERED_MAX:
            _tenants.clear()
        found = _tenants[name] = name
    return found


def shared_source(name: str) -> str:
    """The first string equal to a source's name, so that a million events share it."""
    found = _sources.get(name)
    if found is None:
        if len(_sources) >= _REMEMBERED_MAX:
            _sources.clear()
        found = _sources[name] = name
    return found


def decode_ordinary(raw: bytes) -> Event | None:
    """The event in ``raw`` if it is an ordinary valid one, else None."""
    envelope = envelope_of(raw)
    return None if envelope is None else event_of(envelope)
