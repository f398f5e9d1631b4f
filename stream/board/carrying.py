"""From one moment to the next: the sums that are still right are carried over, so that only others are made again.

Between two moments of the same local day with the same reference data a sum over a window changes only if a cell was
added, if one became known, or if one fell out of a window that moves with the clock, or came of age.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass

from stream.board.board import Spot
from stream.board.heard import DAY_MIN
from stream.board.moment import DAWN, PUNCTUAL, Cut, Lasting, Moment, Rest, Sums, punctual_of
from stream.board.sources import silent_sources, speaking_of
from stream.board.sums import without
from stream.board.windows import MINUTE_WINDOWS, is_out_of_history

NEVER = 2**62
REP = "rep:"
Dirty = Mapping[str, Mapping[str, list[str] | None]]
"""Measure → scopes whose sums are to be made again, because of which reps that lie in them as a whole; None where the
scope is to be added up anew.
"""
Summed = tuple[str, Cut]


def ground_of(moment: Moment) -> tuple[object, ...]:
    """What every value of a moment rests on beside cells and the minute: if it changes nothing is carried over."""
    board, minute = moment.board, moment.cut - 1
    gone = tuple(is_out_of_history(name, moment.as_of_ms, board.newest_ms) for name in MINUTE_WINDOWS)
    silent = tuple((source.name, source.last_ms, _speech(moment, source.name)) for source in silent_sources(moment))
    days = moment.calendar.date_of(minute), moment.cut // DAY_MIN
    return board.organisation.state(moment.cut_ms), days, moment.base_currency, gone, silent


def _speech(moment: Moment, source: str) -> tuple[object, ...]:
    return tuple(sorted((kind, frozenset(reps)) for kind, reps in speaking_of(moment, source).items()))


@dataclass(frozen=True)
class Edges:
    """What moves the sums of a measure while the clock goes on: lengths (minutes) of windows, ages (minutes)."""

    lengths: tuple[int, ...]
    ages: tuple[int, ...]


def edge_of(moment: Moment, spot: Spot, edges: Edges) -> int:
    """The first cut (UTC minutes) at which a spot's sums may be others although no cell was added."""
    cut, first = moment.cut, NEVER
    for series in moment.board.find(*spot).values():
        known = series.next_known(cut)
        if known is not None:
            first = min(first, known + 1)
        for minutes in edges.lengths + edges.ages:
            pane = series.first_from(cut - minutes)
            if pane is not None:
                first = min(first, pane + minutes + 1)
    return first


def carry(
    before: Moment, after: Moment, moved: Collection[tuple[Summed, Summed]], dirty: Dirty
) -> Generator[None, None, None]:
    """Take the sums of a moment over to a later one on the same ground, in short steps; the earlier one is used up.
    ``moved``: where each sum was, and where it is now.
    """
    taken: set[Summed] = set()
    for there, here in moved:
        sums = before.sums.get(there)
        if sums is not None:
            after.sums[here] = carried = dict(sums) if there in taken else sums
            taken.add(there)
            if there[0] in dirty:
                after.rests[here] = _drop(carried, dirty[there[0]])
                yield
    after.readings.update(_lasting(before, dirty))
    dawn = before.readings.get(DAWN)
    if isinstance(dawn, Moment):  # it stays where it is all day
        dawn.rests.clear()
        kept = _lasting(dawn, dirty)
        dawn.readings.clear()
        dawn.readings.update(kept)
        for place, sums in dawn.sums.items():
            if place[0] in dirty:
                dawn.rests[place] = _drop(sums, dirty[place[0]])
                yield
        after.readings[DAWN] = dawn
    punctual = before.readings.get(PUNCTUAL)
    if isinstance(punctual, Moment):
        yield from carry(punctual, punctual_of(after), moved, dirty)


def _lasting(moment: Moment, dirty: Dirty) -> dict[tuple[object, ...], object]:
    return {key: each.left_of(dirty) for key, each in moment.readings.items() if isinstance(each, Lasting)}


def _drop(sums: dict[str, Sums], scopes: Mapping[str, list[str] | None]) -> dict[str, Rest]:
    """Drop sums that are to be made again; of each scope what is left without its reps, if that can be told."""
    rests: dict[str, Rest] = {}
    for scope, reps in scopes.items():
        whole = sums.get(scope) if reps else None
        if whole is not None and reps:
            left = without(whole, [part for part in map(sums.get, (REP + rep for rep in reps)) if part is not None])
            if left is not None:
                rests[scope] = Rest(left, reps)
    for scope in scopes:
        sums.pop(scope, None)
    return rests
