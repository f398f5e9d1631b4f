"""The `salespulse check` command: the verdict on each line of event files, as the gateway would give it at once.

Nothing is sent, and lines are judged one by one: what only the fold can tell (a duplicate, a conflict) is not told.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple

import orjson
import typer

from cli.endings import EXIT_FAILED, UsageError
from cli.event_lines import Line, lines_in, opened, standard_input
from schemas.contract import too_large
from schemas.event import Event, decode_further, judge_time
from schemas.instants import milliseconds_of
from schemas.limits import MAX_BYTES
from schemas.ordinary import decode_ordinary
from schemas.verdicts import Code, Refusal
from stream.intake import foreign, tenant_first
from stream.tallies import Tallies


class Format(StrEnum):
    """How verdicts are written."""

    TEXT = "text"
    JSON = "json"


class Judged(NamedTuple):
    """What became of a line. ``ignored``: the fields of a valid event that nobody knows."""

    line: Line
    outcome: Event | Refusal
    ignored: tuple[str, ...]

    @property
    def code(self) -> Code:
        return self.outcome.code if isinstance(self.outcome, Refusal) else Code.TAKEN


class Rules(NamedTuple):
    """What the judgement hangs on besides the line: receipts are epoch milliseconds; ``tenant`` None: any."""

    received_ms: int
    may_backfill: bool
    tenant: str | None


def check(
    files: Annotated[
        list[Path], typer.Argument(metavar="EVENTS.ndjson…", help="one event a line; - is standard input")
    ],
    *,
    output: Annotated[
        Format, typer.Option("--format", help="json: one object a line, the last one sums up")
    ] = Format.TEXT,
    received_at: Annotated[
        str | None, typer.Option(help="RFC 3339 receipt of lines without receivedat; now if left out")
    ] = None,
    may_backfill: Annotated[bool, typer.Option("--may-backfill", help="as a key that may send history")] = False,
    tenant: Annotated[str | None, typer.Option(help="as a key of this tenant; other tenants are refused")] = None,
    only_refused: Annotated[bool, typer.Option("--only-refused", help="leave out lines that would be taken")] = False,
) -> None:
    """Say of each line whether it would be taken, with the gateway's codes and words, without sending anything.

    Ends with 0 if every line would be taken, else with 1.
    """
    received_ms = int(time.time() * 1000) if received_at is None else milliseconds_of(received_at)
    if received_ms is None:
        raise UsageError(f"--received-at {received_at}: it must be an RFC 3339 instant such as 2026-11-22T10:15:00Z")
    tallies = Tallies()
    rules = Rules(received_ms, may_backfill, tenant)
    write = sys.stdout.buffer.write
    for judged in judge(lines_of(files), rules):
        identity = judged.outcome
        tallies.count(identity.tenant, identity.source, judged.code)
        tallies.ignore(identity.tenant, identity.source, judged.ignored)
        if not (only_refused and judged.code is Code.TAKEN):
            write(_WRITERS[output](judged))
    write(_SUMMARIES[output](tallies))
    sys.stdout.buffer.flush()
    if set(tallies.total()) - {Code.TAKEN}:
        raise typer.Exit(EXIT_FAILED)


def judge(lines: Iterable[Line], rules: Rules) -> Iterator[Judged]:
    """Each line with its verdict: size, JSON, envelope, type, tenant, data, time, in this order."""
    claimed = None if rules.tenant is None else rules.tenant.encode()
    for line in lines:
        if line.size > MAX_BYTES:
            yield Judged(line, too_large(line.size), ())
            continue
        ordinary = decode_ordinary(line.raw)
        outcome, ignored = (ordinary, ()) if ordinary is not None else decode_further(line.raw)
        if isinstance(outcome, Refusal):
            yield Judged(line, tenant_first(outcome, claimed, key_is_tenant=True), ())
            continue
        verdict: Event | Refusal = outcome
        if rules.tenant is not None and outcome.tenant != rules.tenant:
            verdict = foreign(outcome.source, outcome.id, outcome.tenant, outcome.subject, rules.tenant)
        elif (refused := judge_time(outcome, _receipt(outcome, rules), may_backfill=rules.may_backfill)) is not None:
            verdict = refused
        yield Judged(line, verdict, () if isinstance(verdict, Refusal) else ignored)


def _receipt(event: Event, rules: Rules) -> int:
    return rules.received_ms if event.receivedat_ms is None else event.receivedat_ms


def lines_of(paths: Iterable[Path]) -> Iterator[Line]:
    """The lines of files in order, read as they come. Raises UsageError."""
    for path in paths:
        if str(path) == "-":
            yield from lines_in("-", standard_input())
        else:
            with opened(path) as stream:
                yield from lines_in(str(path), stream)


def _text(judged: Judged) -> bytes:
    line, outcome = judged.line, judged.outcome
    said = outcome.detail if isinstance(outcome, Refusal) else f"event {outcome.source}#{outcome.id}"
    ignored = f" (ignored: {', '.join(judged.ignored)})" if judged.ignored else ""
    return f"{line.file}:{line.number}: {judged.code}: {said}{ignored}\n".encode(errors="replace")


def _json(judged: Judged) -> bytes:
    line, outcome = judged.line, judged.outcome
    told: dict[str, object] = {"file": line.file, "line": line.number, "source": outcome.source, "id": outcome.id}
    told["code"] = judged.code
    if isinstance(outcome, Refusal):
        told["detail"] = outcome.detail
    if judged.ignored:
        told["ignored"] = judged.ignored
    return _object(told)


def _object(told: dict[str, object]) -> bytes:
    """One JSON line; what a file name holds besides UTF-8 is replaced."""
    try:
        return orjson.dumps(told) + b"\n"
    except orjson.JSONEncodeError:
        return orjson.dumps(told | {"file": str(told["file"]).encode(errors="replace").decode()}) + b"\n"


def _counted(tallies: Tallies) -> list[tuple[str, int]]:
    """Codes and how many lines had each, the taken first, then the most frequent."""
    total = [(str(code), count) for code, count in tallies.total().items()]
    return sorted(total, key=lambda pair: (pair[0] != Code.TAKEN, -pair[1], pair[0]))


def _sum_in_text(tallies: Tallies) -> bytes:
    counted = _counted(tallies)
    codes = ", ".join(f"{count} {code}" for code, count in counted)
    lines = [f"{sum(count for _, count in counted)} events{': ' if codes else ''}{codes}"]
    for (tenant, source), names in sorted(tallies.ignored.items()):
        fields = ", ".join(f"{name} ({count})" for name, count in sorted(names.items()))
        lines.append(f"ignored fields of {source}, tenant {tenant}: {fields}")
    return "".join(f"{line}\n" for line in lines).encode(errors="replace")


def _sum_in_json(tallies: Tallies) -> bytes:
    ignored = [
        {"tenant": tenant, "source": source, "fields": dict(sorted(names.items()))}
        for (tenant, source), names in sorted(tallies.ignored.items())
    ]
    counted = _counted(tallies)
    told = {"events": sum(count for _, count in counted), "codes": dict(counted), "ignored": ignored}
    return _object({"summary": told})


_WRITERS = {Format.TEXT: _text, Format.JSON: _json}
_SUMMARIES = {Format.TEXT: _sum_in_text, Format.JSON: _sum_in_json}
