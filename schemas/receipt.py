"""Signed receipts: the `received-at` header that our own gateway, redrive and re-keying put on a record.

``received-at`` holds ASCII epoch milliseconds, ``received-sig`` the hex HMAC-SHA256, under the signing key, of
``<received-at>|<sha256 of the value>``. A receipt counts only if the signature verifies, or anybody could backdate.
"""

from __future__ import annotations

import hashlib
import hmac

RECEIVED_AT = "received-at"
RECEIVED_SIG = "received-sig"
REKEYED_FROM = "rekeyed-from"
"""Where a record that was put home had strayed to: partition and offset, ``3-1742``. A hint, proof of nothing."""

Header = tuple[str, bytes]


def sign(received_ms: int, value: bytes, signing_key: bytes) -> list[Header]:
    """The two headers of a receipt. ``signing_key`` must not be empty."""
    at = str(received_ms).encode()
    return [(RECEIVED_AT, at), (RECEIVED_SIG, _signature(at, value, signing_key))]


def verified_ms(headers: tuple[Header, ...] | list[Header], value: bytes | None, signing_key: bytes) -> int | None:
    """The receipt that ``headers`` prove for ``value``, epoch milliseconds; None if they prove nothing."""
    if not signing_key or value is None:
        return None
    given = dict(headers)
    at, signature = given.get(RECEIVED_AT), given.get(RECEIVED_SIG)
    if not at or not signature or not at.isdigit() or len(at) > 15:
        return None
    return int(at) if hmac.compare_digest(signature, _signature(at, value, signing_key)) else None


def _signature(at: bytes, value: bytes, signing_key: bytes) -> bytes:
    return hmac.new(signing_key, at + b"|" + hashlib.sha256(value).digest(), hashlib.sha256).hexdigest().encode()
