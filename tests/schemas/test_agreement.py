"""The hot path and the contract say the same of any bytes; and the hot path is really taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import decode_by_contract
from schemas.event import Event, decode, unknown_fields
from schemas.hot import decode_ordinary
from schemas.types import TYPES
from tests.schemas.samples import ACTIVITY, DATA, Literally, Path, changed, envelope, paths, without, written

INSTANTS = [
    "2026-11-22T10:15:00Z",
    "2026-11-22t10:15:00z",
    "2026-11-22 10:15:00Z",
    "2026-11-22T10:15:00",
    "2026-11-22T10:15Z",
    "2026-11-22T10:15:00.Z",
    "2026-11-22T10:15:00.1Z",
    "2026-11-22T10:15:00,5Z",
    "2026-11-22T10:15:00.123456Z",
    "2026-11-22T10:15:00.1239999999Z",
    "2026-11-22T23:59:59.9999999Z",
    "2026-11-22T10:15:00.123+00:00",
    "2026-11-22T10:15:00-00:00",
    "2026-11-22T10:15:00+01:00",
    "2026-11-22T10:15:00+0100",
    "2026-11-22T10:15:00+01",
    "2026-11-22T10:15:00+24:00",
    "2026-11-22T10:15:00+23:60",
    "2026-11-22T24:00:00Z",
    "2016-12-31T23:59:60Z",
    "2026-02-29T10:15:00Z",
    "2024-02-29T10:15:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00+14:00",
    "0000-01-01T00:00:00Z",
    "1899-12-31T23:59:59.999Z",
    "1900-01-01T00:00:00Z",
    "2999-12-31T23:59:59.999Z",
    "3000-01-01T00:00:00Z",
    "3000-01-01T00:30:00+01:00",
    "1969-12-31T23:59:59.9999Z",
    "2026-11-22",
    "2026-W01-1",
    "2026-02-30",
    "20261122",
    "20261122T101500Z",
    "٢٠٢٦-11-22T10:15:00Z",
    " 2026-11-22T10:15:00Z",
    "2026-11-22T10:15:00Z ",
    "2026-11-22T10:15:00Z\n",
    "1795342500",
]
NUMBERS = [
    "-0",
    "-0.0",
    "0",
    "1",
    "1.0",
    "1e3",
    "1E0",
    "-1",
    "0.5",
    "5e-324",
    "1e-400",
    "1e999",
    "-1e999",
    "01",
    "1.",
    "+1",
]
NUMBERS += [
    "10000",
    "10001",
    "2147483647",
    "2147483648",
    "9223372036854775807",
    "9223372036854775808",
    "1e9",
    "1000000001",
]
NUMBERS += [
    "-9223372036854775809",
    "18446744073709551616",
    "9" * 30,
    "9" * 400,
    "9" * 5000,
    "NaN",
    "Infinity",
    "-Infinity",
]
STRINGS = [
    "",
    " ",
    "x",
    "x" * 64,
    "x" * 65,
    "x" * 256,
    "x" * 257,
    "😀" * 256,
    "😀" * 257,
    "a/b",
    "a b",
    "ä",
    "ﬀ",
    "\u00a0",
    "\x7f",
]
STRINGS += [
    "\x85",
    "\u2028",
    "\ufeff",
    "\ud800",
    "EUR",
    "XTS",
    "eur",
    "EURO",
    "EÜR",
    "EUR\n",
    "1.0",
    "call",
    "nps",
    "true",
    "application/json",
]
STRINGS += [
    "Application/JSON; charset=utf-8",
    "application/x+json",
    "text/plain",
    "Sunday",
    "march",
    "UTC",
    "../etc",
    "1e3",
]
ESCAPES = [
    r'"\u0000"',
    r'"a\u0000"',
    r'"\n"',
    r'"\u001f"',
    r'"\ud800"',
    r'"\udc00\ud800"',
    r'"\ud83d\ude00"',
    r'"\u0041"',
    r'"\x"',
    '"\t"',
    '"\0"',
]
NESTS = ["[" * depth + "]" * depth for depth in (1, 29, 30, 31, 32, 33, 200)]
OTHERS = [
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "[{}]",
    '{"x":1}',
    "[null]",
    '{"min":1,"max":1}',
    '{"x":NaN}',
    '{"a":"\\ud800"}',
]
INSTANT_SHAPE = (
    r"\A(2[0-9]{3}|0000)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
    r"(\.[0-9]{1,10})?([zZ]|[+-][0-2][0-9]:?[0-6][0-9])?\Z"
)
VALUES = [Literally(text) for text in NUMBERS + ESCAPES + NESTS + OTHERS] + STRINGS + INSTANTS


def assert_agreement(raw: bytes) -> None:
    by_contract = decode_by_contract(raw)
    hot = decode_ordinary(raw)
    if hot is not None:
        assert hot == by_contract
        # Equality would let 1 pass for 1.0 and 0.0 for -0.0.
        assert repr(hot) == repr(by_contract)
    assert decode(raw) == by_contract
    if isinstance(by_contract, Event):
        assert isinstance(unknown_fields(raw), tuple)


@pytest.mark.parametrize("name", DATA)
def test_every_value_in_every_place(name: str) -> None:
    full = envelope(name)
    for path in paths(full):
        for value in VALUES:
            assert_agreement(written(changed(full, path, value)))
        if path:
            assert_agreement(written(without(full, path)))


@pytest.mark.parametrize(
    "hostile", ["[" * 20_000 + "]" * 20_000, '{"a":' * 9_000 + "1" + "}" * 9_000, "[" * 60_000, "9" * 60_000]
)
@pytest.mark.parametrize("path", [("type",), ("data",), ("data", "rep"), ("seq",)])
def test_hostile_sizes(path: Path, hostile: str) -> None:
    event = {"seq": 1, **envelope("sales.touch.logged")}
    assert_agreement(written(changed(event, path, Literally(hostile))))


@pytest.mark.parametrize("name", DATA)
def test_full_and_smallest_events_are_accepted(name: str) -> None:
    """Every sample decodes; those of activity on the hot path, or the speed is gone without anybody noticing."""
    model = next(row.model for row in TYPES if row.name == name)
    required = {field for field, held in model.model_fields.items() if held.is_required()} | {"rep", "amount_minor"}
    smallest = {field: held for field, held in DATA[name].items() if field in required}
    bare = {
        key: held
        for key, held in envelope(name).items()
        if key in {"specversion", "id", "source", "time", "subject", "type"}
    }
    for event in (envelope(name), bare | {"data": smallest}, envelope(name, voided=True), bare | {"voided": True}):
        assert isinstance(decode(written(event)), Event)
        assert (decode_ordinary(written(event)) is not None) == (name in ACTIVITY)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A sample with up to four changes: values, absences, strangers, keys said twice."""
    event: Any = envelope(draw(st.sampled_from(sorted(DATA))))
    for _ in range(draw(st.integers(0, 4))):
        path = draw(st.sampled_from(list(paths(event))[1:] or [()]))
        change = draw(st.sampled_from(["value", "without", "stranger", "twice", "json"]))
        if not path or change == "value":
            event = changed(event, path, draw(st.sampled_from(VALUES)))
        elif change == "json":
            event = changed(event, path, draw(JSON))
        elif change == "without":
            event = without(event, path)
        elif isinstance(path[-1], str):
            key = path[-1] if change == "twice" else draw(st.text(max_size=5) | st.sampled_from(STRINGS))
            event = _with_key(event, path[:-1], key, draw(st.sampled_from(VALUES)))
    return written(event)


