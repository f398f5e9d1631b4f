"""Panes: the smallest spans of time kept. A pane is a UTC minute since the epoch, an integer by floor division."""

from __future__ import annotations

from schemas.cells import MINUTE_MS, QUARTER_MIN

HOUR_MIN = 60
DAY_MIN = 24 * HOUR_MIN
MINUTE_HISTORY_MIN = 50 * HOUR_MIN
"""Minutes are kept this far back; older panes are quarter-hours, on which every zone's days begin."""


def minute_of(time_ms: int) -> int:
    """The pane of an instant."""
    return time_ms // MINUTE_MS


def kept_pane(pane: int, coarse_before_min: int) -> int:
    """The pane under which a contribution is kept: its minute, or the quarter-hour it lies in where it is old."""
    return pane if pane >= coarse_before_min else pane - pane % QUARTER_MIN
