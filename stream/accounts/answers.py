"""What a customer's answers add: the latest takes the place of the one before (Reichheld's classes: 9-10, 7-8, 0-6)."""

from __future__ import annotations

from schemas.cells import Cell
from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY
from stream.accounts.standing import Cells, add
from stream.panes import minute_of

PROMOTER_FROM, PASSIVE_FROM = 9, 7
NPS_SCALE = (0, 10)


def is_nps(answer: Entry) -> bool:
    """Whether an answer counts for the customer NPS: its kind, on the scale 0-10."""
    scale = answer.data.scale
    return bool(answer.data.kind == "nps" and (scale.min, scale.max) == NPS_SCALE)


def answer_cells(previous: Entry | None, answer: Entry) -> Cells:
    """An answer takes the place of the customer's previous one, known when it comes."""
    known = minute_of(answer.time_ms)
    cells = {_answer_cell(answer, known): 1}
    if previous is not None:
        add(cells, {_answer_cell(previous, known): 1}, -1)
    return cells


def _answer_cell(answer: Entry, known: int) -> Cell:
    score = answer.data.score
    kind = "promoter" if score >= PROMOTER_FROM else "passive" if score >= PASSIVE_FROM else "detractor"
    return ("nps_answers", "rep", answer.data.rep or NOBODY, kind, minute_of(answer.time_ms), known)
