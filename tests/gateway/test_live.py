"""The gateway on a real Kafka: what it writes, what its replica reads, and how it lives through an outage."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator

import pytest

from cli.broker import Broker, start_broker
from cli.broker.ports import free_pair
from config.catalogue import load_definitions
from config.settings import Settings
from gateway.records import MAX_LETTER_BYTES
from schemas.event import encode_key, home_partition
from schemas.kpi import to_line
from schemas.records import Output, RecordBatch
from schemas.rows import POSITION_KEY
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from stream.board.values import every_value
from stream.catalogue.catalogue import Catalogue
from tests.gateway.making import NOW_MS, at, raw
from tests.gateway.serving import Served, read, settings_for, write

pytestmark = pytest.mark.takes(20)
HOME = home_partition(b"default", 4)
CATALOGUE = Catalogue(load_definitions())
AS_OF = at(NOW_MS + 3_600_000)
NDJSON = {"content-type": "application/x-ndjson"}
ONE = {"content-type": "application/cloudevents+json"}


@pytest.fixture(scope="module")
def served(kafka: str) -> Iterator[Served]:
    """A gateway that is ready."""
    with Served(settings_for(kafka, signing_key="secret")) as gateway:
        yield gateway.wait_ready()


def wins(first: int, count: int) -> list[bytes]:
    """Wins of several accounts, one a minute."""
    return [
        raw(
            id=f"W-{n}",
            subject=f"A-{n % 7}",
            time=at(NOW_MS + 60_000 * (n % 50)),
            backfill=True,
            data={"deal": f"D-{n}", "amount_minor": 1_000 + n, "currency": "EUR", "rep": f"R-{n % 3 + n // 100}"},
        )
        for n in range(first, first + count)
    ]


def cells_of(events: list[bytes]) -> list[Output]:
    """What ACCOUNTS makes of events, fed to one partition."""
    stage = AccountsStage(0, partitions=1, cells_partitions=4, options=AccountsOptions(may_backfill=True))
    keys: list[bytes | None] = [encode_key("default", json.loads(event)["subject"]) for event in events]
    stage.fold(batch_of("activity", 0, keys, list(events)))
    return [
        o for o in stage.snapshot({"activity": len(events)}, flush_before={"activity": 0}).outputs if o.topic == "cells"
    ]


def board_of(outputs: list[Output]) -> BoardStage:
    """BOARD's partition of the default tenant after these cells."""
    assert {output.partition for output in outputs} == {HOME}
    values = [output.value for output in outputs]
    stage = BoardStage(HOME, partitions=4, follower=True)
    stage.fold(batch_of("cells", HOME, [output.key for output in outputs], values))
    return stage


def batch_of(source: str, partition: int, keys: list[bytes | None], values: list[bytes | None]) -> RecordBatch:
    """A batch from offset 0 on, received an hour after the events' time."""
    count = len(values)
    offsets, received_ms = list(range(count)), [NOW_MS + 3_600_000] * count
    return RecordBatch(
        source,
        partition,
        start=0,
        next_offset=count,
        keys=keys,
        values=values,
        offsets=offsets,
        received_ms=received_ms,
    )


def lines_of(stage: BoardStage) -> list[str]:
    """Every value of the default tenant, as the API prints it."""
    found = every_value(stage.tenants["default"], CATALOGUE, as_of_ms=NOW_MS + 3_600_000)
    return [to_line(value).decode() for value in found]


async def test_events_reach_their_topics_as_they_came(served: Served) -> None:
    roster = raw(type="sales.roster.changed", subject="R-1", data={"rep": "R-1", "team": "north"})
    body = b"\n".join([*wins(900, 20), roster, b'{"broken": ', b" " + wins(950, 1)[0] + b" \r"])
    answer = served.client.post("/v1/events", content=body, headers=NDJSON)
    codes = [verdict["code"] for verdict in answer.json()["verdicts"]]
    assert (answer.status_code, codes) == (200, ["taken"] * 21 + ["malformed_json", "taken"])
    activity = await read(served.settings, "activity", 8)
    assert sorted(record.value for record in activity) == sorted([*body.split(b"\n")[:20], body.split(b"\n")[-1]])
    for record in activity:
        assert record.key == encode_key("default", json.loads(record.value)["subject"])
        assert record.partition == home_partition(record.key, 8)
        assert [name for name, _ in record.headers] == ["received-at", "received-sig"]
    (organisation,) = await read(served.settings, "organisation", 4)
    assert (organisation.key, organisation.value) == (b"default", roster)
    (letter,) = await read(served.settings, "dead_letters", 8)
    assert (letter.value, dict(letter.headers)["reason"]) == (b'{"broken": ', b"malformed_json")


async def test_a_letter_is_whole_up_to_what_its_topic_takes(served: Served) -> None:
    giants = [b"y" * 950_000, b"x" * MAX_LETTER_BYTES, b"z" * (MAX_LETTER_BYTES + 1)]
    for giant in giants:
        answer = served.client.post("/v1/events", content=giant, headers=ONE)
        assert (answer.status_code, answer.json()["verdicts"][0]["code"]) == (400, "too_large")
    letters = {
        record.value: dict(record.headers)
        for record in await read(served.settings, "dead_letters", 8)
        if dict(record.headers)["reason"] == b"too_large"
    }
    assert [giant in letters for giant in giants] == [True, True, False]
    assert letters[giants[2][:-1]]["truncated-from"] == str(len(giants[2])).encode()


