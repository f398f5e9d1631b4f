"""`salespulse check`: a verdict for each line, the gateway's to the letter, and nothing is sent."""

import io
import json
import sys
from codecs import BOM_UTF8
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli import checking
from cli.checking import Rules
from cli.event_lines import PIECE_BYTES, Line
from cli.main import run
from gateway import ingest
from gateway.keyring import Publisher
from schemas.event import Event, decode, unknown_fields
from schemas.limits import MAX_BYTES
from tests.schemas.samples import DATA, envelope, written
from tests.schemas.test_agreement import mutated

EXAMPLES = Path(__file__).parents[2] / "contracts/examples"
RECEIVED = "2026-11-22T10:16:00Z"
RECEIVED_MS = 1_795_342_560_000
TOUCH = written(envelope("sales.touch.logged", receivedat=None))


class Said(NamedTuple):
    """How a check ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    @property
    def verdicts(self) -> list[str]:
        return [line.split(":")[2].strip() for line in self.lines[:-1]]


@pytest.fixture
def check(tmp_path: Path, capsysbinary: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function from the bytes of files and options to what was said; files are called 0, 1, …"""

    def checked(*contents: bytes, options: tuple[str, ...] = ("--received-at", RECEIVED)) -> Said:
        monkeypatch.chdir(tmp_path)
        for number, content in enumerate(contents):
            (tmp_path / str(number)).write_bytes(content)
        monkeypatch.setattr(sys, "argv", ["salespulse", "check", *map(str, range(len(contents))), *options])
        with pytest.raises(SystemExit) as ended:
            run()
        out, err = capsysbinary.readouterr()
        return Said(int(ended.value.code or 0), out.decode(), err.decode())

    return checked


def test_each_line_has_its_verdict_and_the_end_sums_up(check: Any) -> None:
    bad = written(envelope("sales.deal.won", data=DATA["sales.deal.won"] | {"amount_minor": -5}))
    amount = "must be an integer ≥ 0 in minor units, below 2^63 (docs/publishing.md#amounts)"
    broken = "character 1: Expecting property name enclosed in double quotes (docs/publishing.md#json)"
    said = check(TOUCH + b"\n" + bad + b"\n", b"{")
    assert said.code == 1
    assert said.lines == [
        "0:1: taken: event crm/eu#01JD",
        f"0:2: invalid_data: event crm/eu#01JD: data.amount_minor is -5; {amount}",
        f"1:1: malformed_json: event: malformed JSON: {broken}",
        "3 events: 1 taken, 1 invalid_data, 1 malformed_json",
    ]


def test_json_says_the_same(check: Any) -> None:
    content = TOUCH.replace(b'"data":{', b'"data":{"mood":1,') + b"\n{\n"
    first, second, last = map(json.loads, check(content, options=("--format", "json", "--received-at", RECEIVED)).lines)
    named = {"file": "0", "line": 1, "source": "crm/eu", "id": "01JD"}
    assert first == named | {"code": "taken", "ignored": ["data.mood"]}
    assert (second["code"], second["line"], "detail" in second) == ("malformed_json", 2, True)
    ignored = [{"tenant": "acme", "source": "crm/eu", "fields": {"data.mood": 1}}]
    assert last == {"summary": {"events": 2, "codes": {"taken": 1, "malformed_json": 1}, "ignored": ignored}}


def test_if_every_line_is_taken_it_ends_with_0(check: Any) -> None:
    said = check(TOUCH, b"", options=("--received-at", RECEIVED, "--only-refused"))
    assert (said.code, said.lines) == (0, ["1 events: 1 taken"])
    assert check(b"\n \t\r\n").lines == ["0 events"]


def test_the_examples_are_all_taken(check: Any) -> None:
    contents = [path.read_bytes() for path in sorted(EXAMPLES.iterdir())]
    said = check(*contents, options=("--received-at", "2026-12-05T00:00:00Z", "--only-refused"))
    assert (said.code, said.lines) == (0, [f"{len(DATA)} events: {len(DATA)} taken"])


