"""Published values: the records of the topic that holds what boards, alerts and other programs see of a tenant.

    tenant/kpi/scope/window   the value as the API prints it; a tombstone where there is none any more
    tenant//                  the Standing: the moment for which everything else of the tenant holds

A value that did not change is not written again: its own ``as_of`` is when it changed last, the standing's is how far
it is known to hold. Both come with two headers: ``as-of-ms``, the exact moment (epoch ms), by which a reader tells
older from newer, and ``generation``.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from schemas.binary_mode import Headers

AS_OF = "as-of-ms"
GENERATION = "generation"


class Standing(msgspec.Struct):
    """A tenant's published values are those of ``as_of`` (RFC 3339; ``as_of_ms`` is the moment of reading).

    ``values``: how many there are; ``dropped``: how many were left out for want of room. ``stale``: records had waited
    for longer than a value may, so that every value is as old as a stale one of the API.
    """

    tenant: str
    as_of_ms: int
    as_of: str
    values: int
    dropped: int
    stale: bool
    generation: int


class Place(NamedTuple):
    """What a published value is of."""

    tenant: str
    kpi: str
    scope: str
    window: str


class Published(NamedTuple):
    """A value's line, or None where there is none any more, as it was read at ``as_of_ms`` (epoch ms)."""

    place: Place
    as_of_ms: int
    line: bytes | None


class NotPublished(ValueError):
    """A record that is none of the topic's."""


def value_key(place: Place) -> bytes:
    """The key of a value's record; neither tenant, KPI nor window holds a slash."""
    return "/".join(place).encode()


def standing_key(tenant: str) -> bytes:
    """The key of a tenant's Standing."""
    return f"{tenant}//".encode()


def place_of(key: bytes) -> Place | None:
    """What a record's key says its value is of; None: it is a Standing's. Raises NotPublished."""
    tenant, _, rest = key.decode().partition("/")
    kpi, slash, rest = rest.partition("/")
    if slash and not kpi and not rest:
        return None
    scope, slash, window = rest.rpartition("/")
    if not (tenant and kpi and slash):
        raise NotPublished(f"{key!r} is no key of a published value: tenant/kpi/scope/window")
    return Place(tenant, kpi, scope, window)


def headers_of(as_of_ms: int, generation: int) -> Headers:
    """The headers of a record."""
    return ((AS_OF, b"%d" % as_of_ms), (GENERATION, b"%d" % generation))


def as_of_ms_of(headers: Headers) -> int:
    """The moment of a record. Raises NotPublished where it has none."""
    for name, said in headers:
        if name == AS_OF:
            return int(said)
    raise NotPublished(f"a published value has no header {AS_OF}")


encode_standing = msgspec.json.Encoder().encode
decode_standing = msgspec.json.Decoder(Standing).decode
