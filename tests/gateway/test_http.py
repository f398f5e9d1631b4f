"""The routes: statuses, keys and pages, over a board that a test fills itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from config.catalogue import load_definitions
from gateway import app as module
from gateway.app import Parts, create_app
from gateway.broadcast import Broadcast
from gateway.gate import Gate
from gateway.ingest import Ingest
from gateway.keyring import Keyring, Publisher
from gateway.letters.desk import LettersDesk
from gateway.letters.log import LetterLog
from gateway.letters.sending import Redriver
from gateway.metrics import GatewayMetrics
from gateway.pages import FOLDER
from gateway.reading import Reading
from stream.board.board import Board
from stream.catalogue.catalogue import Catalogue
from tests.gateway.letters.paper import PaperReader
from tests.gateway.making import NOW_MS, PARTITIONS, Paper, at, raw
from views.declared.gateway import GATEWAY

ONE = {"content-type": "application/cloudevents+json"}
KEY = {"authorization": "Bearer k1"}


class Ready:
    """A replica that a test declares ready."""

    is_ready = True


class Desk:
    """A whole gateway without a log behind it."""

    def __init__(self, keys: dict[str, Publisher], boards: dict[str, Board]) -> None:
        self.paper, self.ready, metrics, gate = Paper(), Ready(), GatewayMetrics(), Gate()
        ingest = Ingest(self.paper, b"", metrics.events_judged)
        ingest.learn_partitions(PARTITIONS)
        reading = Reading(lambda: boards, gate, Catalogue(load_definitions()), lambda: False)
        self.reading = reading
        broadcast = Broadcast(lambda _tenant: asyncio.sleep(0, None), asyncio.Event(), metrics)
        keyring = Keyring(keys, allow_backfill=True)
        redriver = Redriver(self.paper, b"")
        letters = LettersDesk(lambda known: LetterLog(PaperReader(), known), redriver, metrics.letter_sent)
        parts = Parts(
            ingest, lambda: not self.paper.away, keyring, self.ready, reading, broadcast, metrics, {}, letters
        )
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(parts)), base_url="http://gateway")


def board_of(amounts: dict[str, int]) -> Board:
    """A board on which reps have won deals for these amounts at NOW_MS."""
    board, minute = Board(), NOW_MS // 60_000
    for rep, amount in amounts.items():
        for measure, facet, number in (("deals_won", "", 1), ("revenue", "EUR", amount)):
            board.open((measure, "rep", rep, facet)).add(minute, minute, number)
    board.newest_ms = NOW_MS
    return board


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """One tenant, no keys."""
    made = Desk({}, {"acme": board_of({"R-1": 500, "R-2": 700})})
    yield made
    await made.http.aclose()


@pytest.fixture
async def keyed() -> AsyncIterator[Desk]:
    """Two tenants and a key of one of them."""
    made = Desk(
        {"k1": Publisher("acme", may_backfill=False)}, {"acme": board_of({"R-1": 1}), "globex": board_of({"R-9": 2})}
    )
    yield made
    await made.http.aclose()


async def test_a_key_is_needed_where_there_are_keys(keyed: Desk) -> None:
    refused = await keyed.http.post("/v1/events", content=raw(tenant="acme"), headers=ONE)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
    taken = await keyed.http.post("/v1/events", content=raw(tenant="acme"), headers=ONE | KEY)
    assert taken.json() == {"verdicts": [{"index": 0, "source": "crm/eu", "id": "W-1", "code": "taken"}]}
    foreign = await keyed.http.post("/v1/events", content=raw(tenant="globex"), headers=ONE | KEY)
    assert (foreign.status_code, foreign.json()["verdicts"][0]["code"]) == (400, "not_allowed")


async def test_other_bodies_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = await desk.http.post("/v1/events", content=raw(), headers={"content-type": "application/json"})
    assert plain.status_code == 415
    assert "application/x-ndjson" in plain.json()["detail"]
    packed = await desk.http.post("/v1/events", content=raw(), headers=ONE | {"content-encoding": "gzip"})
    assert packed.status_code == 415
    monkeypatch.setattr(module, "MAX_BODY_BYTES", 100)
    answer = await desk.http.post("/v1/events", content=raw(), headers=ONE)
    assert answer.status_code == 413
    (verdict,) = answer.json()["verdicts"]
    assert verdict["code"] == "too_large"
    assert "longer than 16777216 bytes" in verdict["detail"]
    assert not desk.paper.records
    assert not desk.paper.records


async def test_binary_mode_is_taken(desk: Desk) -> None:
    headers = {f"ce-{name}": text for name, text in json.loads(raw(data=None)).items()}
    body = b'{"deal":"D-9","amount_minor":5,"currency":"EUR","rep":"R-4"}'
    answer = await desk.http.post("/v1/events", content=body, headers=headers | {"content-type": "application/json"})
    assert answer.json()["verdicts"][0]["code"] == "taken"
    assert body in (desk.paper.records[0].value or b"")


async def test_values_are_lines(desk: Desk) -> None:
    answer = await desk.http.get("/v1/values", params={"as_of": at(NOW_MS), "kpi": "revenue", "window": "today"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [(row["scope"], row["value"]) for row in rows] == [
        ("company", 1200),
        ("rep:R-1", 500),
        ("rep:R-2", 700),
        ("team:_none", 1200),
    ]
    assert answer.text.endswith("}\n")


async def test_a_value_that_is_named_is_answered_even_without_data(desk: Desk) -> None:
    asked = {"kpi": "revenue", "scope": "rep:R-404", "window": "7d", "as_of": at(NOW_MS)}
    (line,) = (await desk.http.get("/v1/values", params=asked)).text.splitlines()
    assert (json.loads(line)["value"], json.loads(line)["n"]) == (0, 0)


async def test_several_tenants_are_told_apart_and_a_key_sees_its_own(keyed: Desk) -> None:
    asked = {"kpi": "revenue", "scope": "company", "window": "all"}
    both = (await keyed.http.get("/v1/values", params=asked)).text.splitlines()
    assert [line[:19] for line in both] == ['{"tenant":"acme","k', '{"tenant":"globex",']
    own = (await keyed.http.get("/v1/values", params=asked, headers=KEY)).text.splitlines()
    assert [json.loads(line)["value"] for line in own] == [1]
    other = await keyed.http.get("/v1/values", params=asked | {"tenant": "globex"}, headers=KEY)
    assert other.status_code == 403
    unknown = await keyed.http.get("/v1/values", params=asked, headers={"authorization": "Bearer k2"})
    assert unknown.status_code == 401


async def test_before_the_replica_has_caught_up_there_are_no_values(desk: Desk) -> None:
    desk.ready.is_ready = False
    answer = await desk.http.get("/v1/values")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    ready = await desk.http.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"replica": False, "log": True})
    assert (await desk.http.get("/healthz")).status_code == 200


async def test_the_catalogue_describes_itself(desk: Desk) -> None:
    kpis = (await desk.http.get("/v1/kpis")).json()["kpis"]
    assert [kpi["slug"] for kpi in kpis] == sorted(definition.slug for definition in load_definitions())
    assert all(kpi["unit"] and kpi["title"] and kpi["scopes"] and kpi["form"] for kpi in kpis)


async def test_metrics_are_those_that_are_declared(desk: Desk) -> None:
    await desk.http.post("/v1/events", content=raw(), headers=ONE)
    text = (await desk.http.get("/metrics")).text
    shown = {family.name: family for family in text_string_to_metric_families(text)}
    declared = {family.name.removesuffix("_total"): family for family in GATEWAY}
    assert shown.keys() == declared.keys()
    for name, family in shown.items():
        assert (family.type, family.documentation) == (declared[name].kind, declared[name].means)
        assert all(set(sample.labels) - {"le"} == set(declared[name].labels) for sample in family.samples)


async def test_the_page_is_ours_alone(desk: Desk) -> None:
    page = await desk.http.get("/")
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert "<script>" not in page.text
    assert "style=" not in page.text
    files = [path for path in FOLDER.rglob("*.js") if "vendor" not in path.parts and path.name != "worker.js"]
    for path in [*files, FOLDER / "wall.css"]:
        served = await desk.http.get(f"/static/{path.relative_to(FOLDER)}")
        assert (served.status_code, served.content) == (200, path.read_bytes())
        assert "innerHTML" not in served.text
