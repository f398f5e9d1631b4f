"""Sources over HTTP: who is silent, which numbers that makes partial, as time passes and nothing comes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from config.catalogue import load_definitions
from gateway.gate import Gate
from gateway.wall import frame as module
from gateway.wall.frame import Wall
from stream.board.board import Board
from stream.board.heard import SPAN_DAYS
from stream.catalogue.catalogue import Catalogue
from tests.gateway.making import NOW_MS, at
from tests.gateway.test_http import Desk, board_of

DAY_MS = 86_400_000
TOUCH = 7
WIN = 4


def board_with_sources() -> Board:
    """A board that heard two publishers: one beats each 15 s and sends wins, one sends touches now and then."""
    board = board_of({"R-1": 500, "R-2": 700})
    board.open(("touches", "rep", "R-1", "call")).add(NOW_MS // 60_000, NOW_MS // 60_000, 3)
    for source, kind, rep in (("crm/eu", WIN, "R-1"), ("voice", TOUCH, "R-1"), ("voice", TOUCH, "_none")):
        board.heard.speak(source, (kind, rep, NOW_MS // DAY_MS // SPAN_DAYS), NOW_MS - 60_000, NOW_MS // DAY_MS)
    board.heard.hear("crm/eu", 15, NOW_MS)
    board.heard.hear("voice", 0, NOW_MS - 1)
    return board


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk({}, {"acme": board_with_sources()})
    yield made
    await made.http.aclose()


async def test_each_source_says_when_it_was_heard_and_what_it_feeds(desk: Desk) -> None:
    answer = await desk.http.get("/v1/sources", params={"as_of": at(NOW_MS + 46_000)})
    crm, voice = [json.loads(line) for line in answer.text.splitlines()]
    assert (crm["source"], crm["silent"], crm["interval_s"], crm["usual_gap_s"]) == ("crm/eu", True, 15, None)
    assert crm["quiet_s"] == 46
    assert crm["last_heard_at"] == f"{at(NOW_MS).removesuffix('Z').split('.')[0]}.{NOW_MS % 1000:03}Z"
    assert "revenue" in crm["feeds"]
    assert "activity_count" not in crm["feeds"]
    assert (voice["source"], voice["silent"], voice["interval_s"], voice["usual_gap_s"]) == ("voice", False, None, None)
    assert "activity_count" in voice["feeds"]
    assert (voice["reps"], voice["reps_total"]) == (["R-1"], 1)


async def test_what_means_nothing_for_sources_is_refused(desk: Desk) -> None:
    answer = await desk.http.get("/v1/sources", params={"kpi": "revenue"})
    assert answer.status_code == 400
    assert "kpi" in answer.json()["detail"]


async def test_a_tile_turns_partial_as_time_passes_and_nothing_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    board, gate, catalogue = board_with_sources(), Gate(), Catalogue(load_definitions())
    wall = Wall(lambda: {"acme": board}, gate, catalogue, is_ready=lambda: True, is_stale=lambda: False)
    found = []
    for after_ms in (1_000, 46_000):
        monkeypatch.setattr(module, "now_ms", lambda after_ms=after_ms: NOW_MS + after_ms)
        frame = json.loads(await wall.frame("acme") or b"")
        (company,) = [page for page in frame["pages"] if page["id"] == "company"]
        (tile,) = [tile for tile in company["tiles"] if tile["kpi"] == "revenue"]
        found.append((tile["status"], tile.get("missing")))
    assert found == [("live", None), ("partial", ["source:crm/eu"])]


async def test_an_outage_of_ours_is_no_silence_of_a_publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    board, is_stale = board_with_sources(), False
    wall = Wall(
        lambda: {"acme": board}, Gate(), Catalogue(load_definitions()), is_ready=lambda: True, is_stale=lambda: is_stale
    )

    async def seen(after_s: int) -> tuple[str, bool, str]:
        monkeypatch.setattr(module, "now_ms", lambda: NOW_MS + after_s * 1_000)
        frame = json.loads(await wall.frame("acme") or b"")
        tile = next(tile for page in frame["pages"] for tile in page.get("tiles", []) if tile["kpi"] == "revenue")
        return tile["status"], "missing" in tile, tile["as_of"]

    live = await seen(1)
    assert live[:2] == ("live", False)
    is_stale = True
    assert await seen(7_200) == ("stale", False, live[2]), "of the last moment that was whole"
    assert (await seen(2 * 86_400))[:2] == ("stale", True), "after a day nothing is held"
    is_stale = False
    assert (await seen(7_200))[:2] == ("partial", True)
