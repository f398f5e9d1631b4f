"""The feed of a real Redis: whatever Redis loses is made good from the topics, without anybody noticing a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import orjson
import pytest
from redis import Redis

from agents.publishing.publication import Publication
from agents.publishing.redis_feed import RedisFeed
from cli.redis.server import RedisServer, start_redis
from schemas.alert import AlertRecord, LiveMark, State, encode_alert, mark_key
from schemas.records import Output
from tests.agents.memory_log import MemoryLog
from tests.agents.publishing.ticks import tick
from views import redis_keys as keys
from views.redis_view import RedisView, connect

REVENUE = keys.values_key("acme", "company", "today")
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with start_redis() as running:
        yield running


class Counted:
    """What the feed said of itself."""

    def __init__(self) -> None:
        self.written = self.failures = 0

    def redis_written(self, at_ms: int) -> None:
        self.written = at_ms

    def redis_failed(self) -> None:
        self.failures += 1


class Scene:
    """A publication whose ticks go to its topic and to the feed."""

    def __init__(self, server: RedisServer, feed: RedisFeed, log: MemoryLog, counted: Counted) -> None:
        self.redis: Redis = Redis.from_url(server.url, decode_responses=True)
        self.log, self.counted = log, counted
        self._feed, self._publication = feed, Publication(0, log, 2)

    async def open(self) -> None:
        await self._publication.open("kpis-0")
        self._feed.begin(0)

    async def publish(self, at_ms: int, *numbers: int) -> None:
        ticks = [tick(at_ms, numbers)]
        self._feed.put(0, await self._publication.publish(ticks, is_stale=False, is_ours=lambda: True))

    def revenue(self) -> int | None:
        line = self.redis.hget(REVENUE, "revenue")
        return None if line is None else orjson.loads(line)["value"]


@asynccontextmanager
async def fed(server: RedisServer) -> AsyncIterator[Scene]:
    """A feed at work on an empty Redis."""
    log, counted, client = MemoryLog(), Counted(), connect(server.url)
    await client.flushall()
    feed = RedisFeed(RedisView(client, {}), log, counted, where="there", public_url="http://here")
    scene = Scene(server, feed, log, counted)
    running = asyncio.create_task(feed.run())
    await scene.open()
    try:
        yield scene
    finally:
        running.cancel()
        await asyncio.wait([running])
        await client.aclose()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not holds():  # noqa: ASYNC110 - another program's state is looked at
            await asyncio.sleep(0.05)


async def test_a_redis_that_was_emptied_unseen_is_filled_with_what_did_not_change(server: RedisServer) -> None:
    async with fed(server) as scene:
        await scene.publish(1_000, 1, 2)
        await until(lambda: scene.revenue() == 1)
        scene.redis.flushall()
        await scene.publish(2_000, 1, 5)
        await until(lambda: scene.revenue() == 1)
        assert scene.counted.failures == 0


async def test_a_redis_that_dies_is_filled_when_it_is_back(server: RedisServer) -> None:
    async with fed(server) as scene:
        await scene.publish(1_000, 1, 2)
        await until(lambda: scene.revenue() == 1)
        server.kill()
        await scene.publish(2_000, 7, 2)
        await until(lambda: scene.counted.failures > 0)
        server.restart()
        await until(lambda: scene.revenue() == 7 and scene.redis.dbsize() == 5)


def alert(scope: str, state: State) -> Output:
    record = AlertRecord(
        tenant="acme",
        alert="rep_stall",
        scope=scope,
        state=state,
        severity="warning",
        owner="team lead",
        as_of_ms=1_000,
        met_ms=1,
        since_ms=1,
        link="/x",
    )
    return Output("alerts", 0, record.key, encode_alert(record))


async def test_open_alerts_come_and_go(server: RedisServer) -> None:
    def opened() -> set[str]:
        alerts = map(orjson.loads, scene.redis.hvals(keys.alerts_key("acme")))
        return {f"{alert['scope']} {alert['state']} {alert['link']}" for alert in alerts}

    async with fed(server) as scene:
        topic = scene.log.records["alerts"]
        topic += [Output("alerts", 0, mark_key("acme"), encode_alert(LiveMark("acme", 5)))]
        topic += [alert("rep:R-1", "firing"), alert("rep:R-2", "pending"), alert("rep:R-3", "firing")]
        await until(lambda: opened() == {"rep:R-1 firing http://here/x", "rep:R-3 firing http://here/x"})
        topic += [alert("rep:R-1", "acknowledged"), alert("rep:R-3", "firing")._replace(value=None)]
        await until(lambda: opened() == {"rep:R-1 acknowledged http://here/x"})
        topic += [alert("rep:R-1", "resolved")]
        await until(lambda: not opened())
