"""Publishing sources as the API tells of them: one line each, with what would be missing if it fell silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from stream.board.board import Board
from stream.board.feeds import Speaking, kinds_of
from stream.board.moment import moment_at
from stream.board.reference.roster import NOBODY
from stream.board.sources import sources_at, speaking_of
from stream.catalogue.catalogue import Catalogue

REPS_MAX = 20
MS_PER_S = 1_000


class SourceLine(msgspec.Struct):
    """A publisher at a moment. Either its heartbeat promised an interval, or it has a habit at this hour of the week,
    or neither is known. ``feeds`` are KPIs, ``reps`` those it named in the last 28 days, REPS_MAX of ``reps_total``.
    """

    source: str
    silent: bool
    last_heard_at: str
    quiet_s: float
    interval_s: int | None
    usual_gap_s: float | None
    feeds: list[str]
    reps: list[str]
    reps_total: int


def source_lines(board: Board, catalogue: Catalogue, as_of_ms: int) -> Iterator[SourceLine]:
    """Every publisher that was heard, as far back as that is kept, by name."""
    moment = moment_at(board, as_of_ms)
    for source in sources_at(moment).values():
        speaking = speaking_of(moment, source.name)
        reps = sorted({rep for named in speaking.values() for rep in named} - {NOBODY})
        gap = source.usual_gap_min
        yield SourceLine(
            source=source.name,
            silent=source.is_silent,
            last_heard_at=_instant(source.last_ms),
            quiet_s=max(as_of_ms - source.last_ms, 0) / MS_PER_S,
            interval_s=source.interval_s,
            usual_gap_s=None if gap is None else float(gap * 60),
            feeds=fed_kpis(catalogue, speaking),
            reps=reps[:REPS_MAX],
            reps_total=len(reps),
        )


def fed_kpis(catalogue: Catalogue, speaking: Speaking) -> list[str]:
    """The KPIs computed from kinds that a publisher sends. What a target counts is not looked at."""
    fed = []
    for slug, definition in sorted(catalogue.definitions.items()):
        ranked = catalogue.find(definition.ranks).measures if definition.ranks is not None else set()
        if kinds_of(definition.measures | ranked) & speaking.keys():
            fed.append(slug)
    return fed


def _instant(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms / MS_PER_S, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at_ms % MS_PER_S:03}Z"