def test_line_ends_marks_and_blank_lines(check: Any) -> None:
    said = check(BOM_UTF8 + TOUCH + b"\r\n\r\n\n" + TOUCH + b"\r\n" + BOM_UTF8 + TOUCH)
    assert [line.split(":")[1] for line in said.lines[:-1]] == ["1", "4", "5"]
    assert said.verdicts == ["taken", "taken", "malformed_json"]


@pytest.mark.parametrize("size", [MAX_BYTES, MAX_BYTES + 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 400_007])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_long_lines(check: Any, size: int, end: bytes) -> None:
    """Also where a piece ends between the characters of a line end."""
    said = check(TOUCH.ljust(size) + end + (TOUCH if end else b""))
    wanted = "taken" if size <= MAX_BYTES else "too_large"
    assert said.verdicts[0] == wanted
    if wanted == "too_large":
        assert f"size is {size} bytes; must be at most {MAX_BYTES}" in said.lines[0]
    assert said.lines[-1].startswith(f"{2 if end else 1} events")


def test_garbage(check: Any) -> None:
    said = check(bytes(range(256)) * 40 + b"\n" + b"\0" * 200_000)
    assert said.code == 1
    assert set(said.verdicts) == {"malformed_json", "too_large"}


def test_standard_input_is_read_once(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Source:
        buffer = io.BufferedReader(io.BytesIO(TOUCH + b"\n{"))

    monkeypatch.setattr(sys, "stdin", Source())
    said = check(options=("-", "--received-at", RECEIVED))
    assert [line.split(" ")[0] for line in said.lines] == ["-:1:", "-:2:", "2"]


def test_receipts(check: Any) -> None:
    """A line's own receivedat, else the option, else now; history needs a key that may send it."""
    old = envelope("sales.touch.logged", time="2026-01-01T00:00:00Z", receivedat=None)
    received, backfill = old | {"receivedat": "2026-01-02T00:00:00Z"}, old | {"backfill": True}
    content = b"\n".join(map(written, (old, received, backfill)))
    assert check(content).verdicts == ["too_old", "taken", "too_old"]
    options = ("--received-at", RECEIVED, "--may-backfill")
    assert check(content, options=options).verdicts == ["too_old", "taken", "taken"]
    assert check(written(envelope("sales.touch.logged", time="2999-01-01T00:00:00Z")), options=()).code == 1


def test_another_tenant(check: Any) -> None:
    bad = written(envelope("sales.deal.won", data={}))
    said = check(TOUCH + b"\n" + bad, options=("--tenant", "globex", "--received-at", RECEIVED))
    assert said.verdicts == ["not_allowed", "not_allowed"]


@pytest.mark.parametrize("options", [("--received-at", "yesterday"), ("nowhere.ndjson",), (".",)])
def test_what_can_not_be_done_ends_with_2(check: Any, options: tuple[str, ...]) -> None:
    said = check(TOUCH, options=options)
    assert said.code == 2
    assert said.err.startswith("salespulse: ")
    assert len(said.err.splitlines()) == 1


@settings(max_examples=200)
@given(mutated() | st.binary(max_size=30), st.booleans())
def test_codes_and_words_are_the_gateways(raw: bytes, may_backfill: bool) -> None:
    """Only the receipt may differ: a file's own, where it has one."""
    event = decode(raw)
    received_ms = event.receivedat_ms if isinstance(event, Event) and event.receivedat_ms is not None else RECEIVED_MS
    (judged,) = checking.judge([Line("f", 1, raw, len(raw))], Rules(RECEIVED_MS, may_backfill, "acme"))
    assert judged.outcome == ingest.judge(raw, Publisher("acme", may_backfill), received_ms)
    if isinstance(judged.outcome, Event):
        assert judged.ignored == unknown_fields(raw)