def _with_key(event: Any, path: Path, key: str, value: Any) -> Any:
    """The event with one more key in the object at `path`, last, even if it is there already."""
    if path:
        return changed(event, path[:1], _with_key(event[path[0]], path[1:], key, value))
    return {**event, Literally(written(key).decode("utf-8", "surrogatepass")): value}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(STRINGS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=800)
@given(mutated())
def test_mutated_events(raw: bytes) -> None:
    assert_agreement(raw)


@settings(max_examples=300)
@given(mutated(), st.data())
def test_broken_bytes(raw: bytes, data: st.DataObject) -> None:
    """A byte or a few put anywhere, also into keys and unread values; cut ends; a mark or space around."""
    scrap = data.draw(
        st.sampled_from(
            [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\0", b'"', b"\\", b"{", b"}", b",", b"/", b" ", b"\x0b"]
        )
    )
    place, length = data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, 3))
    assert_agreement(raw[:place] + scrap + raw[place + length :])
    assert_agreement(raw[:place])
    assert_agreement(b"\xef\xbb\xbf" + raw)
    assert_agreement(b" \t\r\n" + raw + b"\n ")
    assert_agreement(raw + scrap)


@settings(max_examples=200)
@given(st.binary(max_size=60) | JSON.map(written))
def test_any_bytes(raw: bytes) -> None:
    assert_agreement(raw)


@settings(max_examples=300)
@given(st.from_regex(INSTANT_SHAPE))
def test_instants(text: str) -> None:
    assert_agreement(written(envelope("sales.touch.logged", time=text)))
    assert_agreement(written(envelope("sales.touch.logged", receivedat=text)))
