"""The hot path and the contract say the same of any bytes; and the hot path is really taken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import decode_by_contract, unknown_fields_by_contract
from schemas.event import Event, decode, unknown_fields
from schemas.findings import wire_fields
from schemas.ordinary import decode_ordinary
from schemas.tolerant import decode_tolerant
from schemas.types import TYPES
from tests.schemas.awkward import INSTANT_SHAPE, STRINGS, VALUES
from tests.schemas.samples import ACTIVITY, DATA, Literally, Path, changed, envelope, paths, without, written

pytestmark = pytest.mark.takes(25)


def assert_agreement(raw: bytes) -> None:
    by_contract = decode_by_contract(raw)
    hot = decode_ordinary(raw)
    if hot is not None:
        assert hot == by_contract
        # Equality would let 1 pass for 1.0 and 0.0 for -0.0.
        assert repr(hot) == repr(by_contract)
    assert decode(raw) == by_contract
    tolerant = decode_tolerant(raw)
    if tolerant is not None:
        assert tolerant == (by_contract, unknown_fields_by_contract(raw))
        assert repr(tolerant[0]) == repr(by_contract)
    if isinstance(by_contract, Event):
        assert unknown_fields(raw) == unknown_fields_by_contract(raw)


@pytest.mark.parametrize("name", DATA)
def test_every_value_in_every_place(name: str) -> None:
    full = envelope(name)
    # The envelope is the same for all types; one of activity and one of the organisation stand for the others.
    places = [path for path in paths(full) if path[:1] == ("data",) or name in ("sales.touch.logged", "sales.rate.set")]
    for path in places:
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


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("sales.survey.answered", {"score": 5, "scale": {"min": 5, "max": 5}}),
        ("sales.survey.answered", {"score": 5, "scale": {"min": 6, "max": 4}}),
        ("sales.order.refunded", {"lines": None, "amount_minor": None}),
        ("sales.deal.won", {"splits": [{"rep": f"R-{share}", "share_bp": 100} for share in range(100)]}),
        ("sales.deal.won", {"splits": [{"rep": f"R-{share}", "share_bp": 1} for share in range(101)]}),
        ("sales.order.placed", {"lines": [{"product": "P", "qty": 1, "unit_price_minor": 1}] * 1_000}),
        ("sales.order.placed", {"lines": [{"product": "P", "qty": 1, "unit_price_minor": 1}] * 1_001}),
    ],
)
def test_faults_of_two_fields(name: str, fields: dict[str, Any]) -> None:
    assert_agreement(written(envelope(name, data=DATA[name] | fields)))
    smallest = {field: held for field, held in (DATA[name] | fields).items() if held is not None}
    assert_agreement(written(envelope(name, data=smallest)))


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537])
def test_around_the_greatest_size(length: int) -> None:
    assert_agreement(written(envelope("sales.touch.logged")).ljust(length))


@pytest.mark.parametrize("name", DATA)
def test_full_and_smallest_events_are_accepted(name: str) -> None:
    """Every sample decodes; those of activity on the hot path, or the speed is gone without anybody noticing."""
    model = next(row.model for row in TYPES if row.name == name)
    required = {field for field, held in wire_fields(model).items() if held.is_required()} | {"rep", "amount_minor"}
    smallest = {field: held for field, held in DATA[name].items() if field in required}
    bare = {
        key: held
        for key, held in envelope(name).items()
        if key in {"specversion", "id", "source", "time", "subject", "type"}
    }
    for event in (envelope(name), bare | {"data": smallest}, envelope(name, voided=True), bare | {"voided": True}):
        assert isinstance(decode(written(event)), Event)
        assert (decode_ordinary(written(event)) is not None) == (name in ACTIVITY)


@pytest.mark.parametrize("name", ACTIVITY)
def test_strangers_anywhere_do_not_lead_to_the_contract(name: str) -> None:
    """An event with fields that nobody knows costs little more than one without."""
    event: Any = envelope(name, sequence="7", traceparent={"x": 1}, data_base64=None)
    for path in [path for path, held in located(envelope(name)) if isinstance(held, dict)]:
        event = _with_key(event, path, "stranger", {"a": [1, "ü", None, 2.5]})
    raw = written(event)
    assert decode_ordinary(raw) is None
    found = decode_tolerant(raw)
    assert found is not None
    assert {"sequence", "stranger", "data.stranger"} <= set(found[1])
    assert_agreement(raw)


def located(value: Any) -> list[tuple[Path, Any]]:
    """The path of each value and the value."""
    found = []
    for path in paths(value):
        held = value
        for step in path:
            held = held[step]
        found.append((path, held))
    return found


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
