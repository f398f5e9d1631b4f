"""The view in Redis: latest values, leaderboards, open alerts. Whatever comes in whatever order, the newest stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from schemas.publication import Place, Published, Standing
from views import redis_keys as keys
from views.redis_scripts import PUT, PUT_ALERTS, STAND

CALLS_AT_ONCE = 200
CONNECT_LIMIT_S, ANSWER_LIMIT_S = 2.0, 5.0

Call = tuple[list[str], list[bytes | str | int]]
"""Keys and arguments of a script."""


def connect(url: str) -> Redis:
    """A client that says at once what fails: who uses it knows what to write again, and after a restart that is all."""
    client: Redis = Redis.from_url(
        url,
        retry=Retry(NoBackoff(), 0),
        socket_connect_timeout=CONNECT_LIMIT_S,
        socket_timeout=ANSWER_LIMIT_S,
        decode_responses=True,
    )
    return client


class RedisView:
    """Writes the view of any tenants. ``ranks``: by the KPIs that are ranks, what they rank by.

    Everything may be written again, by several writers, in any order. All methods raise RedisError, OSError or
    TimeoutError where Redis is away; what was written by then stays.
    """

    def __init__(self, client: Redis, ranks: Mapping[str, str]) -> None:
        self._client, self._ranks = client, ranks
        self._put = client.register_script(PUT)
        self._stand = client.register_script(STAND)
        self._put_alerts = client.register_script(PUT_ALERTS)

    async def put(self, published: Iterable[Published]) -> None:
        """Write changed values and tell those who listen to the stream of changes."""
        groups = _grouped(published)
        calls = (
            self._call(group[0].place.tenant, *_of(group), group, changes_max=keys.CHANGES_MAX) for group in groups
        )
        await self._run(self._put, calls)

    async def fill(self, tenant: str, as_of_ms: int, published: Iterable[Published]) -> None:
        """Write everything a tenant has as of ``as_of_ms``; what is not in it goes, unless it is newer."""
        groups = _grouped(published)
        await self._run(self._put, (self._whole(tenant, *_of(group), as_of_ms, group) for group in groups))
        filled = {keys.values_key(tenant, *_of(group)) for group in groups}
        found = [str(key) async for key in self._client.scan_iter(match=keys.all_values(tenant), count=1_000)]
        gone = (keys.scope_and_window_of(tenant, key) for key in found if key not in filled)
        await self._run(self._put, (self._whole(tenant, scope, window, as_of_ms, []) for scope, window in gone))

    async def stand(self, standing: Standing) -> int | None:
        """Say for which moment the view holds. Returns the moment it held for before (epoch ms); None: it was empty."""
        said: dict[str, str | int] = {
            "as_of": standing.as_of,
            "values": standing.values,
            "dropped": standing.dropped,
            "stale": int(standing.stale),
            "generation": standing.generation,
        }
        fields: list[str | int] = [part for pair in said.items() for part in pair]
        known = await self._stand([keys.as_of_key(standing.tenant)], [keys.KEPT_S, standing.as_of_ms, *fields])
        return int(known) if known else None

    async def has(self, place: Place) -> bool:
        """Whether a value is there."""
        tenant, kpi, scope, window = place
        return bool(await self._client.hexists(keys.values_key(tenant, scope, window), kpi))

    async def put_alerts(self, tenant: str, lines: Mapping[str, bytes], appended_ms: int, offset: int) -> None:
        """Write all open alerts of a tenant by id; ``appended_ms`` and ``offset`` are of the last record read of it."""
        opened = [part for pair in lines.items() for part in pair]
        names = [keys.alerts_key(tenant), keys.alerts_stamp_key(tenant)]
        await self._put_alerts(names, [keys.KEPT_S, appended_ms, offset, *opened])

    async def flush(self) -> int:
        """Remove the whole view; returns how many keys it had."""
        count = 0
        found = [key async for key in self._client.scan_iter(match=keys.everything(), count=1_000)]
        for begin in range(0, len(found), CALLS_AT_ONCE):
            count += int(await self._client.unlink(*found[begin : begin + CALLS_AT_ONCE]))
        return count

    def _whole(self, tenant: str, scope: str, window: str, as_of_ms: int, group: Sequence[Published]) -> Call:
        """The script call for all there is of a scope and window; ranks it has no more leave their leaderboard."""
        has = {published.place.kpi for published in group}
        lost = [Published(Place(tenant, kpi, scope, window), as_of_ms, None) for kpi in self._ranks if kpi not in has]
        return self._call(tenant, scope, window, [*group, *lost], whole=as_of_ms)

    def _call(
        self,
        tenant: str,
        scope: str,
        window: str,
        group: Sequence[Published],
        *,
        changes_max: int = 0,
        whole: int | str = "",
    ) -> Call:
        """The script call for values of one scope and window."""
        values = keys.values_key(tenant, scope, window)
        names = [values, keys.stamps_key(values), keys.changes_key(tenant)]
        kind, _, member = scope.partition(":")
        given: list[bytes | str | int] = [keys.KEPT_S, changes_max, whole, window, scope]
        for (_, kpi, _, _), as_of_ms, line in group:
            ranked = self._ranks.get(kpi)
            names.append(values if ranked is None else keys.leaderboard_key(tenant, ranked, kind, window))
            score = "" if ranked is None or line is None else _score(line)
            given += [kpi, as_of_ms, b"" if line is None else line, member, score]
        return names, given

    async def _run(self, script: Any, calls: Iterator[Call]) -> None:
        while part := list(islice(calls, CALLS_AT_ONCE)):
            async with self._client.pipeline(transaction=False) as pipeline:
                for names, given in part:
                    await script(names, given, client=pipeline)
                await pipeline.execute()


def _grouped(published: Iterable[Published]) -> list[list[Published]]:
    """By tenant, scope and window, in order."""
    groups: dict[tuple[str, str, str], list[Published]] = {}
    for each in published:
        tenant, _, scope, window = each.place
        groups.setdefault((tenant, scope, window), []).append(each)
    return list(groups.values())


def _of(group: Sequence[Published]) -> tuple[str, str]:
    """The scope and window of a group."""
    return group[0].place.scope, group[0].place.window


def _score(line: bytes) -> str:
    """What a rank ranks by; empty where it isn't shown."""
    value = orjson.loads(line)
    ranked = value["facets"].get("value")
    return "" if value["value"] is None or ranked is None else repr(ranked)
