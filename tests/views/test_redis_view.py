"""The view in a real Redis: the newest value stays whatever comes in whatever order, and every key has its end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator

import orjson
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from cli.redis.server import RedisServer, start_redis
from schemas.kpi import KpiValue, to_line
from schemas.publication import Place, Published, Standing
from tests.source_tree import ROOT
from views import redis_keys as keys
from views.redis_view import RedisView, connect

PAGE = (ROOT / "docs/redis.md").read_text("utf-8")
RANKS = {"leaderboard": "revenue"}
MTD = keys.values_key("acme", "rep:R-1", "mtd")
BOARD = "salespulse:v1:leaderboard:{acme}:mtd:rep:revenue"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with start_redis() as running:
        yield running


@pytest_asyncio.fixture
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    found = connect(server.url)
    await found.flushall()
    yield found
    await found.aclose()


def value(kpi: str, at_ms: int, number: int | None, **more: int) -> Published:
    """A value of R-1 this month; ``more``: facets."""
    said = KpiValue(
        kpi=kpi,
        scope="rep:R-1",
        window="mtd",
        as_of="2026-11-23T10:15:00Z",
        value=number,
        unit="money",
        n=1,
        numerator=number,
        denominator=None,
        facets=dict(more),
        status="live",
        restated_at=None,
        definition=1,
    )
    return Published(Place("acme", kpi, said.scope, said.window), at_ms, to_line(said))


def gone(kpi: str, at_ms: int) -> Published:
    return Published(Place("acme", kpi, "rep:R-1", "mtd"), at_ms, None)


def standing(at_ms: int) -> Standing:
    return Standing(
        tenant="acme", as_of_ms=at_ms, as_of="2026-11-23T10:15:00Z", values=1, dropped=0, stale=False, generation=2
    )


async def number_of(client: Redis, kpi: str) -> int | None:
    line = await client.hget(MTD, kpi)
    return None if line is None else orjson.loads(line)["value"]


async def test_two_writers_in_any_order_leave_the_newest(client: Redis, server: RedisServer) -> None:
    other = connect(server.url)
    writers = [RedisView(client, RANKS), RedisView(other, RANKS)]
    story = [value(kpi, at_ms, at_ms, value=at_ms) for at_ms in range(1, 30) for kpi in ("revenue", "leaderboard")]
    story += [gone("deals_won", 20), *(value("deals_won", at_ms, at_ms) for at_ms in range(1, 20))]
    chooser = random.Random(5)
    chooser.shuffle(story)
    parts = [[story[n] for n in range(begin, len(story), 12)] for begin in range(12)]
    await asyncio.gather(*(chooser.choice(writers).put(part) for part in parts))
    stands = [writers[at_ms % 2].stand(standing(at_ms)) for at_ms in chooser.sample(range(1, 30), 29)]
    await asyncio.gather(*stands)
    await other.aclose()
    assert await number_of(client, "revenue") == 29
    assert await number_of(client, "deals_won") is None
    assert await client.zrange(BOARD, 0, -1, withscores=True) == [("R-1", 29.0)]
    assert await client.hget(keys.as_of_key("acme"), "as_of_ms") == "29"


async def test_a_full_reading_removes_what_is_gone_but_nothing_newer(client: Redis) -> None:
    view = RedisView(client, RANKS)
    await view.put([value("revenue", 10, 1), value("leaderboard", 10, 1, value=700), value("nps", 30, 40)])
    other = value("revenue", 10, 1)
    left = Published(Place("acme", "revenue", "rep:R-9", "mtd"), 10, other.line)
    await view.put([left])
    await view.fill("acme", 20, [value("revenue", 15, 5)])
    assert await number_of(client, "revenue") == 5
    assert await number_of(client, "nps") == 40
    assert set(await client.hkeys(MTD)) == {"revenue", "nps"}
    assert not await client.exists(keys.values_key("acme", "rep:R-9", "mtd"))
    assert not await client.zcard(BOARD)


async def test_a_rank_that_is_kept_back_is_on_no_leaderboard(client: Redis) -> None:
    view = RedisView(client, RANKS)
    await view.put([value("leaderboard", 10, 1, value=900_719_925_474_099)])
    assert await client.zscore(BOARD, "R-1") == 900_719_925_474_099
    await view.put([value("leaderboard", 20, None)])
    assert await client.zscore(BOARD, "R-1") is None


async def test_changes_are_told_once(client: Redis) -> None:
    view = RedisView(client, RANKS)
    for at_ms in (10, 10, 20, 15):
        await view.put([value("revenue", at_ms, at_ms)])
    told = await client.xrange(keys.changes_key("acme")) or []
    assert [change and change["as_of_ms"] for _, change in told] == ["10", "20"]
    await view.fill("acme", 30, [value("revenue", 30, 3)])
    assert await client.xlen(keys.changes_key("acme")) == 2


async def test_alerts_are_replaced_as_a_whole_by_newer_readings_only(client: Redis) -> None:
    view = RedisView(client, RANKS)
    await view.put_alerts("acme", {"a": b"{}", "b": b"{}"}, 1_000, 7)
    await view.put_alerts("acme", {"a": b"old"}, 1_000, 6)
    assert await client.hlen(keys.alerts_key("acme")) == 2
    await view.put_alerts("acme", {"b": b"{}"}, 1_001, 3)
    assert await client.hkeys(keys.alerts_key("acme")) == ["b"]
    await view.put_alerts("acme", {}, 1_001, 9)
    assert not await client.exists(keys.alerts_key("acme"))


async def test_every_key_has_its_end_and_is_one_of_those_named(client: Redis) -> None:
    view = RedisView(client, RANKS)
    await view.put([value("leaderboard", 10, 1, value=5), value("revenue", 10, 1)])
    await view.put_alerts("acme", {"a": b"{}"}, 1_000, 7)
    assert await view.stand(standing(10)) is None
    assert await view.stand(standing(20)) == 10
    await client.set("somebody:else", "1")
    found = [key async for key in client.scan_iter() if key != "somebody:else"]
    kinds = {key.removeprefix(keys.PREFIX).partition(":")[0] for key in found}
    assert kinds == {"as_of", "values", "stamps", "leaderboard", "alerts", "alerts_stamp", "changes"}
    assert not [kind for kind in kinds if f"| `{kind}` |" not in PAGE]
    for key in found:
        assert key.startswith(keys.PREFIX)
        assert ":{acme}" in key
        assert 0 < await client.ttl(key) <= keys.KEPT_S
    assert await view.flush() == len(found)
    assert await client.keys() == ["somebody:else"]


async def test_what_is_dropped_for_want_of_memory_is_written_again(client: Redis) -> None:
    view = RedisView(client, RANKS)
    await view.put([value("revenue", 10, 1)])
    await client.delete(MTD)
    await view.fill("acme", 10, [value("revenue", 10, 1)])
    assert await number_of(client, "revenue") == 1
