"""Rows of an export file, as stripped texts with their line numbers."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, NamedTuple

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
    """The export, open. Bytes that don't fit the encoding become surrogates: only rows that use them are bad."""
    try:
        stream = file.open(encoding=section.encoding, errors="surrogateescape", newline="")
    except OSError as exc:
        raise BadMapping(f"{file}: can't be read: {exc.strerror}") from None
    except LookupError:
        raise BadMapping(
            f"{file}: there is no encoding {section.encoding!r}; use a name such as utf-8-sig or cp1252"
        ) from None
    with stream:
        yield Export(file, section, stream, partial(os.lseek, stream.fileno(), 0, os.SEEK_CUR))
