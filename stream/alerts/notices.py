"""Telling a channel once: what is due, and what becomes of a notice that was tried."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from schemas.alert import AlertRecord, Notice

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 300_000
GIVE_UP_AFTER_MS = 24 * 3_600_000
"""Nobody wants to be told of what happened a day ago."""

Change = Callable[[Notice], Notice]


def due(record: AlertRecord, now_ms: int) -> list[Notice]:
    """The notices to be tried now, oldest first; a channel is told things in order, so only its first."""
    found: dict[str, Notice] = {}
    for notice in record.notices:
        if is_waiting(notice):
            found.setdefault(notice.channel, notice)
    return [notice for notice in found.values() if notice.next_ms <= now_ms]


def is_waiting(notice: Notice) -> bool:
    """Whether a notice still has to be delivered."""
    return notice.delivered_ms is None and not notice.given_up


def delivered(record: AlertRecord, key: str, now_ms: int) -> AlertRecord:
    """The record after the channel took a notice."""
    return _with(record, key, lambda notice: replace(notice, delivered_ms=now_ms, failure=""))


def failed(record: AlertRecord, key: str, now_ms: int, failure: str) -> AlertRecord:
    """The record after a channel did not take a notice: tried again later each time, given up after a day."""

    def later(notice: Notice) -> Notice:
        pause_ms = min(FIRST_PAUSE_MS * 2**notice.attempts, LONGEST_PAUSE_MS)
        return replace(
            notice,
            attempts=notice.attempts + 1,
            next_ms=now_ms + pause_ms,
            failure=failure,
            given_up=now_ms - notice.made_ms > GIVE_UP_AFTER_MS,
        )

    return _with(record, key, later)


def _with(record: AlertRecord, key: str, change: Change) -> AlertRecord:
    if not any(notice.key == key and is_waiting(notice) for notice in record.notices):
        return record
    return replace(record, notices=[change(each) if each.key == key else each for each in record.notices])
