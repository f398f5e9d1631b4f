"""The `salespulse alerts` commands."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import UsageError
from cli.replay.command import run
from cli.replay.lines import EventFiles
from config.alerts import load_alerts, read_alert
from config.catalogue import BadDefinition, load_definitions
from schemas.alert import AlertDefinition
from schemas.alert_view import instant
from schemas.instants import milliseconds_of
from stream.alerts.backtest import Firing, backtest
from stream.alerts.rules import Rules
from stream.board.board import BEGINNING_MS, Board
from stream.catalogue.catalogue import Catalogue, UnknownKpi, UnknownScope

DAY_MS = 86_400_000
MINUTE_MS = 60_000
PARTITIONS = 8
NAMED_SCOPES = 10

alerts = typer.Typer(no_args_is_help=True, help="Rules of alerts, and how often they would have fired.")


@alerts.command("rules")
def rules_(folder: Annotated[Path | None, typer.Option(help="more rules, one a YAML file")] = None) -> None:
    """List the rules there are."""
    for definition in _loaded([] if folder is None else sorted(folder.glob("*.yaml"))):
        limits = f"fires beyond {definition.fire:g}, resolves at {definition.clear:g}"
        sys.stdout.write(f"{definition.alert:20} {definition.severity:9} {limits} · {definition.title}\n")


@alerts.command("backtest")
def backtest_(
    files: Annotated[list[Path], typer.Argument(metavar="EVENTS.ndjson…", help="one event a line")],
    *,
    rule: Annotated[list[str] | None, typer.Option(help="a rule by name, or a YAML file that holds one; all")] = None,
    days: Annotated[int, typer.Option(min=1, max=91, help="how many of the last days")] = 28,
    until: Annotated[str | None, typer.Option(help="RFC 3339 moment; the newest event if left out")] = None,
    every: Annotated[int, typer.Option(min=1, max=60, help="minutes from one judgement to the next")] = 5,
    tenant: Annotated[str | None, typer.Option(help="only this tenant")] = None,
    each: Annotated[bool, typer.Option(help="also list every firing")] = False,
) -> None:
    """Say how often rules would have fired over event files, per day and scope, before they are switched on."""
    rules = Rules(_chosen(rule), Catalogue(load_definitions()))
    with EventFiles(files) as lines:
        boards = run(lines, partitions=PARTITIONS)
    for name, board in boards.items():
        if tenant in (None, name) and board.newest_ms != BEGINNING_MS:
            _report(name, board, rules, days, _until(until, board), every, each=each)


def _report(tenant: str, board: Board, rules: Rules, days: int, end_ms: int, every_min: int, *, each: bool) -> None:
    begin_ms = end_ms - days * DAY_MS
    firings = list(backtest(board, rules, begin_ms, end_ms, every_ms=every_min * MINUTE_MS))
    say = sys.stdout.write
    say(f"{tenant}: {instant(begin_ms)} to {instant(end_ms)}, {days} days, judged every {every_min} min\n")
    for alert in rules.definitions:
        own = [firing for firing in firings if firing.record.alert == alert]
        say(f"  {alert}: {_counted(own, days)}\n")
        for firing in own if each else ():
            say(f"    {_line(firing)}\n")


def _counted(firings: Sequence[Firing], days: int) -> str:
    """Times in all, a day, on the worst day, and of whom most often."""
    if not firings:
        return "would not have fired"
    on = Counter(_day(firing) for firing in firings)
    of = Counter(firing.record.scope for firing in firings)
    worst, times = on.most_common(1)[0]
    named = ", ".join(f"{scope} {count}" for scope, count in of.most_common(NAMED_SCOPES))
    more = f", {len(of) - NAMED_SCOPES} more" if len(of) > NAMED_SCOPES else ""
    counted = f"{len(firings)} times, {len(firings) / days:.1f} a day, most on {worst}: {times}"
    return f"{counted}; {len(of)} scopes: {named}{more}"


def _line(firing: Firing) -> str:
    record = firing.record
    ended = "still open" if firing.ended_ms is None else f"until {instant(firing.ended_ms)}"
    return f"{instant(record.fired_ms)} {record.scope} {record.severity}, {ended}: {record.text}"


def _day(firing: Firing) -> str:
    return datetime.fromtimestamp((firing.record.fired_ms or 0) // 1000, UTC).strftime("%Y-%m-%d")


def _until(text: str | None, board: Board) -> int:
    if text is None:
        return board.newest_ms
    end_ms = milliseconds_of(text)
    if end_ms is None:
        raise UsageError(f'--until is "{text}"; it must be an RFC 3339 instant such as 2026-11-22T10:15:00Z')
    return end_ms


def _chosen(names: list[str] | None) -> list[AlertDefinition]:
    """The rules that were asked for. Raises UsageError."""
    paths = [Path(name) for name in names or () if name.endswith((".yaml", ".yml"))]
    known = {definition.alert: definition for definition in _loaded(paths)}
    if names is None:
        return list(known.values())
    wanted = [name if name in known else _named(Path(name), known) for name in names]
    return [known[name] for name in wanted]


def _named(path: Path, known: dict[str, AlertDefinition]) -> str:
    if not path.is_file():
        raise UsageError(f'rule "{path}" is not known; there are {", ".join(sorted(known))}, or give a YAML file')
    return read_alert(path).alert


def _loaded(paths: Sequence[Path]) -> list[AlertDefinition]:
    """The shipped rules, and those of files in their place. Raises UsageError."""
    try:
        found = {definition.alert: definition for definition in load_alerts()}
        found |= {definition.alert: definition for definition in map(read_alert, paths)}
        Rules(found.values(), Catalogue(load_definitions()))
    except (BadDefinition, UnknownKpi, UnknownScope, ValueError, OSError) as exc:
        raise UsageError(str(exc)) from exc
    return list(found.values())
