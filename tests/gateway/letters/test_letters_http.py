"""Letters over HTTP: found, shown, patched, sent; and what was sent is the event as it should have come."""

from __future__ import annotations

import json
from typing import Any

from gateway.records import Router
from schemas.binary_mode import structured_record
from schemas.event import encode_key, home_partition
from schemas.receipt import verified_ms
from schemas.verdicts import Code, Refusal
from tests.gateway.letters.paper import over_http, over_kafka, refused_by_the_fold
from tests.gateway.letters.post_office import BAD, JSON, Desk
from tests.gateway.making import NOW_MS, PARTITIONS, event, raw


async def test_a_letter_is_listed_shown_patched_and_sent(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)), NOW_MS + 5)
    status, found = await open_desk.get("/v1/letters")
    (letter,) = found["letters"]
    assert (status, found["cursor"]) == (200, None)
    assert letter == {
        "address": address,
        "state": "open",
        "reason": "invalid_data",
        "detail": letter["detail"],
        "tenant": "default",
        "source": "crm/eu",
        "id": "W-1",
        "received_at": "2026-11-22T10:15:00.000Z",
        "refused_at": "2026-11-22T10:15:00.005Z",
        "size": len(raw(data=BAD)),
    }
    status, whole = await open_desk.get(f"/v1/letters/{address}")
    assert (status, whole["text"], whole["key"]) == (200, raw(data=BAD).decode(), "default/A-17")
    assert (whole["headers"]["reason"], whole["today"]["code"]) == ("invalid_data", "invalid_data")


