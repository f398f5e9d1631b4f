"""Lines of event files: read twice, first for the receipts, then for the records."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import orjson

from cli.event_lines import Line, lines_in, opened, standard_input
from schemas.event import Event, decode, is_activity
from schemas.limits import MAX_BYTES

AHEAD_MS = 5 * 60_000
SPOOL_BYTES = 64 * 1024 * 1024


class EventFiles:
    """Event files, open; ``-`` is standard input, kept in a temporary file so that it can be read twice."""

    def __init__(self, paths: Iterable[Path]) -> None:
        self._stack = ExitStack()
        self._files: list[tuple[str, IO[bytes]]] = []
        for path in paths:
            self._files.append((str(path), self._stack.enter_context(_opened(path))))

    def __enter__(self) -> EventFiles:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def __iter__(self) -> Iterator[Line]:
        """Every line, from the first file's first on; each call starts anew."""
        for name, stream in self._files:
            stream.seek(0)
            yield from lines_in(name, stream)


def _opened(path: Path) -> IO[bytes]:
    if str(path) != "-":
        return opened(path)
    spool: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115  closed by the caller's stack
    shutil.copyfileobj(standard_input(), spool)
    return spool


def arrival_ms(lines: Iterable[Line], *, now_ms: int) -> int:
    """The receipt of every line that carries none: the latest activity's time, since all of a file arrived together.

    Times more than five minutes ahead of the present are mistakes and don't count; without any other it is the present.
    """
    latest_ms: int | None = None
    for line in lines:
        event = decode(line.raw) if line.size <= MAX_BYTES else None
        if isinstance(event, Event) and is_activity(event.kind) and event.time_ms <= now_ms + AHEAD_MS:
            latest_ms = event.time_ms if latest_ms is None else max(latest_ms, event.time_ms)
    return now_ms if latest_ms is None else latest_ms


def as_history(raw: bytes, event: Event) -> bytes:
    """The line as backfill, which is what a file without receipts is: history on purpose."""
    if event.backfill:
        return raw
    if b'"backfill"' not in raw and len(raw) + 20 < MAX_BYTES:
        return raw.replace(b"{", b'{"backfill":true,', 1)
    try:
        return orjson.dumps(orjson.loads(raw) | {"backfill": True})
    except orjson.JSONDecodeError:
        # The contract reads a little more than this parser, such as integers of any size in unknown fields.
        return raw
