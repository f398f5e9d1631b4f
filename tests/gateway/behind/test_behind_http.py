"""`GET /v1/behind`: who may ask, what is answered, and what while the accounts are still being read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gateway.behind import desk as module
from gateway.behind import routes
from gateway.behind.book import Book
from gateway.behind.desk import BehindDesk
from gateway.keyring import Keyring, Publisher
from gateway.records import Outgoing
from gateway.screens import Screens
from schemas.records import RecordBatch
from stream.board.stage import BoardStage
from tests.gateway.letters.paper import PaperReader
from tests.gateway.making import NOW_MS, at, raw
from tests.reference.arrivals import Arrival
from tests.strategies.pipeline import CATALOGUE, Pipeline

MINUTE_MS = 60_000
EUR = {"currency": "EUR", "rep": "R-4"}
REVENUE = {"kpi": "revenue", "scope": "company", "window": "today", "as_of": "2026-11-22T10:16:00Z"}
KEYS = {name: Publisher(name, may_backfill=False) for name in ("acme", "globex")}


class Accounts(PaperReader):
    """The log and the state of a pipeline's accounts."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__()
        self._count = pipeline.partitions
        self.is_away = False
        for number, slot in enumerate(pipeline.accounts):
            for row_key, row in slot.state.items():
                self.append(Outgoing("accounts_state", number, row_key, row, ()), 0)
            for key, value, received_ms in pipeline.activity[number].records:
                self.append(Outgoing("activity", number, key, value, ()), received_ms)

    def partitions_of(self, role: str) -> int:
        """As many as the pipeline has."""
        return self._count

    async def open(self) -> None:
        """Connect, or not."""
        if self.is_away:
            raise OSError("away")

    async def batches(self) -> AsyncIterator[RecordBatch]:
        """The next few records, or a little rest."""
        await asyncio.sleep(0.001)
        async for batch in super().batches():
            yield batch


class Shop:
    """Some sales of a tenant, and the route."""

    def __init__(self, *, keys: dict[str, Publisher] | None = None, tokens: dict[str, str] | None = None) -> None:
        self.pipeline = Pipeline(flush_lag=2)
        self.is_stale = False
        won = [
            raw(id=f"W-{n}", tenant="acme", subject=f"A-{n % 3}", time=at(NOW_MS - n * MINUTE_MS), data=deal(n))
            for n in range(7)
        ]
        won.append(raw(id="W-1", tenant="acme", subject="A-1", revision=1, time=at(NOW_MS), data=deal(1, 5_000)))
        won.append(raw(id="W-2", tenant="acme", subject="A-2", revision=1, voided=True, time=at(NOW_MS), data=None))
        won.append(raw(id="X", tenant="globex", subject="A-2", time=at(NOW_MS), data=deal(2)))
        self.pipeline.publish([Arrival(body, NOW_MS) for body in won], [])
        self.pipeline.run(most=3)
        self.reader = Accounts(self.pipeline)
        stage = self.pipeline.boards[0].stage
        assert isinstance(stage, BoardStage)
        self.boards = stage.tenants
        self.desk = BehindDesk(
            lambda: self.boards,
            CATALOGUE,
            lambda _fetch_wait_ms: copy(self.reader),
            lambda tenant: Book(tenant, 1, self.pipeline.options),
            lambda: self.is_stale,
        )
        app = FastAPI()
        routes.add(app, self.desk, Keyring(keys or {}, allow_backfill=True), Screens(tokens or {}))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")
        self._running = asyncio.create_task(self.desk.run())

    async def close(self) -> None:
        """Let go of everything."""
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        await self.http.aclose()

    async def ask(self, key: str | None = None, **asked: str) -> tuple[int, Any]:
        """Status and answer."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        answer = await self.http.get("/v1/behind", params=asked, headers=headers)
        return answer.status_code, answer.json()


def deal(number: int, amount: int | None = None) -> dict[str, object]:
    """A win's data."""
    return EUR | {"deal": f"D-{number}", "amount_minor": 100 * (number + 1) if amount is None else amount}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """No keys, no tokens."""
    made = Shop()
    yield made
    await made.close()


async def test_a_number_behind_which_workers_lag_is_stale_here_as_elsewhere(shop: Shop) -> None:
    assert (await shop.ask(tenant="acme", **REVENUE))[1]["value"]["status"] == "live"
    shop.is_stale = True
    assert (await shop.ask(tenant="acme", **REVENUE))[1]["value"]["status"] == "stale"


