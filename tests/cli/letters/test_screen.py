"""What a letter looks like, and that nothing in it reaches the terminal as a command."""

from __future__ import annotations

from cli.letters import screen
from gateway.letters.letter import Mark
from gateway.letters.sending import Outcome
from tests.gateway.letters.paper import letter_of, over_http, over_kafka
from tests.gateway.making import NOW_MS, raw

TODAY = Outcome("0-0", "acceptable")
NASTY = "\x1b[2J\u202e\x00\x7f"


def test_what_a_stranger_wrote_can_move_no_cursor() -> None:
    letter = letter_of(over_kafka(raw(source=NASTY, type="x" + NASTY) + NASTY.encode(), b"\x1b/A"))
    refused = letter_of(over_http(raw(subject=NASTY, source="a\tb\nc", type="sales." + NASTY)))
    marks = {letter.address: Mark("0-0", NOW_MS, 2, "operator", NASTY, NASTY, 1, is_patched=True)}
    lines = [
        *screen.table([letter, refused], marks),
        *screen.page(letter, marks[letter.address], TODAY),
        *screen.page(refused, None, Outcome("0-0", "invalid_data", NASTY, NASTY, detail=NASTY)),
        *screen.difference(letter.raw, b'{"a":"\\u001b"}'),
        screen.outcome_line(Outcome("0-0", "taken", NASTY, NASTY)),
    ]
    assert not [line for line in lines if not line.isprintable()]
    assert any("\\x1b[2J" in line for line in lines)


def test_bytes_that_are_no_text_are_dumped() -> None:
    lines = list(screen.body(bytes(range(250, 256)) + b"abc\0" + b"x" * 2_000))
    assert lines[0] == "  00000000  fa fb fc fd fe ff 61 62 63 00 78 78 78 78 78 78  ......abc.xxxxxx"
    assert lines[-1] == "  … 986 bytes more; --raw writes them all"
    assert list(screen.body(b'{\n\t"a": "\xc3\xa9"}')) == ["  {", '  \t"a": "é"}']


def test_a_letter_tells_what_became_of_it() -> None:
    letter = letter_of(over_http(b"{"))
    mark = Mark("0-0", NOW_MS, 2, "operator", "crm", "1", 1, is_patched=True)
    page = "\n".join(screen.page(letter, mark, Outcome("0-0", "malformed_json", detail="character 1")))
    assert "letter 0-0, sent" in page
    assert "sent at      2026-11-22T10:15:00.000Z patched, as crm#1 revision 1, 2 times so far" in page
    assert "today        malformed_json: character 1" in page
    assert "  reason: malformed_json" in page


def test_a_patch_is_shown_as_a_difference() -> None:
    shown = list(screen.difference(b'{"id":"1","data":{"rep":"R-1"}}', b'{"id":"1","data":{"rep":"R-2"}}'))
    assert '-    "rep": "R-1"' in shown
    assert '+    "rep": "R-2"' in shown
