"""How often rules would have fired: the past, judged again moment by moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.alert import AlertRecord
from schemas.cells import MINUTE_MS
from stream.alerts.engine import Alerts, judge_moment
from stream.alerts.lateness import Lateness
from stream.alerts.rules import Rules
from stream.board.board import Board
from stream.board.moment import moment_of


@dataclass(frozen=True)
class Firing:
    """An episode as it began; ``ended_ms`` None: it still lasted at the end."""

    record: AlertRecord
    ended_ms: int | None = None


def backtest(board: Board, rules: Rules, begin_ms: int, end_ms: int, *, every_ms: int) -> Iterator[Firing]:
    """Every episode that began in [begin_ms, end_ms), in order of its beginning, judged each ``every_ms``.

    What is known now is taken as known then: an event that came late counts from its own time on. What was open at the
    beginning is not counted: nobody knows since when.
    """
    alerts = Alerts("", live_ms=begin_ms, lateness=Lateness(unseen=0))
    begun: dict[tuple[str, str], AlertRecord] = {}
    found: list[Firing] = []
    for as_of_ms in range(begin_ms, end_ms, every_ms):
        moment = moment_of(board, as_of_ms // MINUTE_MS + 1, as_of_ms)
        for change in judge_moment(moment, rules, alerts, ()):
            if not isinstance(change, AlertRecord) or change.fired_ms is None:
                continue
            key = (change.alert, change.scope)
            if change.fired_ms == as_of_ms and change.is_open:
                begun[key] = change
            elif change.resolved_ms == as_of_ms and key in begun:
                found.append(Firing(begun.pop(key), as_of_ms))
    found += [Firing(record) for record in begun.values()]
    counted = [firing for firing in found if (firing.record.fired_ms or 0) > begin_ms]
    yield from sorted(counted, key=lambda firing: (firing.record.fired_ms or 0, firing.record.key))
