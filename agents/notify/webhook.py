"""The webhook: one signed POST for each notice."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence

import msgspec

from agents.notify.channel import Telling, post
from schemas.alert_view import view

SIGNATURE, TIMESTAMP, KEY = "X-Salespulse-Signature", "X-Salespulse-Timestamp", "Idempotency-Key"


class Webhook:
    """Posts alerts to one address. A receiver that remembers keys sees each notice once."""

    name = "webhook"

    def __init__(self, url: str, secret: str, public_url: str) -> None:
        self._url, self._secret, self._public_url = url, secret.encode(), public_url

    def together(self, tellings: Sequence[Telling]) -> list[list[Telling]]:
        """Each alone."""
        return [[telling] for telling in tellings]

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Post a notice."""
        for record, notice in tellings:
            body = msgspec.json.encode(
                {"kind": notice.kind, "key": notice.key, "alert": view(record, self._public_url)}
            )
            headers = {KEY: notice.key}
            if self._secret:
                stamp = str(int(time.time()))
                headers |= {TIMESTAMP: stamp, SIGNATURE: signature(self._secret, stamp, body)}
            await post(self._url, body, headers)


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the time stamp, a dot, and the body, in hexadecimal."""
    return "sha256=" + hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
