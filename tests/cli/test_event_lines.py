"""Event files in the forms that exports have, and those that are none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from cli.checking import lines_of
from cli.endings import UsageError
from cli.event_lines import PIECE_BYTES
from cli.replay.engine import Engine
from cli.replay.lines import EventFiles
from stream.accounts.options import AccountsOptions

EVENTS = b'{"a":1}\n{"b":2}\n'


def test_a_packed_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.ndjson", tmp_path / "packed-under-any-name"
    plain.write_bytes(EVENTS)
    packed.write_bytes(gzip.compress(EVENTS[:8]) + gzip.compress(EVENTS[8:]))
    assert [line.raw for line in lines_of([plain])] == [line.raw for line in lines_of([packed])]
    with EventFiles([packed, plain]) as lines:
        first, again = list(lines), list(lines)
    assert first == again
    assert [(Path(line.file).name, line.number, line.raw) for line in first[1:3]] == [
        (packed.name, 2, b'{"b":2}'),
        (plain.name, 1, b'{"a":1}'),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(EVENTS * 9_999)[:-200], "can't be unpacked after line"),
        (gzip.compress(EVENTS)[:-6] + b"wrong.", "can't be unpacked after line 2: CRC check failed"),
        (b"PK\x03\x04\x14\x00rest of an archive", "is a ZIP archive; one event a line is needed"),
        (EVENTS.decode().encode("utf-16"), "is UTF-16; events are UTF-8: iconv"),
        (EVENTS.decode().encode("utf-16-be").join([b"\xfe\xff", b""]), "is UTF-16; events are UTF-8: iconv"),
        (b'\xef\xbb\xbf[\r\n {"a":1},\r\n {"b":2}]', "spreads JSON over several lines; .*: jq -c '.\\[\\]' makes it"),
        (b'{\n  "a": 1\n}\n', "spreads JSON over several lines; .*: jq -c . makes it"),
    ],
    ids=["cut short", "broken at its end", "archive", "UTF-16", "UTF-16 big-endian", "array", "object over lines"],
)
def test_a_file_that_holds_no_event_a_line_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "export"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=f"export: {said}"):
        list(lines_of([file]))
    with pytest.raises(UsageError, match=f"export: {said}"), EventFiles([file]) as lines:
        list(lines)


@pytest.mark.parametrize("first", [b"\xff\xfe not UTF-16\n", b"[[[[\n", b"[1,\n", b"\x1f\x8b\n", b"PK\n"], ids=repr)
def test_a_broken_line_at_the_top_is_a_line_like_others(tmp_path: Path, first: bytes) -> None:
    file = tmp_path / "export"
    file.write_bytes(first + EVENTS)
    assert [line.number for line in lines_of([file])] == [1, 2, 3]


def test_replay_holds_of_an_endless_line_no_more_than_a_part(tmp_path: Path) -> None:
    file = tmp_path / "export"
    file.write_bytes(b"x" * (5 * PIECE_BYTES) + b"\r\n" + EVENTS)
    engine = Engine(partitions=1, arrived_ms=0, options=AccountsOptions(may_backfill=True))
    with EventFiles([file]) as lines:
        assert max(len(line.raw) for line in lines) <= PIECE_BYTES
        told = [bad for line in lines for bad in engine.take(line)] + engine.flush()
    assert [bad.code for bad in told] == ["too_large", "not_cloudevent", "not_cloudevent"]
    assert told[0].detail == f"event: size is {5 * PIECE_BYTES} bytes; must be at most 65536 (docs/publishing.md#size)"
