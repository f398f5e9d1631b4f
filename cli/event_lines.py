"""Lines of event files as they come, packed or not, with whatever marks and ends; none is held beyond a bound."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from cli.endings import UsageError
from schemas.limits import MAX_BYTES

PIECE_BYTES = 2 * MAX_BYTES
GZIP_MARK = b"\x1f\x8b\x08"
ZIP_MARK = b"PK\x03\x04"


class Line(NamedTuple):
    """A line that isn't blank, without its line end. Of one that is too large only a part; ``size`` is all of it."""

    file: str
    number: int
    raw: bytes
    size: int


def opened(path: Path) -> IO[bytes]:
    """The file, unpacked if it is gzip, whatever it is called. Raises UsageError."""
    try:
        return _unpacked(str(path), path.open("rb"))
    except OSError as exc:
        raise UsageError(f"{path}: can't be read: {exc.strerror}") from None


def standard_input() -> IO[bytes]:
    """Standard input, unpacked if it is gzip. Raises UsageError."""
    return _unpacked("-", cast(io.BufferedReader, sys.stdin.buffer))


def _unpacked(name: str, stream: io.BufferedReader) -> IO[bytes]:
    head = stream.peek(PIECE_BYTES)
    if head.startswith(GZIP_MARK):
        return cast(IO[bytes], gzip.open(stream))
    if (advice := _unsuitable(head)) is not None:
        raise UsageError(f"{name}: {advice}")
    return stream


def _unsuitable(head: bytes) -> str | None:
    """Why a file that begins like this holds no event a line, and what makes such a file of it."""
    if head.startswith(ZIP_MARK):
        return "is a ZIP archive; one event a line is needed: unpack it first"
    if is_utf16(head):
        return "is UTF-16; events are UTF-8: iconv -f UTF-16 -t UTF-8 makes it that"
    first, end, _ = head.removeprefix(BOM_UTF8).lstrip().partition(b"\n")
    if end and first.strip() in (b"[", b"{"):
        unfold = "jq -c '.[]'" if first.startswith(b"[") else "jq -c ."
        return f"spreads JSON over several lines; one event a line is needed: {unfold} makes it that"
    return None


def is_utf16(head: bytes) -> bool:
    """Whether a file that begins like this is UTF-16 with its mark."""
    # Only with its zeros: a line of broken bytes may begin with the same two, and gets a verdict.
    return any(head.startswith(mark) and head[n : n + 1] == b"\0" for mark, n in ((BOM_UTF16_LE, 3), (BOM_UTF16_BE, 2)))


def lines_in(name: str, stream: IO[bytes]) -> Iterator[Line]:
    """The lines from here on, as they come; however long one is, no more than PIECE_BYTES of it is held.

    A byte order mark at the beginning is no part of the first line. Raises UsageError where a file can't be read on.
    """
    number = 0
    try:
        while piece := stream.readline(PIECE_BYTES):
            number += 1
            raw = piece.removeprefix(BOM_UTF8) if number == 1 else piece
            size = len(raw)
            ending = piece
            while not ending.endswith(b"\n") and (more := stream.readline(PIECE_BYTES)):
                size += len(more)
                ending = ending[-1:] + more
            size -= len(ending) - len(ending.rstrip(b"\r\n"))
            raw = raw[:size].rstrip(b"\r\n")
            if size > MAX_BYTES or raw.strip():
                yield Line(name, number, raw, size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as exc:
        # Numbers of a part would pass for numbers of the whole.
        raise UsageError(f"{name}: can't be unpacked after line {number}: {exc}; fetch it again") from None
    except OSError as exc:
        raise UsageError(f"{name}: can't be read: {exc.strerror}") from None
