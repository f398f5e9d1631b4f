"""An event in binary mode is judged as the same event in structured mode: the same event, or the same words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.binary_mode import FromBinary, is_binary, structured, structured_record
from schemas.contract import decode_by_contract
from schemas.event import Event, decode
from schemas.records import RecordBatch
from schemas.verdicts import Code, Refusal
from tests.schemas.awkward import INSTANTS, STRINGS
from tests.schemas.samples import DATA, changed, envelope, paths, written

Headers = tuple[tuple[str, bytes], ...]
JSON = "application/json"


def headers_of(event: dict[str, Any], content_type: str = JSON) -> Headers:
    """The headers of an event in binary mode, as the CloudEvents libraries write them."""
    attributes = {name: held for name, held in event.items() if name not in ("data", "datacontenttype")}
    texts = {name: held if isinstance(held, str) else json.dumps(held) for name, held in attributes.items()}
    given = tuple((f"ce_{name}", text.encode("utf-8", "surrogatepass")) for name, text in texts.items())
    return (("content-type", content_type.encode()), *given)


def judged(event: dict[str, Any], **options: str) -> Event | Refusal:
    record = structured_record(headers_of(event, **options), written(event["data"]) if "data" in event else None)
    verdict = decode(record)
    assert verdict == decode_by_contract(record)
    return verdict


@pytest.mark.parametrize("name", DATA)
def test_each_type_is_the_same_in_both_modes(name: str) -> None:
    assert judged(envelope(name)) == decode(written(envelope(name)))
    assert isinstance(judged(envelope(name)), Event)


@settings(max_examples=300)
@given(st.data())
def test_a_changed_event_is_judged_in_the_same_words(data: st.DataObject) -> None:
    """Any text in any attribute, any value in any field. Texts that mean a number or a flag are one in a header."""
    event: Any = envelope(data.draw(st.sampled_from(sorted(DATA))))
    del event["datacontenttype"]
    texts = st.text(max_size=5) | st.sampled_from([text for text in STRINGS + INSTANTS if "\ud800" not in text])
    for _ in range(data.draw(st.integers(0, 3))):
        path = data.draw(st.sampled_from([path for path in paths(event) if path]))
        if path[0] == "data" or path[0] not in ("revision", "voided", "backfill"):
            event = changed(event, path, data.draw(texts))
    # A field of the data may have become a text, which is a value like any other.
    assert judged(event) == decode(written(event))


@settings(max_examples=200)
@given(st.binary(max_size=40) | st.sampled_from([b'{"kind":"call","rep":"R"},"subject":"B"', b'{"a":1}}', b"1,2"]))
def test_no_data_can_bring_attributes(body: bytes) -> None:
    event = envelope("sales.touch.logged")
    verdict = decode(structured_record(headers_of(event), body))
    if isinstance(verdict, Event):
        assert verdict.subject == event["subject"]
    elif body.strip(b" \t\r\n"):
        assert verdict.code in (Code.MALFORMED_JSON, Code.INVALID_DATA)


@settings(max_examples=200)
@given(st.lists(st.tuples(st.text(max_size=4).map("ce_{}".format), st.binary(max_size=6)), max_size=4), st.binary())
def test_any_headers_are_judged(headers: list[tuple[str, bytes]], body: bytes) -> None:
    record = structured_record((("ce_specversion", b"1.0"), *headers), body)
    assert isinstance(decode(record), Refusal)
    assert decode(record) == decode_by_contract(record)


def test_revisions_and_flags_are_read() -> None:
    verdict = judged(envelope("sales.touch.logged", revision=3, voided=True, backfill=True))
    assert isinstance(verdict, Event)
    assert (verdict.revision, verdict.voided, verdict.backfill) == (3, True, True)
    refused = judged(envelope("sales.touch.logged", revision="x", voided="yes"))
    assert isinstance(refused, Refusal)
    assert 'revision is "x"' in refused.detail


@pytest.mark.parametrize(
    ("content_type", "code"),
    [
        ("application/json", None),
        ("Application/JSON; charset=utf-8", None),
        ("application/vnd.sales+json", None),
        ("application/avro", Code.NOT_CLOUDEVENT),
    ],
)
def test_the_content_type_is_that_of_the_data(content_type: str, code: Code | None) -> None:
    verdict = judged(envelope("sales.touch.logged"), content_type=content_type)
    assert (verdict.code if isinstance(verdict, Refusal) else None) == code


def test_too_large_counts_the_event_as_it_is_put_together() -> None:
    event = envelope("sales.touch.logged")
    verdict = decode(structured_record(headers_of(event), b"[" * 70_000))
    assert isinstance(verdict, Refusal)
    assert verdict.code is Code.TOO_LARGE


def test_what_is_binary() -> None:
    headers = headers_of(envelope("sales.touch.logged"))
    assert is_binary(headers)
    assert is_binary(tuple(pair for pair in headers if pair[0] != "content-type"))
    assert not is_binary((("content-type", b"application/cloudevents+json; charset=utf-8"), *headers[1:]))
    assert not is_binary((("received-at", b"1"), ("traceparent", b"x")))


def test_headers_that_are_null_or_no_utf8() -> None:
    headers = headers_of(envelope("sales.touch.logged"))
    assert isinstance(
        decode(structured_record((*headers, ("ce_receivedat", None)), b'{"kind":"call","rep":"R"}')), Event
    )
    verdict = decode(structured_record((*headers, ("ce_subject", b"\xff")), b'{"kind":"call","rep":"R"}'))
    assert isinstance(verdict, Refusal)
    assert verdict.code is Code.MALFORMED_JSON
    assert "is not UTF-8" in verdict.detail


def test_a_batch_holds_structured_events_whatever_came() -> None:
    event = envelope("sales.touch.logged")
    binary, plain = written(event["data"]), written(event)
    batch = RecordBatch(
        "activity",
        0,
        start=0,
        next_offset=3,
        keys=[b"acme/A-17"] * 3,
        values=[plain, binary, plain],
        offsets=[0, 1, 2],
        received_ms=[0] * 3,
        headers={1: headers_of(event), 2: (("received-at", b"5"),)},
    )
    for held in (batch, batch.between(1, 3)):
        first = held.values[-2]
        assert isinstance(first, FromBinary)
        assert (first.value, first.headers) == (binary, headers_of(event))
        assert decode(first) == decode(plain)
        assert type(held.values[-1]) is bytes


def test_an_envelope_without_attributes() -> None:
    assert structured({}, b"{}") == b'{"data":{}}'
    assert structured({}, b"") == b"{}"
