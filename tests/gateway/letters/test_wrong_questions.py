"""Questions about letters that can't be answered say what is wrong, or when to come again."""

from __future__ import annotations

from asyncio import Task, create_task, wait

import pytest
from aiokafka.errors import KafkaConnectionError
from httpx import Response

from gateway.letters import desk as module
from gateway.letters import routes
from tests.gateway.letters.paper import over_http, refused_by_the_fold
from tests.gateway.letters.post_office import BAD, JSON, Desk
from tests.gateway.making import raw


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


async def test_nobody_asks_so_much_that_others_have_to_wait(keyed: Desk) -> None:
    def ask(name: str) -> Task[Response]:
        return create_task(keyed.http.get("/v1/letters", headers={"authorization": f"Bearer {name}-key"}))

    async with keyed.desk._turn:
        asked = [ask("acme") for _ in range(module.QUESTIONS_MAX + 2)]
        other = ask("globex")
        done, _ = await wait(asked, timeout=0.2)
        assert sorted(task.result().status_code for task in done) == [503, 503]
    assert {task.result().status_code for task in (await wait([*asked, other]))[0] - done} == {200}
    assert (await keyed.http.get("/v1/letters", headers={"authorization": "Bearer acme-key"})).status_code == 200


async def test_what_the_broker_doesn_t_confirm_is_not_taken_and_stays_open(open_desk: Desk) -> None:
    address = open_desk.write(over_http(raw(data=BAD)))
    open_desk.paper.away = True
    status, told = await open_desk.send(address, set={"data.amount_minor": 5})
    assert (status, told["code"]) == (503, "not_taken")
    assert (await open_desk.get(f"/v1/letters/{address}"))[1]["state"] == "open"
