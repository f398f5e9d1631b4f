"""What an activity adds by itself: a touch, an appointment held."""

from __future__ import annotations

from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY
from stream.accounts.standing import Cells
from stream.panes import minute_of


def touch_cells(touch: Entry) -> Cells:
    """Activity: one touch by rep and kind; an automated one is counted as such, too."""
    pane, data = minute_of(touch.time_ms), touch.data
    rep = data.rep or NOBODY
    if data.automated:
        return {**automated_cells(rep, data.kind, pane), ("touches", "rep", rep, data.kind, pane, pane): 1}
    return {("touches", "rep", rep, data.kind, pane, pane): 1}


def automated_cells(rep: str, kind: str, pane: int) -> Cells:
    """An automated touch, which nobody held."""
    return {("touches_automated", "rep", rep, kind, pane, pane): 1}


def appointment_cells(held: Entry) -> Cells:
    """An appointment that was held, for the rep who held it."""
    pane = minute_of(held.time_ms)
    return {("appointments_held", "rep", held.data.rep or NOBODY, "", pane, pane): 1}
