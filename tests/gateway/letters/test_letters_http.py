"""Letters over HTTP: each asker sees and sends its own, and what was sent is the event as it should have come."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError
from fastapi import FastAPI

from gateway.keyring import Keyring, Publisher
from gateway.letters import desk as module
from gateway.letters import routes
from gateway.letters.desk import LettersDesk
from gateway.letters.log import LetterLog
from gateway.letters.sending import Redriver
from gateway.records import Outgoing, Router
from schemas.binary_mode import structured_record
from schemas.event import encode_key, home_partition
from schemas.receipt import verified_ms
from schemas.verdicts import Code, Refusal
from tests.gateway.letters.paper import PaperReader, over_http, over_kafka, refused_by_the_fold
from tests.gateway.making import NOW_MS, PARTITIONS, Paper, at, event, raw

ACME, GLOBEX, ROOT = ({"authorization": f"Bearer {key}"} for key in ("acme-key", "globex-key", "root-key"))
KEYS = {
    "acme-key": Publisher("acme", may_backfill=False),
    "globex-key": Publisher("globex", may_backfill=True),
    "root-key": Publisher("ops", may_backfill=False, operator=True),
}
BAD = {"deal": "D-9", "amount_minor": -5, "currency": "EUR"}
JSON = {"content-type": "application/json"}


class Desk:
    """The letters' routes over paper: what is written to the log can be read from it again."""

    def __init__(self, keys: dict[str, Publisher]) -> None:
        self.reader, self.paper = PaperReader(), Paper()
        redriver = Redriver(self.paper, b"secret")
        redriver.learn_partitions(PARTITIONS | {"redrives": 1})
        self.paper.confirmed_topics.add("redrives")
        self.counted: list[str] = []
        self.desk = LettersDesk(lambda known: LetterLog(self.reader, known), redriver, self.counted.append)
        app = FastAPI()
        routes.add(app, self.desk, Keyring(keys, allow_backfill=False))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    def write(self, record: Outgoing, at_ms: int = NOW_MS) -> str:
        """Put a letter into the log; its address."""
        self.reader.append(record, at_ms)
        return f"{record.partition}-{len(self.reader.records[record.topic, record.partition]) - 1}"

    async def get(self, path: str, key: dict[str, str] | None = None, **asked: str) -> tuple[int, Any]:
        """Status and answer."""
        answer = await self.http.get(path, params=asked, headers=key or {})
        return answer.status_code, answer.json()

    async def send(self, address: str, key: dict[str, str] | None = None, **body: object) -> tuple[int, Any]:
        """Status and answer of a sending."""
        content = json.dumps(body).encode() if body else b""
        answer = await self.http.post(f"/v1/letters/{address}/send", content=content, headers=JSON | (key or {}))
        for record in self.paper.of("redrives"):
            self.reader.append(record, NOW_MS)
        return answer.status_code, answer.json()


@pytest.fixture
async def open_desk() -> AsyncIterator[Desk]:
    """No keys are configured."""
    made = Desk({})
    yield made
    await made.http.aclose()


@pytest.fixture
async def keyed() -> AsyncIterator[Desk]:
    """Two tenants and an operator."""
    made = Desk(KEYS)
    yield made
    await made.http.aclose()


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
    assert whole["headers"]["reason"] == "invalid_data"
    assert whole["today"]["code"] == "invalid_data"

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


# -- who sees what


def settle(desk: Desk) -> dict[str, str]:
    """A letter of each sort of owner; their addresses."""
    return {
        "acme": desk.write(over_http(raw(tenant="acme", data=BAD), sender="acme")),
        "acme, naming globex": desk.write(over_http(raw(tenant="globex"), sender="acme")),
        "globex": desk.write(over_kafka(raw(tenant="globex", data=BAD), b"globex/A-17")),
        "nobody": desk.write(over_kafka(b"{", None)),
        "in doubt": desk.write(over_kafka(raw(tenant="globex", data=BAD), b"acme/A-17")),
    }


async def test_a_key_sees_its_own_tenant_s_letters_and_an_operator_s_all(keyed: Desk) -> None:
    addresses = settle(keyed)
    seen = {}
    for name, key in (("acme", ACME), ("globex", GLOBEX), ("root", ROOT)):
        _, found = await keyed.get("/v1/letters", key)
        seen[name] = {letter["address"] for letter in found["letters"]}
    assert seen["acme"] == {addresses["acme"], addresses["acme, naming globex"]}
    assert seen["globex"] == {addresses["globex"]}
    assert seen["root"] == set(addresses.values())
    _, found = await keyed.get("/v1/letters", ROOT, tenant="")
    assert {letter["address"] for letter in found["letters"]} == {addresses["nobody"], addresses["in doubt"]}


