"""The forms of KPI there are, and how each is read."""

from __future__ import annotations

from schemas.kpi import FormName
from stream.board.forms.attainment import ATTAINMENT
from stream.board.forms.form import Form
from stream.board.forms.leaderboard import LEADERBOARD
from stream.board.forms.plain import PLAIN
from stream.board.forms.stall import STALL
from stream.board.forms.stalled import STALLED

FORMS: dict[FormName, Form] = {
    **PLAIN,
    "attainment": ATTAINMENT,
    "leaderboard": LEADERBOARD,
    "stall": STALL,
    "stalled": STALLED,
}
