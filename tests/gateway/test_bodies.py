"""Bodies are taken apart byte for byte."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import bodies
from gateway.bodies import Form, TooManyEvents, UnreadableBody, events_of, form_of
from schemas.event import decode
from schemas.verdicts import Code, Refusal

NO_HEADERS: dict[str, str] = {}


@pytest.mark.parametrize(
    ("content_type", "form"),
    [
        ("application/cloudevents+json", Form.ONE),
        ("Application/CloudEvents+JSON; charset=UTF-8", Form.ONE),
        ("application/cloudevents-batch+json", Form.BATCH),
        ("application/x-ndjson", Form.LINES),
        ("application/x-ndjson; charset=latin-1", None),
        ("application/json", None),
        ("text/plain", None),
        ("", None),
    ],
)
def test_the_content_type_says_the_form(content_type: str, form: Form | None) -> None:
    assert form_of(content_type, NO_HEADERS) is form


def test_plain_json_is_an_event_only_in_binary_mode() -> None:
    assert form_of("application/json", {"ce-specversion": "1.0"}) is Form.BINARY


def test_one_event_is_its_body_unchanged() -> None:
    assert events_of(Form.ONE, b'  {"id" : "1"}\n', NO_HEADERS) == [b'  {"id" : "1"}\n']


def test_lines_keep_their_bytes_and_blank_ones_are_none() -> None:
    assert events_of(Form.LINES, b'{"a":1 }\r\n\n \t\n{"b":2}', NO_HEADERS) == [b'{"a":1 }\r', b'{"b":2}']


def test_elements_of_a_batch_keep_their_bytes() -> None:
    body = b'[ {"a": 1.0, "b":"\\u00e9,]}"} ,\n{"c" : [1, {"d":2}]}]'
    assert events_of(Form.BATCH, body, NO_HEADERS) == [b'{"a": 1.0, "b":"\\u00e9,]}"}', b'{"c" : [1, {"d":2}]}']


def test_an_empty_batch_holds_nothing() -> None:
    assert events_of(Form.BATCH, b" [ ] ", NO_HEADERS) == []


def test_a_broken_element_leaves_the_others_whole() -> None:
    body = b'[{"a":"x,\\"]"}, {"n": NaN, "m": [1,2]}, {"c":3}]'
    assert events_of(Form.BATCH, body, NO_HEADERS) == [b'{"a":"x,\\"]"}', b'{"n": NaN, "m": [1,2]}', b'{"c":3}']


def test_a_deep_element_leaves_the_others_whole() -> None:
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    assert events_of(Form.BATCH, b"[" + deep + b',{"b":1}]', NO_HEADERS) == [deep, b'{"b":1}']


@pytest.mark.parametrize("body", [b"", b"{}", b'{"a":[1]}', b"[1", b'["abc]', b"[1] [2]", b"x[1]", b"[1]]", b"null"])
def test_what_is_no_array_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableBody):
        events_of(Form.BATCH, body, NO_HEADERS)


def test_too_many_events_are_refused() -> None:
    with pytest.raises(TooManyEvents, match="has 20001 events; must be at most 20000"):
        events_of(Form.LINES, b"1\n" * (bodies.MAX_EVENTS + 1), NO_HEADERS)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.tuples(JSON_VALUES, st.booleans()), max_size=6), st.sampled_from(["", " ", "\n\t"]))
def test_the_slow_way_finds_the_same_elements(parts: list[tuple[object, bool]], space: str) -> None:
    texts = [json.dumps(value, ensure_ascii=ascii_only).encode() for value, ascii_only in parts]
    body = b"[" + (space.encode() + b"," + space.encode()).join(texts) + b"]"
    assert bodies._elements_of(body) == texts
    assert bodies._elements_by_commas(body) == texts


def test_binary_mode_becomes_a_structured_event() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": '1"',
        "ce-revision": "2",
        "ce-voided": "true",
        "ce-backfill": "yes",
        "content-type": "application/json",
    }
    (event,) = events_of(Form.BINARY, b' {"deal":"D-1"} ', headers)
    assert event.endswith(b',"data":{"deal":"D-1"}}')
    assert json.loads(event) == {
        "specversion": "1.0",
        "id": '1"',
        "revision": 2,
        "voided": True,
        "backfill": "yes",
        "data": {"deal": "D-1"},
    }


def test_binary_mode_without_a_body_has_no_data() -> None:
    (event,) = events_of(Form.BINARY, b"", {"ce-specversion": "1.0"})
    assert json.loads(event) == {"specversion": "1.0"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"deal":"D"},"subject":"B"',
        b'{"deal":"D"},"time":"2026-01-01T00:00:00Z","x":{}',
        b'{"deal":"D"}}{"a":{}',
        b"1,2",
        b'{"deal":',
        b'{"deal":NaN}',
        b"\xff",
    ],
)
def test_binary_mode_takes_one_value_that_is_sound_by_itself(body: bytes) -> None:
    """Another body comes back as it is: as an event it is malformed JSON."""
    (event,) = events_of(Form.BINARY, body, {"ce-specversion": "1.0", "ce-subject": "A"})
    verdict = decode(event)
    assert isinstance(verdict, Refusal)
    assert verdict.code is Code.MALFORMED_JSON


def test_attributes_in_headers_may_be_quoted_and_encoded() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-subject": "%C3%84%20100%25",
        "ce-source": '"crm \\"eu\\""',
        "ce-id": "Ã\x84",
    }
    (event,) = events_of(Form.BINARY, b"{}", headers)
    assert json.loads(event) == {"specversion": "1.0", "subject": "Ä 100%", "source": 'crm "eu"', "id": "Ä", "data": {}}


def test_binary_mode_leaves_what_is_too_large_to_the_contract() -> None:
    body = b"[" * 70_000
    assert body in events_of(Form.BINARY, body, {"ce-specversion": "1.0"})[0]
