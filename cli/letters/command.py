"""The `salespulse letters` commands."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import typer

from cli.endings import EXIT_FAILED, UsageError, fail
from cli.letters import bulk, options, screen
from cli.letters.session import Session, now_ms, opened
from config.settings import Settings, load_settings
from gateway.letters import shown
from gateway.letters.letter import Address
from gateway.letters.patching import Patch
from gateway.letters.selection import Order, Selection, State
from gateway.letters.sending import prepare

SHOWN_MAX = 1_000

letters = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@letters.callback()
def _letters() -> None:
    """Find, show, patch and send dead letters (docs/letters.md)."""


@letters.command("list")
def list_(  # noqa: PLR0913 - an option is a parameter
    *,
    tenant: options.Tenant = None,
    reason: options.Reason = None,
    source: options.Source = None,
    event_id: options.EventId = None,
    since: options.Since = None,
    until: options.Until = None,
    text: options.Text = None,
    state: options.StateName = None,
    order: options.OrderName = Order.NEWEST,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """List letters, the newest first."""
    selection = options.selection(tenant, reason, source, event_id, since, until, text, state)
    asyncio.run(_list(load_settings(), selection, order, limit, as_json=as_json))


@letters.command()
def search(  # noqa: PLR0913 - an option is a parameter
    text: Annotated[str, typer.Argument(help="a text in the bytes, the key or the detail")],
    *,
    tenant: options.Tenant = None,
    reason: options.Reason = None,
    source: options.Source = None,
    event_id: options.EventId = None,
    since: options.Since = None,
    until: options.Until = None,
    state: options.StateName = None,
    order: options.OrderName = Order.NEWEST,
    limit: options.Limit = 50,
    as_json: options.AsJson = False,
) -> None:
    """List the letters that hold a text, whatever its case and however JSON escapes it."""
    selection = options.selection(tenant, reason, source, event_id, since, until, text, state)
    asyncio.run(_list(load_settings(), selection, order, limit, as_json=as_json))


@letters.command()
def show(
    address: options.AddressText,
    *,
    as_json: options.AsJson = False,
    raw: Annotated[bool, typer.Option("--raw", help="nothing but the bytes, exactly")] = False,
) -> None:
    """Show a letter: headers, bytes, and what would become of it today."""
    asyncio.run(_show(load_settings(), options.address(address), as_json=as_json, raw=raw))


@letters.command()
def patch(
    address: options.AddressText,
    *,
    sets: options.Sets = None,
    merge: options.Merge = None,
    file: options.File = None,
    revision: options.Revision = None,
    send: Annotated[bool, typer.Option("--send", help="send it, if it is acceptable, without asking")] = False,
) -> None:
    """Show what a patch makes of a letter's event, and its new verdict; then send it, if asked to."""
    changes = options.patch(sets, merge, file, revision)
    if changes.is_empty:
        raise UsageError("give a change: --set, --merge, --file or --revision")
    asyncio.run(_patch_one(load_settings(), options.address(address), changes, send=send))


