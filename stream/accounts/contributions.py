"""What an account contributes: a pure function of the set of its valid events."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.cells import Cell
from stream.accounts.account import Account
from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY, lead_field
from stream.accounts.orders import order_cells
from stream.accounts.standing import Cells, Standing, add, changes
from stream.accounts.wins import deal_cells
from stream.panes import minute_of

PROMOTER_FROM, PASSIVE_FROM = 9, 7
NPS_SCALE = (0, 10)


def contributions(account: Account) -> Cells:
    """Everything the account adds to cells."""
    cells: Cells = {}
    for part in _parts(account):
        add(cells, part)
    return cells


def _parts(account: Account) -> Iterator[Cells]:
    for lead_id in account.leads:
        yield lead_cells(account, lead_id)
    for deal_id in account.deals:
        yield deal_cells(account, deal_id)
    for order_id in account.orders:
        yield order_cells(account, order_id)
    yield from (touch_cells(entry) for entry in account.every_touch())
    previous: Entry | None = None
    for entry in account.answers:
        if is_nps(entry):
            yield answer_cells(previous, entry)
            previous = entry


def touch_cells(touch: Entry) -> Cells:
    """Activity: one touch by rep and kind."""
    pane = minute_of(touch.time_ms)
    return {("touches", "rep", touch.data.rep or NOBODY, touch.data.kind, pane, pane): 1}


def lead_cells(account: Account, lead_id: str) -> Cells:
    """A new lead, on the day it was first created, under the rep and source it has at each moment."""
    created = account.leads[lead_id].created
    if not created:
        return {}
    pane = minute_of(created[0].time_ms)
    if len(created) == 1:
        data = created[0].data
        return {
            ("new_leads", "rep", data.rep or NOBODY, "", pane, pane): 1,
            ("new_leads", "source", data.source or NOBODY, "", pane, pane): 1,
        }

    def standing_at(time_ms: int) -> Standing:
        rep = lead_field(account, lead_id, "rep", time_ms) or NOBODY
        source = lead_field(account, lead_id, "source", time_ms) or NOBODY
        return {("new_leads", "rep", rep, "", pane): 1, ("new_leads", "source", source, "", pane): 1}

    return changes((entry.time_ms for entry in created), standing_at)


def is_nps(answer: Entry) -> bool:
    """Whether an answer counts for the customer NPS: its kind, on the scale 0-10."""
    scale = answer.data.scale
    return bool(answer.data.kind == "nps" and (scale.min, scale.max) == NPS_SCALE)


def answer_cells(previous: Entry | None, answer: Entry) -> Cells:
    """An answer takes the place of the customer's previous one, known when it comes (Reichheld's classes: 9-10, 7-8,
    0-6).
    """
    known = minute_of(answer.time_ms)
    cells = {_answer_cell(answer, known): 1}
    if previous is not None:
        add(cells, {_answer_cell(previous, known): 1}, -1)
    return cells


def _answer_cell(answer: Entry, known: int) -> Cell:
    score = answer.data.score
    kind = "promoter" if score >= PROMOTER_FROM else "passive" if score >= PASSIVE_FROM else "detractor"
    return ("nps_answers", "rep", answer.data.rep or NOBODY, kind, minute_of(answer.time_ms), known)
