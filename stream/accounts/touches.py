"""What an activity adds by itself: a touch, an appointment held or planned."""

from __future__ import annotations

from typing import Final

from schemas.instants import milliseconds_of
from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY
from stream.accounts.standing import Cells
from stream.panes import minute_of

LONG_S: Final = 2_700
"""A touch of this length (45 min), and longer, is said with its length: it is half of what makes a stall. Shorter ones
are most, and cost nothing."""
LONGEST_MIN: Final = 720
PLANNED_AHEAD_MIN: Final = 90 * 24 * 60
MINUTE_S: Final = 60


def touch_cells(touch: Entry) -> Cells:
    """Activity: one touch by rep and kind, and its minutes if it was long; an automated one is counted as such, too."""
    pane, data = minute_of(touch.time_ms), touch.data
    rep = data.rep or NOBODY
    cells: Cells = {("touches", "rep", rep, data.kind, pane, pane): 1}
    if data.automated:
        return automated_cells(rep, data.kind, pane) | cells
    if data.duration_s is not None and data.duration_s >= LONG_S:
        cells["engaged", "rep", rep, "", pane, pane] = min(data.duration_s // MINUTE_S, LONGEST_MIN)
    return cells


def automated_cells(rep: str, kind: str, pane: int) -> Cells:
    """An automated touch, which nobody held."""
    return {("touches_automated", "rep", rep, kind, pane, pane): 1}


def appointment_cells(held: Entry) -> Cells:
    """An appointment that was held, for the rep who held it."""
    pane = minute_of(held.time_ms)
    return {("appointments_held", "rep", held.data.rep or NOBODY, "", pane, pane): 1}


def plan_cells(planned: Entry) -> Cells:
    """An appointment at the moment at which it begins, for the rep who will hold it; nothing, where that isn't said or
    lies in the past or far ahead. It is known only once it begins: nobody asks before.
    """
    starts_ms = milliseconds_of(planned.data.starts_at) if planned.data.starts_at is not None else None
    if starts_ms is None or not 0 <= minute_of(starts_ms) - minute_of(planned.time_ms) <= PLANNED_AHEAD_MIN:
        return {}
    pane = minute_of(starts_ms)
    return {("planned", "rep", planned.data.rep or NOBODY, "", pane, pane): 1}
