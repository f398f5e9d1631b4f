"""Questions about values: parameters to a selection, a selection to lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.instants import milliseconds_of

PARAMETERS = ("kpi", "scope", "window", "as_of", "tenant")
_FILTERS = ("kpi", "scope", "window")
# A scope's id may hold commas; a comma separates only where another scope begins behind it.
_SCOPE_COMMA = re.compile(r",(?=company(?:,|\Z)|[a-z]+:)")


class BadQuery(Exception):
    """A parameter that can't be answered. The text says which, what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for; None means every one."""

    kpis: tuple[str, ...] | None
    scopes: tuple[str, ...] | None
    windows: tuple[str, ...] | None
    as_of_ms: int | None
    tenant: str | None
    table: str | None = None

    def combinations(self) -> list[tuple[str, str, str]] | None:
        """Each (kpi, scope, window) in order, if all three are named: such a value is answered with or without data."""
        if self.kpis is None or self.scopes is None or self.windows is None:
            return None
        return sorted({(kpi, scope, window) for kpi in self.kpis for scope in self.scopes for window in self.windows})


def parse(parameters: Sequence[tuple[str, str]], *, names: Sequence[str] = PARAMETERS) -> Selection:
    """The selection that query parameters name, of those in ``names``; each may be repeated, or hold several with
    commas. Raises BadQuery.
    """
    given: dict[str, list[str]] = {}
    for name, text in parameters:
        if name not in names:
            raise BadQuery(f'parameter "{name}" is unknown; allowed are {", ".join(names)}')
        given.setdefault(name, []).append(text)
    table = _one(given, "table")
    kpis, scopes, windows = (_each(given.get(name), name) for name in _FILTERS)
    return Selection(kpis, scopes, windows, _instant(_one(given, "as_of")), _one(given, "tenant"), table)


def _each(texts: list[str] | None, name: str) -> tuple[str, ...] | None:
    if texts is None:
        return None
    split = _SCOPE_COMMA.split if name == "scope" else (lambda text: text.split(","))
    names = tuple(part.strip() for text in texts for part in split(text))
    if "" in names:
        raise BadQuery(f"{name} is empty; leave it out to get every one")
    return names


def _one(given: dict[str, list[str]], name: str) -> str | None:
    texts = given.get(name, [])
    if len(texts) > 1:
        raise BadQuery(f"{name} is given {len(texts)} times; at most one is allowed")
    if texts == [""]:
        raise BadQuery(f"{name} is empty; leave it out or give one")
    return texts[0] if texts else None


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    # A plus sign that was not escaped reaches us as a space.
    at_ms = milliseconds_of(re.sub(r" (?=\d\d:?\d\d\Z)", "+", text))
    if at_ms is None:
        raise BadQuery(
            f'as_of is "{text}"; it must be an RFC 3339 instant with offset, 1900 to 2999, such as 2026-11-22T10:15:00Z'
        )
    return at_ms
