"""Letters as JSON, the same over HTTP and at the command line."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.letters.letter import Letter, Mark
from gateway.letters.selection import State
from gateway.letters.sending import Outcome

_NUMBER = re.compile(r"\d{1,19}", re.ASCII)
ORIGIN = ("origin-topic", "origin-partition", "origin-offset")


def instant(ms: int) -> str:
    """Epoch milliseconds as RFC 3339."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def state_of(mark: Mark | None) -> State:
    """What has become of a letter."""
    return State.OPEN if mark is None else State.SENT


def summary(letter: Letter, mark: Mark | None) -> dict[str, Any]:
    """A letter in a list. What isn't there is left out."""
    found: dict[str, Any] = {
        "address": str(letter.address),
        "state": state_of(mark),
        "reason": letter.reason,
        "detail": letter.told("detail"),
        "tenant": letter.tenant,
        "source": letter.told("source"),
        "id": letter.told("id"),
        "received_at": instant(letter.received_ms),
        "refused_at": instant(letter.refused_ms),
        "size": letter.size,
    }
    topic, partition, offset = (letter.told(name) for name in ORIGIN)
    if topic and _NUMBER.fullmatch(partition) and _NUMBER.fullmatch(offset):
        found["origin"] = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    if mark is not None:
        found["sent"] = {
            "at": instant(mark.sent_ms),
            "times": mark.times,
            "by": mark.by,
            "source": mark.source,
            "id": mark.id,
            "revision": mark.revision,
            "patched": mark.is_patched,
        }
    return found


def whole(letter: Letter, mark: Mark | None, today: Outcome) -> dict[str, Any]:
    """A letter by itself: with its headers, its bytes and what would become of it today."""
    found = summary(letter, mark)
    found["headers"] = {name: value.decode(errors="replace") for name, value in letter.headers.items()}
    if letter.key is not None:
        found["key"] = letter.key.decode(errors="replace")
    if letter.is_binary:
        found["event"] = letter.raw.decode(errors="replace")
    return found | held(letter.as_it_came, letter.has_bytes) | {"today": {"code": today.code, "detail": today.detail}}


def held(raw: bytes, has_bytes: bool = True) -> dict[str, str]:
    """Bytes as a member: ``text`` where they are UTF-8, else ``base64``; none where they were not kept."""
    if not has_bytes:
        return {}
    try:
        return {"text": raw.decode()}
    except UnicodeDecodeError:
        return {"base64": b64encode(raw).decode()}


def told(outcome: Outcome) -> dict[str, Any]:
    """What became of a letter."""
    found: dict[str, Any] = msgspec.to_builtins(outcome)
    return found