async def test_another_s_letter_is_answered_as_if_there_were_none(keyed: Desk) -> None:
    addresses = settle(keyed)
    partition = addresses["globex"].split("-")[0]
    nowhere = f"{partition}-999"
    for address in (addresses["globex"], addresses["nobody"], addresses["in doubt"], nowhere):
        shown = await keyed.get(f"/v1/letters/{address}", ACME)
        sent = await keyed.send(address, ACME, set={"data.amount_minor": 5})
        assert shown == sent == (404, {"detail": f"there is no letter {address}"})
    assert not keyed.paper.records
    assert (await keyed.get("/v1/letters", ACME, tenant="globex"))[0] == 403
    assert (await keyed.get("/v1/letters", ACME, text="globex"))[1]["letters"][0]["tenant"] == "acme"


async def test_without_a_key_nobody_sees_letters(keyed: Desk) -> None:
    address = settle(keyed)["acme"]
    for path in ("/v1/letters", f"/v1/letters/{address}"):
        answer = await keyed.http.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    answer = await keyed.http.post(f"/v1/letters/{address}/send")
    assert answer.status_code == 401


async def test_a_key_can_t_send_a_letter_into_another_tenant(keyed: Desk) -> None:
    addresses = settle(keyed)
    status, told = await keyed.send(addresses["acme, naming globex"], ACME)
    assert (status, told["code"]) == (400, "not_allowed")
    status, told = await keyed.send(addresses["acme"], ACME, patch={"tenant": "globex", "data": {"amount_minor": 5}})
    assert (status, told["code"]) == (400, "not_allowed")
    assert (await keyed.send(addresses["acme, naming globex"], ACME, set={"tenant": "acme"}))[0] == 200


async def test_an_operator_s_history_is_that_of_the_tenant(keyed: Desk) -> None:
    old = {"time": at(NOW_MS - 400 * 86_400_000), "backfill": True}
    acme = keyed.write(over_kafka(raw(tenant="acme", data=BAD, **old), b"acme/A-17"))
    globex = keyed.write(over_kafka(raw(tenant="globex", data=BAD, **old), b"globex/A-17"))
    mending: dict[str, Any] = {"set": {"data.amount_minor": 5}}
    assert (await keyed.send(acme, ROOT, **mending))[1]["code"] == "too_old"
    assert (await keyed.send(globex, ROOT, **mending))[1]["code"] == "taken"


# -- questions that can't be answered


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"colour": "red"}, 'parameter "colour" is unknown'),
        ({"limit": "0"}, "from 1 to 500"),
        ({"limit": "501"}, "from 1 to 500"),
        ({"order": "random"}, "newest, oldest"),
        ({"cursor": "x"}, "cursor"),
        ({"reason": "sloppy"}, "allowed are"),
    ],
)
async def test_a_wrong_question_is_a_400_that_says_what_is_wrong(
    open_desk: Desk, asked: dict[str, str], said: str
) -> None:
    status, answer = await open_desk.get("/v1/letters", None, **asked)
    assert status == 400
    assert said in answer["detail"]


@pytest.mark.parametrize("address", ["x", "1", "1-", "-1-2", "01-2", "1-2-3", "1-9999999999999999999"])
async def test_what_is_no_address_is_a_400(open_desk: Desk, address: str) -> None:
    assert (await open_desk.get(f"/v1/letters/{address}"))[0] == 400


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"path":1}', b'{"dry_run":1}', b'{"set":{"a..b":1}}', b'{"patch":[]}', b'{"a":NaN}']
)
async def test_a_body_that_is_no_patch_is_a_400_and_sends_nothing(open_desk: Desk, body: bytes) -> None:
    address = open_desk.write(refused_by_the_fold(raw(), "conflict"))
    answer = await open_desk.http.post(f"/v1/letters/{address}/send", content=body, headers=JSON)
    assert answer.status_code == 400
    assert not open_desk.paper.records
    giant = b'{"event":"' + b"x" * routes.BODY_MAX + b'"}'
    assert (await open_desk.http.post(f"/v1/letters/{address}/send", content=giant)).status_code == 413


async def test_a_log_that_is_away_is_a_503_and_found_again(open_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    open_desk.reader.failure = KafkaConnectionError("away")
    answer = await open_desk.http.get("/v1/letters")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert not open_desk.reader.is_open
    open_desk.reader.failure = None
    assert (await open_desk.get(f"/v1/letters/{address}"))[0] == 200
    monkeypatch.setattr(module, "ANSWER_WITHIN_S", 0.05)
    async with open_desk.desk._turn:
        assert (await open_desk.get("/v1/letters"))[0] == 503


async def test_what_the_broker_doesn_t_confirm_is_not_taken_and_stays_open(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    open_desk.paper.away = True
    status, told = await open_desk.send(address, set={"data.amount_minor": 5})
    assert (status, told["code"]) == (503, "not_taken")
    assert (await open_desk.get(f"/v1/letters/{address}"))[1]["state"] == "open"


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