async def test_the_replica_tells_what_board_tells(kafka: str) -> None:
    settings = settings_for(kafka, stale_after_s=3600)
    with Served(settings) as gateway:
        gateway.wait_ready()
        assert gateway.values() == []
        first, second = cells_of(wins(0, 40)), cells_of(wins(100, 30))
        await write(settings, first)
        await write(settings, cells_of(wins(500, 5)), commit=False)
        await write(settings, second)
        wanted = lines_of(board_of(first + second))
        gateway.wait_for(wanted, as_of=AS_OF)
        _asked_in_detail(gateway, wanted)
    await _write_state(settings)
    third = cells_of(wins(200, 10))
    await write(settings, third)
    with Served(settings) as again:
        again.wait_ready().wait_for(lines_of(board_of(first + second + third)), as_of=AS_OF)


def _asked_in_detail(gateway: Served, every: list[str]) -> None:
    asked = [
        line
        for line in every
        if json.loads(line)["kpi"] == "revenue" and json.loads(line)["window"] in ("all", "today")
    ]
    assert gateway.values(as_of=AS_OF, kpi="revenue", window="all,today") == asked
    (nothing,) = gateway.values(as_of=AS_OF, kpi="nps", scope="company", window="all")
    assert json.loads(nothing)["value"] is None
    for bad, allowed in (
        ("kpi=revenu", "touches_per_won_deal"),
        ("scope=rep", "rep:"),
        ("window=8d", "7d"),
        ("x=1", "as_of"),
    ):
        answer = gateway.client.get(f"/v1/values?{bad}")
        assert answer.status_code == 400
        assert allowed in answer.json()["detail"]
    metrics = gateway.client.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "salespulse_gateway_replica_ready_bool 1.0" in metrics.text
    with gateway.client.stream("GET", "/v1/stream") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        assert next(lines) == "retry: 1000"
        data = next(line for line in lines if line.startswith("data: "))
    frame = json.loads(data.removeprefix("data: "))
    assert (frame["tenant"], frame["pages"][0]["id"], frame["currency"]) == ("default", "company", "EUR")


async def _write_state(settings: Settings) -> None:
    """Board state as a worker leaves it: rows of the first records, the others to be folded again."""
    stage = BoardStage(HOME, partitions=4)
    records = [record for record in await read(settings, "cells", 4) if record.partition == HOME]
    for record in records:
        batch = batch_of("cells", HOME, [record.key], [record.value])
        batch.start, batch.next_offset, batch.offsets = record.offset, record.offset + 1, [record.offset]
        stage.fold(batch)
    end = records[-1].offset + 1
    snapshot = stage.snapshot({"cells": end, "organisation": 0}, flush_before={"cells": end - 1, "organisation": 0})
    assert snapshot.rows
    assert stage.restore_position(snapshot.position).floors["cells"] < end, "there is something to fold again"
    rows = [Output("board_state", HOME, key, value) for key, value in snapshot.rows]
    await write(settings, [*rows, Output("board_state", HOME, POSITION_KEY, snapshot.position)])


def test_an_outage_is_lived_through() -> None:
    port = free_pair()
    with Served(settings_for(f"127.0.0.1:{port}", stale_after_s=3600)) as gateway:
        assert gateway.client.get("/healthz").status_code == 200
        assert gateway.client.get("/").status_code == 200
        assert gateway.client.get("/readyz").status_code == 503
        assert gateway.client.get("/v1/values").status_code == 503
        _refused_for_now(gateway)
        with start_broker(port=port) as broker:
            gateway.wait_ready()
            outputs = cells_of(wins(0, 5))
            asyncio.run(write(gateway.settings, outputs))
            gateway.wait_for(lines_of(board_of(outputs)), as_of=AS_OF)
            _through_a_kill(gateway, broker, lines_of(board_of(outputs)))
            more = cells_of(wins(50, 5))
            asyncio.run(write(gateway.settings, more))
            gateway.wait_for(lines_of(board_of(outputs + more)), as_of=AS_OF)


def _through_a_kill(gateway: Served, broker: Broker, lines: list[str]) -> None:
    assert gateway.client.post("/v1/events", content=raw(), headers=ONE).status_code == 200
    broker.kill()
    _refused_for_now(gateway)
    assert gateway.values(as_of=AS_OF) == lines, "the last good numbers stay"
    broker.restart()
    until = time.monotonic() + 60
    while gateway.client.post("/v1/events", content=raw(), headers=ONE).status_code != 200:
        assert time.monotonic() < until, "the gateway did not find back to the broker"
        time.sleep(0.2)


def _refused_for_now(gateway: Served) -> None:
    answer = gateway.client.post("/v1/events", content=raw(), headers=ONE)
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert [verdict["code"] for verdict in answer.json()["verdicts"]] == ["not_taken"]
