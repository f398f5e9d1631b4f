"""The `salespulse replay` command."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from cli.endings import UsageError
from cli.replay.engine import BadLine, Engine
from cli.replay.lines import EventFiles, arrival_ms
from config.catalogue import load_definitions
from config.settings import load_settings
from gateway.query import BadQuery, Selection, parse
from schemas.kpi import KpiValue, to_line
from stream.accounts.options import DAY_MS, AccountsOptions
from stream.board.board import BEGINNING_MS, Board
from stream.board.values import every_value, value_of
from stream.board.windows import UnknownWindow
from stream.catalogue.catalogue import Catalogue, UnknownKpi, UnknownScope

PARTITIONS_MAX = 1_024


def replay(
    files: Annotated[
        list[Path], typer.Argument(metavar="EVENTS.ndjson…", help="one event a line; - is standard input")
    ],
    *,
    as_of: Annotated[str | None, typer.Option(help="RFC 3339 moment; the newest event if left out")] = None,
    kpi: Annotated[list[str] | None, typer.Option(help="only these KPIs")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="only these scopes, such as rep:R-4")] = None,
    window: Annotated[list[str] | None, typer.Option(help="only these windows, such as 30d or month:2026-10")] = None,
    partitions: Annotated[int, typer.Option(min=1, max=PARTITIONS_MAX, help="changes no number")] = 8,
    tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None,
) -> None:
    """Compute KPI values from event files, one JSON object a line.

    Lines may be activity and organisation events mixed; their order is the order of receipt. A line that counts nowhere
    is named on standard error with its verdict.
    """
    selection = _selection(as_of, kpi, scope, window, tenant)
    catalogue = Catalogue(load_definitions())
    _check(catalogue, selection)
    with EventFiles(files) as lines:
        boards = run(lines, partitions=partitions)
    for line in answers(boards, catalogue, selection):
        sys.stdout.buffer.write(line + b"\n")
    sys.stdout.buffer.flush()


def run(lines: EventFiles, *, partitions: int) -> dict[str, Board]:
    """The boards after all lines; bad ones are named on standard error."""
    settle_after_ms = load_settings().settle_after_d * DAY_MS
    engine = Engine(
        partitions=partitions,
        arrived_ms=arrival_ms(lines, now_ms=int(time.time() * 1000)),
        options=AccountsOptions(may_backfill=True, settle_after_ms=settle_after_ms),
    )
    for line in lines:
        _name(engine.take(line))
    _name(engine.flush())
    return engine.boards()


def answers(boards: dict[str, Board], catalogue: Catalogue, selection: Selection) -> Iterator[bytes]:
    """The selected values as JSON lines. Where there are several tenants, each line begins with its tenant."""
    tenant = selection.tenant
    wanted = boards if tenant is None else {tenant: boards.get(tenant, Board())}
    newest_ms = max((board.newest_ms for board in wanted.values()), default=BEGINNING_MS)
    as_of_ms = newest_ms if selection.as_of_ms is None else selection.as_of_ms
    if as_of_ms == BEGINNING_MS:
        return
    for name, board in wanted.items():
        for value in _values(board, catalogue, selection, as_of_ms):
            line = to_line(value)
            yield line if len(wanted) == 1 else b'{"tenant":' + orjson.dumps(name) + b"," + line[1:]


def _values(board: Board, catalogue: Catalogue, selection: Selection, as_of_ms: int) -> Iterator[KpiValue]:
    combinations = selection.combinations()
    if combinations is None:
        yield from every_value(
            board,
            catalogue,
            as_of_ms=as_of_ms,
            kpis=selection.kpis,
            scopes=selection.scopes,
            windows=selection.windows,
        )
        return
    for kpi, scope, window in combinations:
        yield value_of(board, catalogue, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms)


def _selection(
    as_of: str | None, kpi: list[str] | None, scope: list[str] | None, window: list[str] | None, tenant: str | None
) -> Selection:
    given = [("kpi", text) for text in kpi or ()] + [("scope", text) for text in scope or ()]
    given += [("window", text) for text in window or ()]
    given += [(name, text) for name, text in (("as_of", as_of), ("tenant", tenant)) if text is not None]
    try:
        return parse(given)
    except BadQuery as exc:
        raise UsageError(str(exc)) from None


def _check(catalogue: Catalogue, selection: Selection) -> None:
    """Ask an empty board first, so that a mistyped name doesn't wait for a long file."""
    try:
        list(_values(Board(), catalogue, selection, 0))
    except (UnknownKpi, UnknownScope, UnknownWindow) as exc:
        raise UsageError(str(exc)) from None


def _name(bad: list[BadLine]) -> None:
    for line, code, detail in bad:
        sys.stderr.write(f"{line.file}:{line.number}: {code}: {detail}\n")
