"""The `salespulse import` command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from cli.endings import UsageError, fail
from cli.importer.events import BadRow, EventMaker, Identities, MadeEvent
from cli.importer.mapping import BadMapping, Mapping, load_mapping
from cli.importer.rows import opened

PUMP_EVERY = 500
SHOWN_BAD_ROWS_MAX = 1_000

Step = Callable[[int], None]


@dataclass
class Counts:
    """What became of an import."""

    events: int = 0
    bad_rows: int = 0


@dataclass(frozen=True)
class Sink:
    """Where events go: ``take`` one, and now and then ``pump``."""

    take: Callable[[MadeEvent], None]
    pump: Callable[[], Awaitable[None]]


def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.csv…", help="exports, as CSV with a header line")],
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="what columns become (docs/importing.md)")],
    *,
    to_kafka: Annotated[bool, typer.Option("--to-kafka", help="publish to KAFKA_BROKERS; the default")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="write NDJSON here instead; - is standard output")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="tenant of the events; overrides the mapping's")] = None,
    stop: Annotated[bool, typer.Option("--stop", help="stop at the first bad row instead of leaving it out")] = False,
) -> None:
    """Turn rows of a CRM export into events, and publish them or write them as NDJSON.

    Bad rows are named on standard error and left out; the exit code is then 1. The ids of the events come from the
    rows, so importing a file again changes nothing.
    """
    if to_kafka and out is not None:
        raise UsageError("give either --to-kafka or --out")
    try:
        plan = load_mapping(mapping)
        counts = asyncio.run(_import(files, plan, tenant or plan.tenant or "default", out, stop=stop))
    except BadMapping as exc:
        raise UsageError(str(exc)) from None
    target = "Kafka" if out is None else str(out)
    sys.stderr.write(f"{counts.events:,} events to {target}, {counts.bad_rows:,} bad rows left out\n")
    if counts.bad_rows:
        raise typer.Exit(1)


async def _import(files: list[Path], plan: Mapping, tenant: str, out: Path | None, *, stop: bool) -> Counts:
    counts = Counts()
    identities = Identities()
    async with _sink(out, backfill=plan.backfill) as sink:
        for file in files:
            section = plan.section_for(file)
            with opened(file, section) as export, _progress(file) as step:
                maker = EventMaker(plan, section, export, file=file, tenant=tenant, identities=identities)
                for number, made in enumerate(_named(maker.made(), file, counts), 1):
                    if made is not None:
                        sink.take(made)
                        counts.events += 1
                    elif stop:
                        return counts
                    if number % PUMP_EVERY == 0:
                        await sink.pump()
                        step(export.done_bytes())
    return counts


def _named(made: Iterator[MadeEvent | BadRow], file: Path, counts: Counts) -> Iterator[MadeEvent | None]:
    """The events; None for each bad row, after saying on standard error which and why."""
    for one in made:
        if isinstance(one, BadRow):
            counts.bad_rows += 1
            if counts.bad_rows <= SHOWN_BAD_ROWS_MAX:
                sys.stderr.write(f"{file}:{one.line}: {one.reason}\n")
            elif counts.bad_rows == SHOWN_BAD_ROWS_MAX + 1:
                sys.stderr.write("… more bad rows are counted, not shown\n")
            yield None
        else:
            yield one


@asynccontextmanager
async def _sink(out: Path | None, *, backfill: bool) -> AsyncIterator[Sink]:
    if out is None:
        async with _kafka_sink(backfill=backfill) as sink:
            yield sink
        return
    with _opened_out(out) as stream:

        def take(made: MadeEvent) -> None:
            stream.write(made.raw + b"\n")

        async def pump() -> None:
            """A file needs no pumping."""

        yield Sink(take, pump)


@asynccontextmanager
async def _kafka_sink(*, backfill: bool) -> AsyncIterator[Sink]:
    from cli.publishing import BrokerAbsent, Publisher
    from config.settings import load_settings

    settings = load_settings()
    if backfill and not settings.allow_backfill:
        sys.stderr.write("backfill: workers without SALESPULSE_ALLOW_BACKFILL=true refuse events older than 35 days\n")
    try:
        async with Publisher(settings) as publisher:
            yield Sink(lambda made: publisher.add(made.raw, made.event), publisher.pump)
    except BrokerAbsent as exc:
        raise fail(str(exc)) from None


@contextmanager
def _opened_out(out: Path) -> Iterator[IO[bytes]]:
    if str(out) == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        stream = out.open("wb")
    except OSError as exc:
        raise UsageError(f"{out}: can't be written: {exc.strerror}") from None
    with stream:
        yield stream


@contextmanager
def _progress(file: Path) -> Iterator[Step]:
    """A progress bar over the bytes of ``file``; silent where standard error is no terminal."""
    if not sys.stderr.isatty():
        with nullcontext():
            yield lambda _done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(file.name, total=file.stat().st_size)
        yield lambda done: bar.update(task, completed=done)
