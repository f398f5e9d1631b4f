"""When a rep was with a customer: during a long touch, and from when an appointment was to begin.

The KPI of stalls counts that time, as its definition says; alerts don't.
"""

from __future__ import annotations

from collections.abc import Iterator

from stream.board.moment import Moment
from stream.working_time import Span, merged

LONGEST_MIN = 720
"""No touch lasts longer."""


def engagements(moment: Moment, rep: str, last: int, plan_min: int) -> list[Span]:
    """The UTC minutes after a rep's last activity, before the cut, in which it was engaged, in order and apart.

    A touch says how long it lasted. An appointment doesn't: it is thought to last ``plan_min`` if nothing was heard of
    the rep since it began.
    """
    spans = [(start, start + minutes) for start, minutes in _panes(moment, "engaged", rep, last - LONGEST_MIN)]
    spans += [(start, start + plan_min) for start, _ in _panes(moment, "planned", rep, last + 1)]
    cut = moment.cut
    return merged((max(start, last + 1), min(end, cut)) for start, end in spans if end > last + 1 and start < cut)


def engaged_minutes(moment: Moment, rep: str, start: int, end: int) -> int:
    """Minutes of a rep's long touches that began in [start, end)."""
    return sum(minutes for _, minutes in _panes(moment, "engaged", rep, start, end))


def _panes(moment: Moment, measure: str, rep: str, start: int, end: int | None = None) -> Iterator[tuple[int, int]]:
    for series in moment.board.find(measure, "rep", rep).values():
        found: dict[int, int] = {}
        for pane, amount in series.amounts(start, moment.cut if end is None else end, moment.cut):
            found[pane] = found.get(pane, 0) + amount
        yield from ((pane, amount) for pane, amount in found.items() if amount > 0)
