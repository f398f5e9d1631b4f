"""Reading the boards: values on request, the catalogue's description of itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from gateway.gate import Gate, sliced
from gateway.query import Selection
from schemas.kpi import KpiValue, to_line
from stream.board.board import Board
from stream.board.values import every_value, value_of, with_staleness
from stream.board.windows import ALLOWED
from stream.catalogue.catalogue import Catalogue

_encode = msgspec.json.encode


Read = Callable[[Board, Catalogue, int], Iterable[object]]
"""Rows of a board at a moment (epoch ms), each an object in JSON."""


class Reading:
    """Answers from the boards that ``boards()`` gives, each read through ``gate`` or without a pause in between."""

    def __init__(
        self, boards: Callable[[], Mapping[str, Board]], gate: Gate, catalogue: Catalogue, is_stale: Callable[[], bool]
    ) -> None:
        self._boards = boards
        self._gate = gate
        self._catalogue = catalogue
        self._is_stale = is_stale

    def describe(self) -> dict[str, Any]:
        """The catalogue: each definition as it is evaluated, and the windows there are."""
        definitions = [definition.model_dump() for _, definition in sorted(self._catalogue.definitions.items())]
        return {"kpis": definitions, "windows": ALLOWED}

    async def lines(self, selection: Selection) -> bytes:
        """The values of a selection, one JSON object a line. Several tenants: each line begins with its tenant.

        Raises ValueError, whose text says what is allowed, for an unknown KPI, scope or window.
        """
        as_of_ms = now_ms() if selection.as_of_ms is None else selection.as_of_ms
        lines: list[bytes] = []
        async with self._gate.reading():
            boards = self._boards()
            chosen = sorted(boards) if selection.tenant is None else [selection.tenant]
            for tenant in chosen:
                lead = b'{"tenant":%b,' % _encode(tenant) if len(chosen) > 1 else b"{"
                found = self._select(boards.get(tenant) or Board(), selection, as_of_ms)
                read = [with_staleness(value, is_stale=self._is_stale()) async for value in sliced(found)]
                lines += [lead + to_line(value)[1:] + b"\n" for value in read]
        return b"".join(lines)

    async def rows(self, selection: Selection, read: Read) -> bytes:
        """What ``read`` finds on each board, one JSON object a line; several tenants as in `lines`."""
        as_of_ms = now_ms() if selection.as_of_ms is None else selection.as_of_ms
        lines: list[bytes] = []
        async with self._gate.reading():
            boards = self._boards()
            chosen = sorted(boards) if selection.tenant is None else [selection.tenant]
            for tenant in chosen:
                lead = b'{"tenant":%b,' % _encode(tenant) if len(chosen) > 1 else b"{"
                found = read(boards.get(tenant) or Board(), self._catalogue, as_of_ms)
                lines += [lead + _encode(row)[1:] + b"\n" async for row in sliced(found)]
        return b"".join(lines)

    def _select(self, board: Board, selection: Selection, as_of_ms: int) -> Iterable[KpiValue]:
        named = selection.combinations()
        if named is None:
            chosen = {"kpis": selection.kpis, "scopes": selection.scopes, "windows": selection.windows}
            return every_value(board, self._catalogue, as_of_ms=as_of_ms, **chosen)
        return self._named(board, named, as_of_ms)

    def _named(self, board: Board, named: Iterable[tuple[str, str, str]], as_of_ms: int) -> Iterator[KpiValue]:
        for kpi, scope, window in named:
            yield value_of(board, self._catalogue, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms)


def now_ms() -> int:
    """The gateway's clock, epoch milliseconds."""
    return time.time_ns() // 1_000_000
