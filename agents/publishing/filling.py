"""Filling Redis from the topics: everything that is published in a partition, and the alerts that are open there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import orjson

from agents.epochs.port import Log
from config.topics import Role
from schemas.alert import decode_alert, is_mark
from schemas.alert_view import view as alert_view
from schemas.publication import Published, Standing, as_of_ms_of, decode_standing, place_of
from schemas.records import Headers, RecordBatch
from views.redis_view import RedisView

KPIS, ALERTS = str(Role.KPIS), str(Role.ALERTS)
SLICE_RECORDS = 1_000
"""Records taken before other work of the worker gets its turn."""


@dataclass
class Filled:
    """What Redis was filled with: the moment of each tenant (epoch ms), values, and open alerts; not ``is_whole`` where
    Redis has lost some of it already.
    """

    stood: dict[str, int] = field(default_factory=dict)
    values: int = 0
    alerts: int = 0
    is_whole: bool = True


class OpenAlerts:
    """The open alerts of one partition, kept up by reading on in their topic."""

    def __init__(self, partition: int, public_url: str) -> None:
        self._partition, self._public_url = partition, public_url
        self._read = 0
        self._open: dict[str, dict[str, bytes]] = {}
        self._ids: dict[bytes, tuple[str, str]] = {}
        self._last: dict[str, tuple[int, int]] = {}

    async def write(self, view: RedisView, port: Log, *, anew: bool = False) -> int:
        """Write the alerts of the tenants of whom there is something new; ``anew``: of all. Returns how many."""
        end = (await port.ends(ALERTS, self._partition)).stable
        touched = set(self._last) if anew else set()
        if end > self._read:
            async for batch in port.read(ALERTS, self._partition, self._read, end):
                touched |= self._take(batch)
                self._read = batch.next_offset
        for tenant in sorted(touched):
            await view.put_alerts(tenant, self._open[tenant], *self._last[tenant])
        return sum(len(self._open[tenant]) for tenant in touched)

    def _take(self, batch: RecordBatch) -> set[str]:
        touched = set()
        for index, (key, value) in enumerate(zip(batch.keys, batch.values, strict=True)):
            if key is None or is_mark(key):
                continue
            tenant = key.decode().partition("/")[0]
            of_tenant = self._open.setdefault(tenant, {})
            record = None if value is None else decode_alert(value)
            if record is not None and record.is_open:
                self._ids[key] = tenant, record.id
                of_tenant[record.id] = orjson.dumps(alert_view(record, self._public_url))
            elif key in self._ids:
                of_tenant.pop(self._ids.pop(key)[1], None)
            self._last[tenant] = batch.received_ms[index], batch.offsets[index]
            touched.add(tenant)
        return touched


async def fill(view: RedisView, port: Log, partition: int, alerts: OpenAlerts) -> Filled:
    """Write everything there is of a partition's tenants, and remove what is not; what is newer in Redis stays."""
    values, standings = await _published(port, partition)
    filled = Filled()
    for tenant, standing in sorted(standings.items()):
        own = values.get(tenant, {})
        await view.fill(tenant, standing.as_of_ms, own.values())
        await view.stand(standing)
        filled.stood[tenant] = standing.as_of_ms
        # If Redis lost anything since the first value was written, then that one, too.
        filled.is_whole &= not own or await view.has(next(iter(own.values())).place)
        filled.values += len(own)
    filled.alerts = await alerts.write(view, port, anew=True)
    return filled


async def _published(port: Log, partition: int) -> tuple[dict[str, dict[bytes, Published]], dict[str, Standing]]:
    """The last value of each key by tenant, and how tenants stand."""
    values: dict[str, dict[bytes, Published]] = {}
    standings: dict[str, Standing] = {}
    end = (await port.ends(KPIS, partition)).stable
    async for batch in port.read(KPIS, partition, 0, end):
        for index, (key, value) in enumerate(zip(batch.keys, batch.values, strict=True)):
            took = published_of(key or b"", value, batch.headers.get(index, ()))
            if isinstance(took, Standing):
                standings[took.tenant] = took
            elif took is not None and took.line is None:
                values.get(took.place.tenant, {}).pop(key or b"", None)
            elif took is not None:
                values.setdefault(took.place.tenant, {})[key or b""] = took
            if index % SLICE_RECORDS == SLICE_RECORDS - 1:
                await asyncio.sleep(0)
    return values, standings


def published_of(key: bytes, value: bytes | None, headers: Headers) -> Published | Standing | None:
    """What a record of the topic says; None: nothing, it is a Standing's tombstone. Raises NotPublished."""
    place = place_of(key)
    if place is None:
        return None if value is None else decode_standing(value)
    return Published(place, as_of_ms_of(headers), value)