async def test_what_is_listed_adds_up(shop: Shop) -> None:
    status, answer = await shop.ask(tenant="acme", **REVENUE)
    assert (status, answer["complete"], answer["count"], answer["value"]["n"]) == (200, True, 6, 6)
    assert answer["value"]["value"] == 100 + 5_000 + 400 + 500 + 600 + 700
    assert answer["measures"][0] == {
        "measure": "revenue",
        "facet": None,
        "part": "numerator",
        "sum": {"EUR": 7_300},
        "listed": {"EUR": 7_300},
    }
    newest = answer["events"][0]
    assert [event["id"] for event in answer["events"]][-2:] == ["W-5", "W-6"]
    assert {newest["id"], answer["events"][1]["id"]} == {"W-0", "W-1"}
    mended = next(event for event in answer["events"] if event["id"] == "W-1")
    assert mended == {
        "time": "2026-11-22T10:15:00.000Z",
        "type": "sales.deal.won",
        "subject": "A-1",
        "source": "crm/eu",
        "id": "W-1",
        "revision": 1,
        "received_at": "2026-11-22T10:15:00.000Z",
        "reps": ["R-4"],
        "deal": "D-1",
        "adds": [
            {"measure": "revenue", "facet": "EUR", "amount": 5_000},
            {"measure": "deals_won", "facet": "", "amount": 1},
        ],
    }
    later = raw(id="W-9", tenant="acme", subject="A-9", time=at(NOW_MS), data=deal(9))
    shop.pipeline.publish([Arrival(later, NOW_MS)], [])
    shop.pipeline.run()
    for number, log in enumerate(shop.pipeline.activity):
        for key, value, received_ms in log.records[len(shop.reader.records.get(("activity", number), [])) :]:
            shop.reader.append(Outgoing("activity", number, key, value, ()), received_ms)
    _, answer = await shop.ask(tenant="acme", **REVENUE)
    assert (answer["complete"], answer["value"]["value"]) == (True, 8_300)


async def test_a_part_says_that_it_is_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, answer = await shop.ask(tenant="acme", limit="2", **REVENUE)
    assert (answer["complete"], len(answer["events"]), answer["count"]) == (False, 2, 6)
    assert answer["why"] == "only the newest 2 of 6 events are listed"
    assert answer["measures"][0]["listed"] == {"EUR": 5_100}
    monkeypatch.setattr(module, "AGREE_WITHIN_S", 0.1)
    # A board that knows of something the accounts don't is not explained away.
    shop.boards["acme"].open(("revenue", "rep", "R-9", "EUR")).add(NOW_MS // MINUTE_MS, NOW_MS // MINUTE_MS, 7)
    _, answer = await shop.ask(tenant="acme", **REVENUE)
    assert (answer["complete"], "faster" in answer["why"]) == (False, True)


async def test_nothing_behind(shop: Shop) -> None:
    nobody = REVENUE | {"scope": "rep:R-0"}
    assert (await shop.ask(tenant="acme", **nobody))[1]["events"] == []
    status, answer = await shop.ask(tenant="acme", **REVENUE | {"kpi": "quota_attainment", "window": "mtd"})
    assert (status, "no target" in answer["detail"]) == (404, True)
    for wrong in ({"kpi": "x"}, {"scope": "galaxy"}, {"window": "1y"}, {"limit": "0"}, {"colour": "red"}, {"kpi": ""}):
        assert (await shop.ask(tenant="acme", **REVENUE | wrong))[0] == 400
    assert (await shop.ask(kpi="revenue", scope="company"))[0] == 400


async def test_a_log_that_is_away_is_asked_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.reader.is_away = True
    status, answer = await shop.ask(tenant="acme", **REVENUE)
    assert (status, "away" in answer["detail"]) == (503, True)
    status, answer = await shop.ask(tenant="nobody", **REVENUE)
    assert (status, answer["complete"], answer["count"]) == (200, True, 0), "nothing is read for it"
    shop.reader.is_away = False
    monkeypatch.setattr(module, "WHOLE_WITHIN_S", 0.0)
    status, answer = await shop.ask(tenant="acme", **REVENUE)
    assert (status, "being read" in answer["detail"]) == (503, True)
    monkeypatch.undo()
    assert (await shop.ask(tenant="acme", **REVENUE))[0] == 200


async def test_events_are_shown_to_whoever_has_a_key() -> None:
    keyed, walled = Shop(keys=KEYS, tokens={"wall": "acme"}), Shop(tokens={"wall": "acme"})
    assert (await keyed.ask(**REVENUE))[0] == 401
    assert (await keyed.ask("wall", **REVENUE))[0] == 401
    assert (await keyed.ask("acme", **REVENUE))[1]["count"] == 6
    assert (await keyed.ask("globex", **REVENUE))[1]["count"] == 1
    assert (await keyed.ask("globex", tenant="acme", **REVENUE))[0] == 403
    assert (await walled.ask("wall", **REVENUE))[0] == 403
    for shop in (keyed, walled):
        await shop.close()
