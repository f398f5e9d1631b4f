"""A deal's course: what is known of it while its events are taken one after the other, and since when it waits."""

from __future__ import annotations

from typing import Final

from mypy_extensions import i64, mypyc_attr

from schemas.cells import MINUTE_MS
from stream.accounts.entry import Entry
from stream.accounts.kinds import (
    AMOUNT_CHANGED,
    CLOSES,
    DEAL_KINDS,
    DEAL_OPENED,
    DEAL_REOPENED,
    OWNER_CHANGED,
    STAGE_CHANGED,
)
from stream.stages import NO_STAGE, stage_facet

HOUR_MS: Final = 60 * MINUTE_MS
LONG_AGO_MS: Final = -(2**61)


@mypyc_attr(acyclic=True)
class Course:
    """Where a deal stands once its events up to some moment are in.

    ``facet`` is its stage. ``hour_ms`` is the UTC hour of its last qualifying event while it is open, ``moved_ms`` the
    first such event of that hour. ``last_ms`` is the newest event that changed anything.
    """

    __slots__ = (
        "_pipeline", "_stage", "amount_minor", "currency", "facet", "hour_ms", "is_closed", "is_opened", "last_ms",
        "moved_ms", "rep",
    )  # fmt: skip

    def __init__(self) -> None:
        self.is_opened = False
        self.is_closed = False
        self.rep: str = ""
        self.facet: str = NO_STAGE
        self.currency: str | None = None
        self.amount_minor: int = 0
        self.hour_ms: i64 = LONG_AGO_MS
        self.moved_ms: i64 = LONG_AGO_MS
        self.last_ms: i64 = LONG_AGO_MS
        self._pipeline: str | None = None
        self._stage: str | None = None

    def is_open(self) -> bool:
        """Whether it was opened, and no close stands."""
        return self.is_opened and not self.is_closed

    def take(self, entry: Entry) -> bool:
        """Take the next event in order; False if nothing changes by it."""
        was_open = self.is_open()
        qualifies = self._take_own(entry) if entry.kind in DEAL_KINDS else True
        hour_ms = entry.time_ms // HOUR_MS * HOUR_MS
        moves = qualifies and self.is_open() and (not was_open or hour_ms != self.hour_ms)
        if moves:
            self.hour_ms = hour_ms
            self.moved_ms = entry.time_ms
        if moves or entry.kind in DEAL_KINDS:
            self.last_ms = entry.time_ms
            return True
        return False

    def _take_own(self, entry: Entry) -> bool:
        """Take one of the deal's own events; whether it qualifies as something done about the deal."""
        kind, data = entry.kind, entry.data
        was_open = self.is_open()
        if kind == DEAL_OPENED:
            self.is_opened = True
            self.rep = data.rep
            if data.stage is not None or data.pipeline is not None:
                self._stage, self._pipeline = data.stage or self._stage, data.pipeline or self._pipeline
                self.facet = stage_facet(self._pipeline, self._stage)
            if data.amount_minor is not None:
                self.amount_minor = data.amount_minor
            self.currency = data.currency or self.currency
        elif kind == OWNER_CHANGED:
            self.rep = data.rep
        elif kind == AMOUNT_CHANGED:
            self.amount_minor = data.amount_minor
            self.currency = data.currency
        elif kind == STAGE_CHANGED:
            self._stage = data.stage
            self.facet = stage_facet(self._pipeline, data.stage)
        elif kind == DEAL_REOPENED:
            self.is_closed = False
        elif kind in CLOSES:
            self.is_closed = True
        return kind == STAGE_CHANGED or not was_open
