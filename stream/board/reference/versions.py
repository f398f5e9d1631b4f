"""Versions of a table's row: each rules the local days at whose end it is in force, and leaves as it was what it leaves
out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

from msgspec.structs import replace

from schemas.canonical import is_date
from schemas.cells import MINUTE_MS
from schemas.data import Data
from schemas.instants import milliseconds_at
from stream.calendars import Calendar

BEGINNING_MIN, FOREVER_MIN = -(2**62), 2**62

D = TypeVar("D", bound=Data)
K = TypeVar("K")


@dataclass(frozen=True)
class Version(Generic[D]):
    """What rules the panes [start, end), UTC minutes."""

    data: D
    start: int
    end: int


def patched(previous: D | None, data: D) -> D:
    """``data``, with what it leaves out as it was."""
    if previous is None:
        return data
    given = {name: getattr(data, name) for name in data.__struct_fields__ if getattr(data, name) is not None}
    return replace(previous, **given)


def day_start(time_ms: int, calendar: Calendar) -> int:
    """The first minute of the local day at whose end a version of that time is in force."""
    return calendar.day_start(calendar.date_of(time_ms // MINUTE_MS))


def by_day(said: Iterable[tuple[int, D]], calendar: Calendar) -> list[Version[D]]:
    """The versions of one row from (time_ms, data) in order of time."""
    history: list[tuple[int, D]] = []
    for time_ms, data in said:
        history.append((day_start(time_ms, calendar), patched(history[-1][1] if history else None, data)))
    return list(_versions(history))


def _versions(history: list[tuple[int, D]]) -> Iterator[Version[D]]:
    for at, (start, data) in enumerate(history):
        end = history[at + 1][0] if at + 1 < len(history) else FOREVER_MIN
        if start < end:
            yield Version(data, start, end)


def grouped(said: Iterable[tuple[int, D]], key: str) -> dict[str, list[tuple[int, D]]]:
    """What was said by the id in the field ``key``."""
    groups: dict[str, list[tuple[int, D]]] = {}
    for time_ms, data in said:
        groups.setdefault(getattr(data, key), []).append((time_ms, data))
    return groups


def version_at(versions: list[Version[D]], minute: int) -> D | None:
    """What rules a minute, if anything does."""
    return next((each.data for each in versions if each.start <= minute < each.end), None)


def edge_ms(text: str, calendar: Calendar) -> int:
    """The instant (epoch ms) of a period's edge: a date is the begin of that local day."""
    if is_date(text):
        return calendar.day_start(date.fromisoformat(text)) * MINUTE_MS
    instant_ms = milliseconds_at(text)
    assert instant_ms is not None, text
    return instant_ms


def local_date(text: str, calendar: Calendar) -> date:
    """A date, or the local date of an instant."""
    return date.fromisoformat(text) if is_date(text) else calendar.date_of(edge_ms(text, calendar) // MINUTE_MS)


def minutes_held(start: str, end: str, calendar: Calendar) -> tuple[int, int]:
    """The UTC minutes whose beginning lies in [start, end), dates or instants."""
    return -(-edge_ms(start, calendar) // MINUTE_MS), -(-edge_ms(end, calendar) // MINUTE_MS)
