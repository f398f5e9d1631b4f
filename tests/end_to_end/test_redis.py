"""Redis beside a real Kafka: it shows what the API says, whatever is killed, and one command builds it again."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from cli.main import run
from cli.redis.server import RedisServer, start_redis
from schemas.alert_view import instant
from tests.end_to_end.live import Live, until_equal
from views import redis_keys as keys

pytestmark = pytest.mark.takes(60)

TENANT = "default"
MINUTE_MS = 60_000


def event(number: int, name: str, minutes_ago: float, data: dict[str, Any]) -> bytes:
    """An event of the default tenant some minutes before now."""
    at = moment(int(time.time() * 1000 - minutes_ago * MINUTE_MS))
    said = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "subject": f"A-{number}", "time": at}
    return json.dumps({**said, "type": f"sales.{name}", "data": data}).encode()


def moment(at_ms: int) -> str:
    """Epoch ms as RFC 3339, to the millisecond."""
    return f"{(instant(at_ms) or '')[:19]}.{at_ms % 1000:03}Z"


def await_begin_of_minute() -> None:
    """Let no minute turn soon: when one does the view stands for it, and a filling from then on stamps the leaderboards
    that a scope doesn't have with it, where an earlier filling has stamped the moment before.
    """
    second = time.time() % 60
    if not 3 < second < 25:
        time.sleep((63 - second) % 60)


def roster() -> list[bytes]:
    return [event(n, "roster.changed", 3 * 24 * 60, {"rep": f"R-{n}", "team": f"T-{n % 2}"}) for n in range(1, 4)]


def wins(begin: int, count: int) -> list[bytes]:
    """Wins of all reps, a second apart."""
    sold = {"currency": "EUR", "amount_minor": 12_345}
    return [
        event(n, "deal.won", (n - begin) / 60, {"deal": f"D-{n}", "rep": f"R-{n % 3 + 1}", **sold})
        for n in range(begin, begin + count)
    ]


def shown(redis: Redis) -> dict[str, dict[str, Any]]:
    """All values of the view without their as_of, by key and KPI."""
    values: dict[str, dict[str, Any]] = {}
    for key in redis.scan_iter(match=keys.all_values(TENANT)):
        for kpi, line in redis.hgetall(key).items():
            values[f"{key!s} {kpi!s}"] = without_as_of(line)
    return values


def without_as_of(line: str | bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(line)
    del value["as_of"]
    return value


def differences(redis: Redis, live: Live) -> list[object]:
    """Values of the view that the API says otherwise for the moment the view holds for, and those it lacks."""
    stood = redis.hgetall(keys.as_of_key(TENANT))
    if not stood:
        return ["there is no view"]
    asked = {}
    for line in live.lines(as_of=moment(int(stood["as_of_ms"]))):
        value = without_as_of(line)
        asked[f"{keys.values_key(TENANT, value['scope'], value['window'])} {value['kpi']}"] = value
    ours = shown(redis)
    nothing = [value for name, value in ours.items() if name not in asked and (value["n"] or value["value"])]
    wrong = [(value, asked[name]) for name, value in ours.items() if name in asked and asked[name] != value]
    lacking = [value for name, value in asked.items() if is_published(name, ours) and name not in ours]
    return [*nothing, *wrong, *lacking]


def is_published(name: str, ours: dict[str, Any]) -> bool:
    """Whether revenue of today, for company, teams and reps, which has to be there as soon as the API lists it."""
    return ":today:" in name and name.endswith(" revenue") and "source:" not in name


def company_wins(redis: Redis) -> int:
    line = redis.hget(keys.values_key(TENANT, "company", "mtd"), "deals_won")
    return 0 if line is None else json.loads(line)["n"]


def everything(redis: Redis) -> dict[str, object]:
    """The whole view but the stream of changes, which tells of its past."""
    read: dict[str, Callable[[str], Any]] = {
        "hash": redis.hgetall,
        "string": redis.get,
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
    kinds = {str(key): str(redis.type(key)) for key in redis.scan_iter()}
    return {key: read[kind](key) for key, kind in kinds.items() if kind != "stream"}


@pytest.mark.timeout(400)
def test_redis_shows_what_the_api_says_whatever_is_killed(
    kafka: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with start_redis() as server, Live(kafka, SALESPULSE_REDIS_URL=server.url) as live:
        redis = Redis.from_url(server.url, decode_responses=True)
        asyncio.run(live.publish([*roster(), *wins(100, 12)]))
        until_holds(redis, live, 12)
        live.kill_at_work("board")
        asyncio.run(live.publish(wins(200, 3)))
        until_holds(redis, live, 15)
        assert redis.zscore(keys.leaderboard_key(TENANT, "revenue", "rep", "mtd"), "R-1") == 5 * 12_345
        await_begin_of_minute()
        outage(server, live)
        until_holds(redis, live, 17)
        assert "takes values again" in live.workers["board"].log.read_text()
        live.stack.leave(live.workers["board"], signal.SIGTERM)
        rebuilt(live, server, redis, monkeypatch, capsys)


def until_holds(redis: Redis, live: Live, won: int) -> None:
    """The view has all wins, and nothing in it differs from what the API says."""
    until_equal(lambda: (company_wins(redis), differences(redis, live)), (won, []))


def outage(server: RedisServer, live: Live) -> None:
    """Redis dies; numbers go on without it; it comes back with nothing in it."""
    server.kill()
    asyncio.run(live.publish(wins(300, 2)))
    until_equal(lambda: [value["n"] for value in live.values(kpi="deals_won", scope="company", window="mtd")], [17])
    until_equal(lambda: "takes nothing" in live.workers["board"].log.read_text(), True)
    server.restart()


def rebuilt(
    live: Live, server: RedisServer, redis: Redis, patch: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]
) -> None:
    """From the topics alone the command makes the view that the worker had made."""
    before = everything(redis)
    assert len(before) > 10
    patch.setenv("KAFKA_BROKERS", live.settings.kafka_brokers)
    patch.setenv("SALESPULSE_TOPIC_PREFIX", live.prefix)
    patch.setenv("SALESPULSE_REDIS_URL", server.url)
    for arguments in (["rebuild", "--flush-first"], ["show"]):
        patch.setattr("sys.argv", ["salespulse", "redis", *arguments])
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 0, said.readouterr().err
    assert everything(redis) == before
    lines = said.readouterr().out.splitlines()
    assert "are in Redis" in lines[0]
    assert lines[1].startswith(f"{TENANT}: as of ")
