"""Every event gets its verdict, in order; good ones go to the log, refused ones to the dead letters."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from gateway.bodies import MAX_BODY_BYTES, MAX_EVENTS, Form
from gateway.ingest import Ingest, judge
from gateway.keyring import Keyring, Publisher
from gateway.records import MAX_LETTER_BYTES, Router
from schemas.event import decode, encode_key, home_partition
from schemas.receipt import verified_ms
from schemas.verdicts import Code, Refusal
from stream.intake import dead_letter, stray
from tests.gateway.making import NOW_MS, PARTITIONS, Paper, at, event, raw

DAY_MS = 86_400_000
ACME = Publisher("default", may_backfill=False)
HISTORIAN = Publisher("default", may_backfill=True)


class Desk:
    """An ingest over paper."""

    def __init__(self, signing_key: bytes = b"") -> None:
        self.paper = Paper()
        self.counted: Counter[str] = Counter()
        self.ingest = Ingest(self.paper, signing_key, lambda code, times: self.counted.update({code: times}))
        self.ingest.learn_partitions(PARTITIONS)

    async def post(self, form: Form, body: bytes, publisher: Publisher = ACME) -> tuple[int, list[str]]:
        """Status and codes."""
        answer = await self.ingest.take(form, body, {}, publisher, NOW_MS)
        assert [verdict.index for verdict in answer.verdicts] == list(range(len(answer.verdicts)))
        return answer.status, [verdict.code for verdict in answer.verdicts]


async def test_an_accepted_event_is_written_home_as_it_came() -> None:
    desk = Desk()
    body = b" " + raw() + b"\n"
    assert await desk.post(Form.ONE, body) == (200, ["taken"])
    (record,) = desk.paper.records
    key = encode_key("default", "A-17")
    assert record == ("activity", home_partition(key, 8), key, body, (("received-at", str(NOW_MS).encode()),))


async def test_an_organisation_event_goes_to_its_tenant_s_partition() -> None:
    desk = Desk()
    body = raw(type="sales.roster.changed", subject="R-4", data={"rep": "R-4", "team": "north"})
    assert await desk.post(Form.ONE, body) == (200, ["taken"])
    (record,) = desk.paper.records
    assert record[:3] == ("organisation", home_partition(b"default", 4), b"default")


async def test_a_signing_key_proves_the_receipt() -> None:
    desk = Desk(b"secret")
    await desk.post(Form.ONE, raw())
    (record,) = desk.paper.records
    assert verified_ms(record.headers, record.value, b"secret") == NOW_MS


async def test_a_single_refused_event_is_400_and_a_dead_letter() -> None:
    desk = Desk()
    body = raw(data={"deal": "D-9", "amount_minor": -5, "currency": "EUR"})
    assert await desk.post(Form.ONE, body) == (400, ["invalid_data"])
    (letter,) = desk.paper.of("dead_letters")
    headers = dict(letter.headers)
    assert letter.value == body
    assert letter.key == encode_key("default", "A-17")
    assert headers["reason"] == b"invalid_data"
    assert headers["source"] == b"crm/eu"
    assert headers["received-at"] == str(NOW_MS).encode()
    assert b"amount_minor is -5" in headers["detail"]
    assert (headers["id"], headers["tenant"]) == (b"W-1", b"default")
    told = {"reason", "detail", "source", "id", "tenant", "received-at"}
    assert set(headers) == told, "no origin: it never was in a topic"


async def test_a_letter_is_its_sender_s_whatever_tenant_it_names() -> None:
    desk = Desk()
    await desk.post(Form.LINES, raw(tenant="globex") + b"\n{")
    assert [dict(letter.headers)["tenant"] for letter in desk.paper.of("dead_letters")] == [b"default"] * 2


def test_a_letter_that_must_not_name_a_person_keeps_neither_bytes_nor_subject() -> None:
    refused = Refusal(Code.NOT_ANONYMOUS, "event hr#1: names a person", "hr", "1", "acme", "R-4")
    letter = Router(PARTITIONS, b"").letter(refused, b'{"rep":"R-4"}', NOW_MS, tenant="acme")
    assert (letter.key, letter.value) == (None, b"")
    assert b"R-4" not in b"".join(value for _, value in letter.headers)
    answer = raw(type="sales.staff_survey.answered", tenant="globex", data={"rep": "R-4"}, subject="R-4")
    other = Refusal(Code.NOT_ALLOWED, "another tenant's", "hr", "1", "globex", "R-4")
    letter = Router(PARTITIONS, b"").letter(other, answer, NOW_MS, tenant="acme")
    assert (letter.key, letter.value) == (None, b""), "whatever it is refused for"
    kept = dead_letter(refused, b'{"rep":"R-4"}', b"R-4", topic="t", partition=0, offset=0, received_ms=NOW_MS)
    assert (kept.key, kept.value) == (b"acme", b"")


async def test_a_batch_is_taken_in_part() -> None:
    desk = Desk()
    body = b"[" + b",".join([raw(id="1"), b'{"n":NaN}', raw(id="2", type="sales.unheard.of"), raw(id="3")]) + b"]"
    assert await desk.post(Form.BATCH, body) == (200, ["taken", "malformed_json", "unknown_type", "taken"])
    assert [json.loads(record.value or b"")["id"] for record in desk.paper.of("activity")] == ["1", "3"]
    assert desk.paper.of("dead_letters")[0].value == b'{"n":NaN}'
    assert desk.counted == {"taken": 2, "malformed_json": 1, "unknown_type": 1}


async def test_lines_are_events_of_their_own() -> None:
    desk = Desk()
    body = raw(id="1") + b"\n\n" + b"not json\n" + raw(id="2")
    assert await desk.post(Form.LINES, body) == (200, ["taken", "malformed_json", "taken"])


async def test_a_body_that_is_no_batch_is_one_refused_event() -> None:
    desk = Desk()
    assert await desk.post(Form.BATCH, b'{"not":"an array"}') == (400, ["malformed_json"])
    assert [letter.value for letter in desk.paper.of("dead_letters")] == [b'{"not":"an array"}']


@pytest.mark.parametrize("form", [Form.LINES, Form.BATCH])
async def test_too_many_events_are_too_large_and_all_left_with_the_sender(form: Form) -> None:
    desk = Desk()
    body = b"1\n" * (MAX_EVENTS + 1) if form is Form.LINES else b"[" + b"1," * MAX_EVENTS + b"1]"
    answer = await desk.ingest.take(form, body, {}, ACME, NOW_MS)
    assert (answer.status, [verdict.code for verdict in answer.verdicts]) == (413, ["too_large"])
    assert f"at most {MAX_EVENTS}" in answer.verdicts[0].detail
    assert not desk.paper.records


async def test_attributes_smuggled_in_behind_the_data_are_malformed() -> None:
    desk = Desk()
    headers = {f"ce-{name}": str(text) for name, text in event().items() if name != "data"}
    body = json.dumps(event()["data"]).encode()
    smuggled = body + b',"subject":"B"'
    answer = await desk.ingest.take(Form.BINARY, smuggled, headers, ACME, NOW_MS)
    assert (answer.status, answer.verdicts[0].code) == (400, "malformed_json")
    assert [record[0] for record in desk.paper.records] == ["dead_letters"]
    assert desk.paper.records[0].value == smuggled
    answer = await desk.ingest.take(Form.BINARY, body, headers, ACME, NOW_MS)
    assert (answer.status, answer.verdicts[0].code) == (200, "taken")


REFUSED: list[tuple[str, bytes]] = [
    ("too_large", raw(source="x" * 70_000)),
    ("malformed_json", b"\xff"),
    ("malformed_json", b""),
    ("malformed_json", b'{"a":' * 40 + b"1" + b"}" * 40),
    ("not_cloudevent", b"[1]"),
    ("not_cloudevent", raw(id=None)),
    ("unknown_type", raw(type="sales.deal.dreamt")),
    ("invalid_data", raw(data={"deal": "D-9"})),
    ("too_old", raw(type="sales.touch.logged", data={"rep": "R-4", "kind": "call"}, time=at(NOW_MS - 36 * DAY_MS))),
    ("too_far_ahead", raw(time=at(NOW_MS + 301_000))),
    ("not_allowed", raw(tenant="globex")),
]


@pytest.mark.parametrize(("code", "body"), REFUSED, ids=[f"{n}-{code}" for n, (code, _) in enumerate(REFUSED)])
async def test_each_refusal_is_answered_and_kept(code: str, body: bytes) -> None:
    desk = Desk()
    assert await desk.post(Form.ONE, body) == (400, [code])
    assert [letter.value for letter in desk.paper.of("dead_letters")] == [body]
    assert not desk.paper.of("activity")


async def test_the_text_is_the_worker_s() -> None:
    body = raw(type="sales.deal.dreamt")
    decoded = decode(body)
    assert isinstance(decoded, Refusal)
    answer = await Desk().ingest.take(Form.ONE, body, {}, ACME, NOW_MS)
    assert answer.verdicts[0].detail == decoded.detail


def test_a_tenant_that_is_not_allowed_is_told_as_the_worker_tells_it() -> None:
    body = raw(tenant="globex")
    event = decode(body)
    assert not isinstance(event, Refusal)
    assert judge(body, ACME, NOW_MS) == stray(event, b"default/A-17", partition=0, partitions=8)


async def test_the_tenant_is_judged_before_the_data_and_after_the_type() -> None:
    bad: dict[str, Any] = {"tenant": "globex", "data": {}}
    for body, code in ((raw(**bad), "not_allowed"), (raw(**bad, type="sales.no"), "unknown_type")):
        found = judge(body, ACME, NOW_MS)
        assert isinstance(found, Refusal)
        assert found.code == code


async def test_history_needs_the_publisher_s_permission() -> None:
    old = raw(
        type="sales.touch.logged", data={"rep": "R-4", "kind": "call"}, time=at(NOW_MS - 400 * DAY_MS), backfill=True
    )
    assert await Desk().post(Form.ONE, old) == (400, ["too_old"])
    assert await Desk().post(Form.ONE, old, HISTORIAN) == (200, ["taken"])


def test_the_limit_of_a_letter_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs/publishing.md").read_text("utf-8")
    assert f"whole up to {MAX_LETTER_BYTES:,} bytes" in page
    assert f"({MAX_BODY_BYTES:,} bytes) and {MAX_EVENTS:,} events" in page


async def test_a_giant_is_kept_up_to_what_a_record_can_hold() -> None:
    desk = Desk()
    body = b"x" * (MAX_LETTER_BYTES + 1)
    assert await desk.post(Form.ONE, body) == (400, ["too_large"])
    (letter,) = desk.paper.records
    assert letter.value == body[:MAX_LETTER_BYTES]
    assert dict(letter.headers)["truncated-from"] == str(len(body)).encode()


async def test_a_broker_that_is_away_is_503_and_says_which_were_not_taken() -> None:
    desk = Desk()
    desk.paper.away = True
    assert await desk.post(Form.LINES, raw() + b"\n{") == (503, ["not_taken", "malformed_json"])


async def test_a_part_that_was_confirmed_is_said_to_be() -> None:
    desk = Desk()
    desk.paper.confirmed_topics = {"activity"}
    roster = raw(type="sales.roster.changed", subject="R-4", data={"rep": "R-4"})
    assert await desk.post(Form.LINES, raw() + b"\n" + roster) == (503, ["taken", "not_taken"])


async def test_before_the_log_is_known_nothing_is_taken() -> None:
    ingest = Ingest(Paper(), b"", lambda *_: None)
    answer = await ingest.take(Form.ONE, raw(), {}, ACME, NOW_MS)
    assert (answer.status, answer.verdicts[0].code) == (503, "not_taken")


def test_without_keys_everybody_is_the_default_tenant() -> None:
    keyring = Keyring({}, allow_backfill=True)
    assert keyring.publisher(None) == Publisher("default", may_backfill=True)


def test_a_key_says_who_publishes() -> None:
    keyring = Keyring({"k1": Publisher("acme", may_backfill=True)}, allow_backfill=True)
    assert keyring.publisher("Bearer k1") == Publisher("acme", may_backfill=True)
    assert [keyring.publisher(text) for text in (None, "", "k1", "Basic k1", "Bearer", "Bearer k2")] == [None] * 6


def test_the_event_of_these_tests_is_sound() -> None:
    assert not isinstance(decode(json.dumps(event()).encode()), Refusal)
