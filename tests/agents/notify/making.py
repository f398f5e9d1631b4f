"""Alerts for tests of channels."""

from __future__ import annotations

from typing import Any

from agents.notify.channel import Telling
from schemas.alert import AlertRecord, Notice, NoticeKind


def record(scope: str, now_ms: int, **more: Any) -> AlertRecord:
    """A rep's stall that fired a minute ago."""
    said: dict[str, Any] = {"tenant": "acme", "alert": "rep_stall", "scope": scope, "state": "firing"}
    said |= {"severity": "warning", "owner": "team lead", "as_of_ms": now_ms, "met_ms": now_ms - 60_000}
    said |= {"since_ms": now_ms - 6_000_000, "fired_ms": now_ms - 60_000, "team": "North", "group": "rep_stall/North"}
    said |= {
        "title": f"Rep stall: {scope}",
        "text": "Nothing for 95 min.",
        "next_step": "Ask.",
        "link": "/x",
        "episode": 1,
    }
    return AlertRecord(**(said | more))


def telling(scope: str, now_ms: int, kind: NoticeKind = "fired", channel: str = "webhook", **more: Any) -> Telling:
    """A notice of it."""
    made = record(scope, now_ms, **more)
    return Telling(made, Notice(f"{made.id}-{now_ms}-{kind}-{channel}", channel, kind, now_ms, now_ms))