async def test_a_patched_letter_is_the_event_as_it_should_have_come(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    mending: dict[str, Any] = {"set": {"data.amount_minor": 500}}
    status, told = await open_desk.send(address, **mending, dry_run=True)
    assert (status, told["code"], json.loads(told["text"])["data"]["amount_minor"]) == (200, "acceptable", 500)
    assert not open_desk.paper.records
    assert open_desk.counted == [], "a dry run is no sending"
    status, told = await open_desk.send(address, **mending)
    assert open_desk.counted == ["taken"]
    assert (status, told) == (200, {"address": address, "code": "taken", "source": "crm/eu", "id": "W-1"})
    (sent,) = open_desk.paper.of("activity")
    key = encode_key("default", "A-17")
    assert (sent.partition, sent.key) == (home_partition(key, 8), key)
    assert json.loads(sent.value or b"") == event(data=BAD | {"amount_minor": 500})
    assert verified_ms(sent.headers, sent.value, b"secret") == NOW_MS, "the receipt is the first one, and proven"
    assert dict(sent.headers)["redrive-of"] == address.encode()

    _, whole = await open_desk.get(f"/v1/letters/{address}")
    assert (whole["state"], whole["sent"]["patched"], whole["sent"]["times"]) == ("sent", True, 1)
    assert whole["text"] == raw(data=BAD).decode(), "the letter stays as it came"
    await open_desk.send(address, **mending)
    again = open_desk.paper.of("activity")[1]
    assert again == sent, "sent twice it is the same record, which the engine knows"
    _, found = await open_desk.get("/v1/letters", state="sent")
    assert found["letters"][0]["sent"]["times"] == 2


async def test_a_refusal_by_today_s_contract_is_a_400_and_leaves_no_second_letter(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    status, told = await open_desk.send(address)
    assert (status, told["code"], told["address"]) == (400, "invalid_data", address)
    assert "docs/publishing.md#amounts" in told["detail"]
    assert not open_desk.paper.records


async def test_a_conflict_is_sent_as_the_next_revision(open_desk: Desk) -> None:
    address = open_desk.write(refused_by_the_fold(raw(), "conflict"))
    status, told = await open_desk.send(address)
    assert (status, told["code"]) == (400, "conflict")
    assert "revision" in told["detail"]
    status, told = await open_desk.send(address, revision="next")
    assert (status, told["revision"]) == (200, 1)


async def test_an_organisation_event_goes_to_its_topic(open_desk: Desk) -> None:
    body = raw(type="sales.roster.changed", data={"team": "north"})
    address = open_desk.write(over_http(body))
    assert (await open_desk.send(address, patch={"data": {"rep": "R-4"}}))[0] == 200
    (sent,) = open_desk.paper.of("organisation")
    assert (sent.key, sent.partition) == (b"default", home_partition(b"default", 4))


async def test_bytes_that_are_no_text_are_told_in_base64(open_desk: Desk) -> None:
    address = open_desk.write(over_kafka(b"\xff\x00", b"\xfe/A"))
    _, whole = await open_desk.get(f"/v1/letters/{address}")
    assert (whole["base64"], "text" in whole, whole["key"]) == ("/wA=", False, "\ufffd/A")
    assert whole["origin"] == {"topic": "sales.activity.v1", "partition": 0, "offset": 7}
    assert (await open_desk.send(address, set={"id": "1"}))[1]["code"] == "unpatchable"
    assert (await open_desk.send(address, event=event()))[0] == 200


async def test_an_event_in_binary_mode_is_shown_as_it_came_and_sent_structured(open_desk: Desk) -> None:
    attributes = {name: value for name, value in event().items() if name != "data"}
    headers = tuple((f"ce_{name}", value.encode()) for name, value in attributes.items())
    data = json.dumps(BAD).encode()
    address = open_desk.write(over_kafka(structured_record(headers, data), b"default/A-17"))
    _, whole = await open_desk.get(f"/v1/letters/{address}")
    assert (whole["text"], json.loads(whole["event"]), whole["size"]) == (data.decode(), event(data=BAD), len(data))
    assert (whole["headers"]["ce_id"], whole["today"]["code"]) == ("W-1", "invalid_data")
    assert (await open_desk.get("/v1/letters", text="sales.deal.won"))[1]["letters"]
    assert (await open_desk.send(address, set={"data.amount_minor": 5}))[0] == 200
    (sent,) = open_desk.paper.of("activity")
    assert json.loads(sent.value or b"") == event(data=BAD | {"amount_minor": 5})
    assert [name for name, _ in sent.headers] == ["received-at", "received-sig", "redrive-of"]


async def test_a_letter_in_binary_mode_without_a_value_has_its_event_in_its_headers(open_desk: Desk) -> None:
    headers = tuple((f"ce_{name}", value.encode()) for name, value in event(data=None).items())
    address = open_desk.write(over_kafka(structured_record(headers, None), b"default/A-17"))
    assert (await open_desk.send(address))[1]["code"] == "invalid_data"
    assert (await open_desk.send(address, patch={"data": event()["data"]}))[0] == 200


async def test_what_was_not_kept_is_not_shown_and_not_sent(open_desk: Desk) -> None:
    refused = Refusal(Code.NOT_ANONYMOUS, "event hr#1: names a person", "hr", "1", "default")
    address = open_desk.write(Router(PARTITIONS, b"").letter(refused, b'{"rep":"R-4"}', NOW_MS, tenant="default"))
    _, whole = await open_desk.get(f"/v1/letters/{address}")
    assert not {"text", "base64", "key"} & set(whole)
    assert whole["today"]["code"] == "not_anonymous"
    assert (await open_desk.send(address, event=event()))[1]["code"] == "not_anonymous"


async def test_a_sender_that_dies_before_its_mark_leaves_a_letter_that_may_be_sent_again(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    open_desk.paper.confirmed_topics.remove("redrives")
    mending: dict[str, Any] = {"set": {"data.amount_minor": 5}}
    answer = await open_desk.http.post(f"/v1/letters/{address}/send", content=json.dumps(mending), headers=JSON)
    assert answer.json()["code"] == "taken", "the event is in the log, whatever becomes of the mark"
    assert (await open_desk.get(f"/v1/letters/{address}"))[1]["state"] == "open"
    open_desk.paper.confirmed_topics.add("redrives")
    assert (await open_desk.send(address, **mending))[0] == 200
    first, second = open_desk.paper.of("activity")
    assert first == second
