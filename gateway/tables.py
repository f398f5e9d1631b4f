"""Questions that are answered in rows: who publishes, what is known of the organisation, who is first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from gateway.query import BadQuery, Selection
from gateway.reading import Read
from gateway.sources import source_lines
from stream.board.board import Board
from stream.board.moment import moment_at
from stream.board.tables import TABLES, Row
from stream.board.values import ranking_of
from stream.catalogue.catalogue import Catalogue

KINDS_RANKED = ("rep", "team")
USUAL_WINDOW = "mtd"


@dataclass(frozen=True)
class Question:
    """What may be asked along with it, and how it is answered. ``ask`` raises BadQuery."""

    parameters: tuple[str, ...]
    ask: Callable[[Selection], Read]


def ask_sources(_: Selection) -> Read:
    """Who publishes: when each was last heard, whether it is silent, what it feeds."""
    return source_lines


def ask_reference(selection: Selection) -> Read:
    """A table of reference data as in force at a moment."""
    table = selection.table
    if table not in TABLES:
        raise BadQuery(f"table is {'missing' if table is None else repr(table)}; allowed are {', '.join(TABLES)}")

    def read(board: Board, _: Catalogue, as_of_ms: int) -> Iterable[Row]:
        return TABLES[table](moment_at(board, as_of_ms))

    return read


def ask_leaderboard(selection: Selection) -> Read:
    """Reps or teams by a KPI, the best first, as far as the policy shows it: values of `leaderboard`, each beginning
    with the KPI it ``ranks``.
    """
    kpi = _only(selection.kpis, "kpi", None)
    window = _only(selection.windows, "window", USUAL_WINDOW)
    kind = _only(selection.scopes, "scope", KINDS_RANKED[0])
    if kind not in KINDS_RANKED:
        raise BadQuery(f'scope is "{kind}"; allowed are {", ".join(KINDS_RANKED)}')

    def read(board: Board, catalogue: Catalogue, as_of_ms: int) -> Iterable[dict[str, object]]:
        for value in ranking_of(board, catalogue, kpi=kpi, kind=kind, window=window, as_of_ms=as_of_ms):
            yield {"ranks": kpi} | msgspec.to_builtins(value)

    return read


def _only(given: tuple[str, ...] | None, name: str, usual: str | None) -> str:
    if given is None and usual is not None:
        return usual
    if given is None or len(given) != 1:
        raise BadQuery(f"{name} is {'missing' if given is None else ', '.join(given)}; give one")
    return given[0]


QUESTIONS = {
    "/v1/sources": Question(("as_of", "tenant"), ask_sources),
    "/v1/reference": Question(("table", "as_of", "tenant"), ask_reference),
    "/v1/leaderboard": Question(("kpi", "window", "scope", "as_of", "tenant"), ask_leaderboard),
}
