"""The options of the `letters` commands: what each means, and what they make together."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.endings import UsageError
from cli.letters.session import now_ms
from gateway.letters.letter import Address, address_of
from gateway.letters.patching import Patch, Unpatchable, checked_path, checked_revision
from gateway.letters.selection import Order, Selection, parse_filters
from gateway.query import BadQuery
from schemas.plain_json import MalformedJson, parse

AddressText = Annotated[str, typer.Argument(metavar="ADDRESS", help="partition-offset, such as 3-1742")]
Tenant = Annotated[str | None, typer.Option(help='whose letters; "" are nobody\'s')]
Reason = Annotated[list[str] | None, typer.Option(help="a verdict, such as invalid_data; repeat for several")]
Source = Annotated[str | None, typer.Option(help="the event's source")]
EventId = Annotated[str | None, typer.Option("--id", help="the event's id")]
Since = Annotated[str | None, typer.Option(help="refused then or later: an instant, or 90m, 12h, 7d ago")]
Until = Annotated[str | None, typer.Option(help="refused before then")]
Text = Annotated[str | None, typer.Option(help="a text in the bytes, the key or the detail")]
StateName = Annotated[str | None, typer.Option(help="open or sent")]
OrderName = Annotated[Order, typer.Option(help="by when they were refused")]
Limit = Annotated[int, typer.Option(min=1, help="at most so many")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object a line, as over HTTP")]
Sets = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="data.lines[0].qty=2; repeatable")]
Merge = Annotated[str | None, typer.Option(metavar="JSON", help="a JSON merge patch; null takes a field out")]
File = Annotated[Path | None, typer.Option(help="the whole event in place of the bytes; - is standard input")]
Revision = Annotated[str | None, typer.Option(help="next (the one after the letter's), or a number")]


def selection(
    tenant: str | None,
    reason: list[str] | None,
    source: str | None,
    event_id: str | None,
    since: str | None,
    until: str | None,
    text: str | None,
    state: str | None,
) -> Selection:
    """The selection that the filters' options spell. Raises UsageError."""
    single = {"tenant": tenant, "source": source, "id": event_id, "since": since, "until": until}
    single |= {"text": text, "state": state}
    given = {name: [value] for name, value in single.items() if value is not None} | {"reason": reason or []}
    try:
        return parse_filters(given, now_ms())
    except BadQuery as exc:
        raise UsageError(str(exc)) from None


def address(text: str) -> Address:
    """The address that an argument spells. Raises UsageError."""
    found = address_of(text)
    if found is None:
        raise UsageError(f'address is "{text}"; it must be partition-offset, such as 3-1742')
    return found


def patch(sets: list[str] | None, merge: str | None, file: Path | None, revision: str | None) -> Patch:
    """The patch that its options spell. Raises UsageError."""
    try:
        merge_patch = None if merge is None else _json_object(merge)
        number: Any = int(revision) if revision and revision.isascii() and revision.isdigit() else revision
        return Patch(
            whole=None if file is None else _contents(file),
            merge=merge_patch,
            sets=tuple(_setting(text) for text in sets or ()),
            revision=checked_revision(number),
        )
    except Unpatchable as exc:
        raise UsageError(str(exc)) from None


def _json_object(text: str) -> dict[str, Any]:
    try:
        found = parse(text.encode(errors="surrogateescape"))
    except MalformedJson as exc:
        raise Unpatchable(f"--merge is malformed JSON: {exc}") from None
    if not isinstance(found, dict):
        raise Unpatchable("--merge must be a JSON object")
    return found


def _setting(text: str) -> tuple[str, Any]:
    path, is_there, value = text.partition("=")
    if not is_there:
        raise Unpatchable(f'--set is "{text}"; it must be PATH=VALUE, such as data.rep=R-4')
    try:
        return checked_path(path), parse(value.encode(errors="surrogateescape"))
    except MalformedJson:
        return checked_path(path), value


def _contents(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as exc:
        raise UsageError(f"{file}: can't be read: {exc.strerror}") from None
