"""Cells of an entity from what it adds at each moment: the two times of every contribution come from here.

A cell's ``known`` is the minute of the moment it changes at, and what stood before is taken back under the same
``known``. So the cells known before T are those of the events before T.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from schemas.cells import Cell
from stream.panes import minute_of

Cells = dict[Cell, int]
Address = tuple[str, str, str, str, int]
"""A cell without its ``known``: (measure, dimension, value, facet, pane)."""
Standing = dict[Address, int]
"""What an entity adds at one moment."""
Part = tuple[str, str]
"""What one entity adds in one respect: (respect, id of the entity), for example ("close", "D-9")."""
CUSTOMER: Part = ("customer", "")
"""The part of the account itself."""


def add(cells: Cells, more: Cells, sign: int = 1) -> None:
    """Add ``more``, times ``sign``, to ``cells`` in place; what comes to zero is dropped."""
    for cell, amount in more.items():
        total = cells.get(cell, 0) + sign * amount
        if total:
            cells[cell] = total
        else:
            cells.pop(cell, None)


def changes(moments: Iterable[int], standing_at: Callable[[int], Standing]) -> Cells:
    """Two-time cells of an entity from what it adds at each of ``moments`` (epoch milliseconds)."""
    at = sorted(set(moments))
    if len(at) == 1:
        return known_at(at[0], standing_at(at[0]))
    cells: Cells = {}
    before: Standing = {}
    for time_ms in at:
        now = standing_at(time_ms)
        if now == before:
            continue
        add(cells, known_at(time_ms, now))
        add(cells, known_at(time_ms, before), -1)
        before = now
    return cells


def known_at(time_ms: int, standing: Standing) -> Cells:
    """What stands, as known from a moment on."""
    known = (minute_of(time_ms),)
    return {address + known: amount for address, amount in standing.items() if amount}


def put(standing: Standing, measure: str, by_rep: dict[str, int], source: str, facet: str, pane: int) -> None:
    """Count for each rep, and the total for the source."""
    for rep, amount in by_rep.items():
        address = (measure, "rep", rep, facet, pane)
        standing[address] = standing.get(address, 0) + amount
    address = (measure, "source", source, facet, pane)
    standing[address] = standing.get(address, 0) + sum(by_rep.values())
