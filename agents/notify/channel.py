"""What every channel does: take a notice, or say why not. A notice that was not taken is offered again later."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from schemas.alert import AlertRecord, Notice

ANSWER_LIMIT_S = 10.0
REASON_CHARS = 200


class NotTaken(Exception):
    """The channel did not take it. The text says why, in one line."""


class Telling(NamedTuple):
    """An alert, and what its channel has to be told of it."""

    record: AlertRecord
    notice: Notice


class Channel(Protocol):
    """Somewhere people are told. ``name`` is in every notice for it."""

    name: str

    def together(self, tellings: Sequence[Telling]) -> list[list[Telling]]:
        """What goes out as one. Each part is told, and fails, by itself."""

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Deliver one part. It may have been delivered before: it carries the same key then. Raises NotTaken."""


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """POST JSON; anything but a success is NotTaken."""
    await ask(url, "POST", body, headers)


async def ask(url: str, method: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> bytes:
    """Send a request, with JSON if there is a body; what is answered. Anything but a success is NotTaken."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", **(headers or {})}, method=method)

    def send() -> bytes:
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as answer:
            said: bytes = answer.read()
            return said

    try:
        return await asyncio.to_thread(send)
    except (urllib.error.URLError, OSError, ValueError) as exc:
        reason = f"HTTP {exc.code}" if isinstance(exc, urllib.error.HTTPError) else f"{type(exc).__name__}: {exc}"
        raise NotTaken(reason[:REASON_CHARS]) from exc
