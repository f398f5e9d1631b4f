"""Rows of an export file, as stripped texts with their line numbers."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

from cli.event_lines import GZIP_MARK, ZIP_MARK, is_utf16
from cli.importer.making import ROW_COLUMN
from cli.importer.mapping import BadMapping, FileSection

FIELD_LIMIT = 1 << 20


class ReadRow(NamedTuple):
    """A row and the line it begins on; ``fault`` says why it can't be used, then ``cells`` is empty."""

    line: int
    cells: list[str]
    fault: str = ""


class Export:
    """An open export file: its columns, then its rows. ``done_bytes`` tells how far reading has come."""

    def __init__(self, file: Path, section: FileSection, stream: IO[str], done_bytes: Callable[[], int]) -> None:
        self.done_bytes = done_bytes
        csv.field_size_limit(FIELD_LIMIT)
        self._reader = csv.reader(stream, delimiter=section.delimiter, strict=True)
        self._skipped = section.skip_lines
        for _ in range(section.skip_lines):
            stream.readline()
        try:
            header = [name.strip() for name in next(self._reader, [])]
        except csv.Error as exc:
            raise BadMapping(f"{file}: the header can't be read: {exc}") from None
        if not any(header):
            raise BadMapping(f"{file}: there is no header line")
        repeated = {name for name in header if header.count(name) > 1}
        if repeated:
            raise BadMapping(f"{file}: the header names {', '.join(map(repr, sorted(repeated)))} more than once")
        self._width = len(header)
        self.columns = {name: n for n, name in enumerate(header)} | {ROW_COLUMN: self._width}

    def rows(self) -> Iterator[ReadRow]:
        """Every row that is not blank; those that aren't as wide as the header or break the quoting carry a fault."""
        number = 0
        while True:
            line = self._reader.line_num + self._skipped + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as exc:
                yield ReadRow(line, [], f"can't be read as CSV: {exc}")
                continue
            if cells is None:
                return
            if not any(cells):
                continue
            number += 1
            if len(cells) != self._width:
                yield ReadRow(line, [], f"has {len(cells)} columns, the header has {self._width}")
                continue
            stripped = [cell.strip() for cell in cells]
            stripped.append(str(number))
            yield ReadRow(line, stripped)


@contextmanager
def opened(file: Path, section: FileSection) -> Iterator[Export]:
    """The export, open, unpacked if it is gzip. Bytes that don't fit the encoding become surrogates: only rows that use
    them are bad. Raises BadMapping."""
    with ExitStack() as stack:
        try:
            raw = stack.enter_context(file.open("rb"))
            head = raw.peek(4)
            plain = stack.enter_context(gzip.open(raw)) if head.startswith(GZIP_MARK) else raw
            text = io.TextIOWrapper(plain, encoding=section.encoding, errors="surrogateescape", newline="")
            stream = stack.enter_context(text)
        except OSError as exc:
            raise BadMapping(f"{file}: can't be read: {exc.strerror}") from None
        except LookupError:
            raise BadMapping(
                f"{file}: there is no encoding {section.encoding!r}; use a name such as utf-8-sig or cp1252"
            ) from None
        if advice := _unsuitable(head, section):
            raise BadMapping(f"{file}: {advice}")
        try:
            yield Export(file, section, stream, partial(os.lseek, raw.fileno(), 0, os.SEEK_CUR))
        except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
            raise BadMapping(f"{file}: can't be unpacked to its end: {exc}; fetch it again") from None


def _unsuitable(head: bytes, section: FileSection) -> str | None:
    """Why a file that begins like this can't be read as its section says, and what to do."""
    if head.startswith(ZIP_MARK):
        return "is a workbook or a ZIP archive; save it as CSV"
    if is_utf16(head) and not section.encoding.lower().startswith("utf-16"):
        return "is UTF-16; its section of the mapping needs encoding: utf-16"
    return None
