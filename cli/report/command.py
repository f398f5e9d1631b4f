"""The `salespulse report` command: one report, now, as a page, as CSV or as a mail."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli.endings import UsageError, fail
from cli.report.answers import Answers, Gateway, NoAnswer, replayed
from cli.report.gather import BOARDS, Desk, Wanted, office
from cli.report.periods import ALLOWED, BadPeriod, period_at
from config.settings import Settings, load_settings
from schemas.instants import milliseconds_of
from views.report.figures import Report
from views.report.page import to_html, to_text
from views.report.sheet import to_csv

USUAL_BOARD = "company"
WRITERS: dict[str, Callable[[Report], str]] = {".html": to_html, ".csv": to_csv, ".txt": to_text}


def report(  # noqa: PLR0913 - an option is a parameter
    files: Annotated[list[Path] | None, typer.Argument(metavar="[EVENTS.ndjson…]", help="instead of a gateway")] = None,
    *,
    board: Annotated[str | None, typer.Option(help=BOARDS)] = None,
    kpi: Annotated[list[str] | None, typer.Option(help="these KPIs instead of a board; may be repeated")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="whose: company, team:north, rep:*, territory:*")] = None,
    period: Annotated[str, typer.Option(help=ALLOWED)] = "last-week",
    as_of: Annotated[str | None, typer.Option(help="RFC 3339 moment; a period that is over: its end; else now")] = None,
    compare: Annotated[bool, typer.Option("--compare/--no-compare", help="with the period before")] = True,
    output: Annotated[list[Path] | None, typer.Option("-o", help=".html, .csv or .txt; left out: text")] = None,
    mail_to: Annotated[list[str] | None, typer.Option(help="also send it to this address")] = None,
    title: Annotated[str | None, typer.Option(help="heading; left out: what it shows")] = None,
    tenant: Annotated[str | None, typer.Option(help="whose numbers; left out: that of the key")] = None,
    url: Annotated[str | None, typer.Option(help="gateway; left out: SALESPULSE_GATEWAY_URL")] = None,
    key: Annotated[str | None, typer.Option(help="API key or screen token; left out: one of the settings")] = None,
) -> None:
    """Write a report of a period: a board or KPIs, each with n, trust, change and target."""
    settings = load_settings()
    wanted = _wanted(board, kpi, scope, title, compare=compare)
    writers = [(path, _writer(path)) for path in output or ()]
    now_ms = int(time.time() * 1000)
    answers: Answers
    try:
        if files:
            answers, now_ms = replayed(files, tenant)
        else:
            answers = asked_of(settings, tenant, url=url, key=key)
        made = compose(answers, wanted, period, now_ms=now_ms, as_of_ms=_moment(as_of))
    except NoAnswer as exc:
        raise fail(str(exc)) from None
    for path, write in writers:
        path.write_text(write(made), encoding="utf-8", newline="")
    if not writers:
        sys.stdout.write(to_text(made))
    if mail_to:
        from cli.report.mailing import NotSent, send

        try:
            send(settings, made, mail_to)
        except NotSent as exc:
            raise fail(str(exc)) from None


def compose(answers: Answers, wanted: Wanted, period: str, *, now_ms: int, as_of_ms: int | None = None) -> Report:
    """The report of a period, by its name. Raises UsageError for what can't be asked, NoAnswer where nobody answers."""
    try:
        chosen = period_at(period, office(answers, now_ms), now_ms, as_of_ms=as_of_ms)
    except BadPeriod as exc:
        raise UsageError(str(exc)) from None
    return Desk(answers, chosen).report(wanted, made_ms=int(time.time() * 1000))


def asked_of(settings: Settings, tenant: str | None, *, url: str | None = None, key: str | None = None) -> Gateway:
    """The gateway of the settings, asked with what they have for the tenant: a screen's token, else an API key."""
    granted = {**{known: grant.tenant for known, grant in settings.api_keys.items()}, **settings.screen_tokens}
    address = url or settings.gateway_url
    chosen = tenant or (granted.get(key) if key else None)
    if chosen is None:
        there = sorted(set(granted.values())) or Gateway(address, "", key).tenants()
        if len(there) != 1:
            raise UsageError(f"there are {len(there)} tenants ({', '.join(there)}); choose one with --tenant")
        chosen = there[0]
    own = [known for known, whose in reversed(granted.items()) if whose == chosen]
    return Gateway(address, chosen, key or (own[0] if own else None))


def _wanted(
    board: str | None, kpis: list[str] | None, scopes: list[str] | None, title: str | None, *, compare: bool
) -> Wanted:
    if board is not None and (kpis or scopes):
        raise UsageError("a board has KPIs and scopes of its own; give --board, or --kpi and --scope")
    chosen = tuple(name.strip() for text in kpis or () for name in text.split(","))
    if not chosen:
        if scopes:
            raise UsageError("--scope says whose numbers; say with --kpi which")
        return Wanted(title or "", board=board or USUAL_BOARD, compare=compare)
    return Wanted(title or "", chosen, tuple(scopes or ("company",)), compare=compare)


def _writer(path: Path) -> Callable[[Report], str]:
    if path.suffix not in WRITERS:
        raise UsageError(f"{path} has to end in one of {', '.join(WRITERS)}; print the page to get a PDF")
    return WRITERS[path.suffix]


def _moment(text: str | None) -> int | None:
    at_ms = None if text is None else milliseconds_of(text)
    if text is not None and at_ms is None:
        raise UsageError(
            f'--as-of is "{text}"; it must be an RFC 3339 instant with offset, such as 2026-11-22T10:15:00Z'
        )
    return at_ms