@letters.command()
def send(  # noqa: PLR0913 - an option is a parameter
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="such as 3-1742")] = None,
    *,
    tenant: options.Tenant = None,
    reason: options.Reason = None,
    source: options.Source = None,
    event_id: options.EventId = None,
    since: options.Since = None,
    until: options.Until = None,
    text: options.Text = None,
    state: options.StateName = None,
    everything: Annotated[bool, typer.Option("--all", help="every open letter")] = False,
    sets: options.Sets = None,
    merge: options.Merge = None,
    file: options.File = None,
    revision: options.Revision = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="say what would become of each, send nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="don't ask")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Send letters again: those named, or all open ones that pass the filters. Twice is once.

    The exit code is 1 if any was not sent, or would not be.
    """
    named = tuple(options.address(address) for address in addresses or ())
    selection = options.selection(tenant, reason, source, event_id, since, until, text, state)
    if bool(named) is not (selection.is_everything and not everything):
        raise UsageError("name letters, or give filters, or --all; one of the three")
    if file is not None and len(named) != 1:
        raise UsageError("--file is one event: name the one letter whose place it takes")
    changes = options.patch(sets, merge, file, revision)
    if not named and selection.state is None:
        selection = replace(selection, state=State.OPEN)
    asyncio.run(_send(load_settings(), named, selection, changes, dry=dry_run, asks=not yes, as_json=as_json))


async def _list(settings: Settings, selection: Selection, order: Order, limit: int, *, as_json: bool) -> None:
    async with opened(settings) as session:
        log = session.log
        found, cursor = await log.page(selection, await log.ranges(selection), order, limit=limit)
        if as_json:
            for letter in found:
                _print(shown.summary(letter, log.marks.get(letter.address)))
        else:
            for line in screen.table(found, log.marks) if found else ["no letter matches"]:
                typer.echo(line)
    if cursor is not None and len(found) == limit:
        sys.stderr.write(f"the first {limit:,}; there may be more: --limit, or a filter\n")


async def _show(settings: Settings, address: Address, *, as_json: bool, raw: bool) -> None:
    async with opened(settings) as session:
        letter = await session.letter(address)
        mark = session.log.marks.get(address)
        today = prepare(letter, Patch(), session.rules, now_ms()).outcome
        if raw and not letter.has_bytes:
            raise fail(f"letter {address} is {letter.reason}: its bytes were not kept")
        if raw:
            sys.stdout.buffer.write(letter.as_it_came)
            sys.stdout.buffer.flush()
        elif as_json:
            _print(shown.whole(letter, mark, today))
        else:
            typer.echo("\n".join(screen.page(letter, mark, today)))


async def _patch_one(settings: Settings, address: Address, changes: Patch, *, send: bool) -> None:
    async with opened(settings, writes=True) as session:
        letter = await session.letter(address)
        prepared = prepare(letter, changes, session.rules, now_ms())
        if prepared.raw is not None and letter.has_bytes:
            typer.echo("\n".join(screen.difference(letter.raw, prepared.raw)))
        typer.echo(f"today: {screen.verdict(prepared.outcome)}")
        if prepared.event is None:
            raise typer.Exit(EXIT_FAILED)
        if send or (sys.stdin.isatty() and typer.confirm("Send it?", err=True)):
            _warn_of_receipts(session)
            (told,) = await session.redriver.send([prepared], session.log.marks, by=session.rules.name, now_ms=now_ms())
            typer.echo(screen.outcome_line(told))
            if not told.is_good:
                raise typer.Exit(EXIT_FAILED)


async def _send(
    settings: Settings,
    named: tuple[Address, ...],
    selection: Selection,
    changes: Patch,
    *,
    dry: bool,
    asks: bool,
    as_json: bool,
) -> None:
    async with opened(settings, writes=not dry) as session:
        ranges = {} if named else await session.log.ranges(selection)
        errand = bulk.Errand(named, selection, ranges, changes, dry)
        if asks and not named and not dry and sys.stdin.isatty():
            many = await bulk.count(session, errand)
            if many and not typer.confirm(f"Send {many:,} letters?", err=True):
                raise typer.Exit(EXIT_FAILED)
        _warn_of_receipts(session)
        codes: Counter[str] = Counter()
        with bulk.progress(errand.places) as step:
            async for outcome in bulk.run(session, errand, step):
                codes[outcome.code] += 1
                if as_json:
                    _print(shown.told(outcome))
                elif not outcome.is_good or named or codes.total() <= SHOWN_MAX:
                    typer.echo(screen.outcome_line(outcome))
    sys.stderr.write(bulk.summed(codes) + "\n")
    if set(codes) - {"taken", "acceptable"}:
        raise typer.Exit(EXIT_FAILED)


def _warn_of_receipts(session: Session) -> None:
    if not session.rules.keeps_receipt:
        sys.stderr.write(
            "salespulse: without SALESPULSE_SIGNING_KEY workers judge by the arrival (docs/letters.md#sending-again)\n"
        )


def _print(found: Mapping[str, Any]) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False))
