"""A stage for examples: a few events go through the real fold into real accounts, emitters' cells into a real board."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

from config.catalogue import load_definitions
from schemas.cells import MINUTE_MS, decode_cells, encode_cells
from schemas.event import Event, decode
from schemas.kpi import KpiValue
from schemas.verdicts import Code
from stream.accounts.account import Account
from stream.accounts.contributions import contributions
from stream.accounts.fold import fold
from stream.accounts.standing import Cells
from stream.board.board import Board
from stream.board.values import value_of
from stream.catalogue.catalogue import Catalogue

Line = tuple[str, str, str, dict[str, Any]]
"""When ("2026-03-02 10:00", UTC), which account, which type without its prefix, its data."""
Emitter = Callable[[Account], Cells]

MOST_EVENTS = 20
BEGINNING_MIN, NEVER_MS = 0, -(2**62)
CATALOGUE = Catalogue(load_definitions())


def minute(when: str) -> int:
    """UTC minutes since the epoch of "2026-03-02 10:00" or "2026-03-02"."""
    return int(dt.datetime.fromisoformat(when).replace(tzinfo=dt.UTC).timestamp()) // 60


def event_of(number: int, line: Line) -> Event:
    """A line as the contract decodes it."""
    when, subject, name, data = line
    time = f"{dt.datetime.fromisoformat(when):%Y-%m-%dT%H:%M:%SZ}"
    envelope = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}", "time": time}
    event = decode(json.dumps({**envelope, "subject": subject, "tenant": "acme", "data": data}).encode())
    assert isinstance(event, Event), event
    return event


class Scene:
    """The accounts of an example, and the board their cells make; without emitters, what production emits."""

    def __init__(self, lines: list[Line], *emitters: Emitter) -> None:
        assert len(lines) <= MOST_EVENTS
        self.accounts: dict[str, Account] = {}
        self.board = Board()
        newest_ms = 0
        for number, line in enumerate(lines):
            event = event_of(number, line)
            account = self.accounts.setdefault(event.subject, Account("acme", event.subject))
            code, _ = fold(account, event, event.time_ms, settle_before_ms=NEVER_MS)
            assert code is Code.ACCEPTED
            newest_ms = max(newest_ms, event.time_ms)
        for account in self.accounts.values():
            for emit in emitters or (contributions,):
                cells = [(*cell, amount) for cell, amount in emit(account).items()]
                for raw in encode_cells("acme", newest_ms, cells, []):
                    list(self.board.apply(decode_cells(raw), 0, {}))

    def facets(
        self,
        measure: str,
        dimension: str,
        value: str,
        *,
        at: str,
        start: str | None = None,
        end: str | None = None,
        latest: bool = False,
    ) -> dict[str, int]:
        """Sums by facet over panes in [start, end), known before ``at`` (``latest``: and before ``end``)."""
        cut = minute(at)
        low = BEGINNING_MIN if start is None else minute(start)
        high = cut if end is None else minute(end)
        known = min(cut, high) if latest else cut
        sums = {
            facet: series.total(low, high, known)
            for facet, series in self.board.find(measure, dimension, value).items()
        }
        return {facet: amount for facet, amount in sums.items() if amount}

    def sum(
        self,
        measure: str,
        dimension: str = "all",
        value: str = "",
        *,
        at: str,
        start: str | None = None,
        end: str | None = None,
        latest: bool = False,
    ) -> int:
        """The same over all facets."""
        return sum(self.facets(measure, dimension, value, at=at, start=start, end=end, latest=latest).values())

    def value(self, kpi: str, scope: str, window: str, *, at: str) -> KpiValue:
        """A KPI of the shipped catalogue, at the cut ``at``."""
        as_of_ms = minute(at) * MINUTE_MS - 1
        return value_of(self.board, CATALOGUE, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms)
