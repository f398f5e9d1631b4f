"""Letters for a person's eyes. What a stranger wrote reaches the terminal only as text that can be seen."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

from gateway.letters import shown
from gateway.letters.letter import Address, Letter, Mark
from gateway.letters.sending import Outcome
from schemas.plain_json import MalformedJson, parse

TEXT_MAX, DUMP_MAX = 16_384, 1_024
NARROW, WIDE = 100, 400
_COLUMNS = ("address", "state", "refused", "tenant", "reason", "event", "detail")


def visible(text: str, *, keeps: str = "") -> str:
    """Text without anything that moves a cursor or hides: such characters as escapes, save those in ``keeps``."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in keeps else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode() if char != "\\" else char


def table(letters: Sequence[Letter], marks: Mapping[Address, Mark]) -> Iterator[str]:
    """A line for each letter under a line of names; the last column is cut to the terminal's width."""
    rows = [_COLUMNS, *(_row(letter, marks.get(letter.address)) for letter in letters)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS) - 1)]
    room = max(NARROW, shutil.get_terminal_size().columns) if sys.stdout.isatty() else WIDE
    for row in rows:
        line = "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        yield line if len(line) <= room else line[: room - 1] + "…"


def _row(letter: Letter, mark: Mark | None) -> tuple[str, ...]:
    source, event_id = letter.told("source"), letter.told("id")
    cells = (
        str(letter.address),
        str(shown.state_of(mark)),
        shown.instant(letter.refused_ms),
        letter.tenant or "-",
        letter.reason,
        f"{source}#{event_id}" if source or event_id else "-",
        letter.told("detail"),
    )
    return tuple(visible(cell) for cell in cells)


def page(letter: Letter, mark: Mark | None, today: Outcome) -> Iterator[str]:
    """A letter whole: what is known of it, its headers, what would become of it, its bytes."""
    known = shown.summary(letter, mark)
    sent = known.get("sent")
    yield f"letter {letter.address}, {known['state']}"
    yield f"refused at   {known['refused_at']}, received at {known['received_at']}"
    yield f"tenant       {visible(letter.tenant) or '- (nobody: an operator has to say whose it is)'}"
    if sent is not None:
        how = "patched" if sent["patched"] else "as it came"
        name = visible(f"{sent['source']}#{sent['id']}")
        yield f"sent at      {sent['at']} {how}, as {name} revision {sent['revision']}, {sent['times']} times so far"
    yield "headers"
    for name, value in letter.headers.items():
        yield f"  {visible(name)}: {visible(value.decode(errors='replace'))}"
    yield f"key          {'-' if letter.key is None else visible(letter.key.decode(errors='replace'))}"
    yield f"today        {verdict(today)}"
    yield f"bytes        {letter.size}"
    yield from body(letter.as_it_came) if letter.has_bytes else ["  (not kept)"]
    if letter.is_binary:
        yield "event        put together from the headers and the bytes, which are its data"
        yield from body(letter.raw)


def verdict(outcome: Outcome) -> str:
    """A code and, if there is more to say, why."""
    return visible(f"{outcome.code}: {outcome.detail}" if outcome.detail else outcome.code)


def body(raw: bytes) -> Iterator[str]:
    """Bytes as lines: text as it is, anything else as a dump."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        yield from _dump(raw)
        return
    if "\0" in text:
        yield from _dump(raw)
        return
    for line in text[:TEXT_MAX].split("\n"):
        yield "  " + visible(line, keeps="\t")
    if len(text) > TEXT_MAX:
        yield f"  … {len(text) - TEXT_MAX} characters more; --raw writes them all"


def _dump(raw: bytes) -> Iterator[str]:
    for place in range(0, min(len(raw), DUMP_MAX), 16):
        piece = raw[place : place + 16]
        seen = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in piece)
        yield f"  {place:08x}  {piece.hex(' '):<47}  {seen}"
    if len(raw) > DUMP_MAX:
        yield f"  … {len(raw) - DUMP_MAX} bytes more; --raw writes them all"


def difference(before: bytes, after: bytes) -> Iterator[str]:
    """What a patch changes, line by line of the indented JSON; all of it where there was none before."""
    for line in unified_diff(_indented(before), _indented(after), "letter", "patched", lineterm="", n=2):
        yield visible(line)


def _indented(raw: bytes) -> list[str]:
    try:
        found: Any = parse(raw)
    except MalformedJson:
        return list(body(raw))
    return json.dumps(found, indent=2, ensure_ascii=False).split("\n")


def outcome_line(outcome: Outcome) -> str:
    """What became of a letter, in one line."""
    name = f"{outcome.source}#{outcome.id}" if outcome.source or outcome.id else "-"
    at_revision = f" revision {outcome.revision}" if outcome.revision else ""
    return f"{outcome.address}  {visible(name)}{at_revision}  {verdict(outcome)}"
