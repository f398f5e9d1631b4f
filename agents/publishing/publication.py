"""The published values of one partition, written by its owner alone.

    open      producer first: it fences whoever published before, so that no late write of a former owner can follow.
              Then what is in the topic, so that only what differs from it is written.
    publish   what ticks changed, and how the tenants stand, in one transaction. Never an older tick after a newer one,
              whoever published that.

Any failure leaves open what was written: the publication is given up, and the next one finds out from the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from agents.epochs.port import Log, Producer
from agents.publishing.changes import Change, Shown
from config.topics import Role
from schemas.publication import (
    Standing,
    decode_standing,
    encode_standing,
    headers_of,
    place_of,
    standing_key,
)
from schemas.records import Output
from stream.board.tick import Tick
from stream.board.values import instant

KPIS = str(Role.KPIS)
STABLE_POLL_S = 0.02
SLICE_VALUES = 500
"""Values looked at before other work of the worker gets its turn."""
AT_ONCE = 2_000
"""Records made into batches in one go."""
MINUTE_MS = 60_000

log = logging.getLogger(__name__)


class Lost(Exception):
    """The partition went to somebody else meanwhile."""


class Publication:
    """What is published of one partition's tenants."""

    def __init__(self, partition: int, port: Log, generation: int) -> None:
        self.partition = partition
        self._port, self._generation = port, generation
        self._tenants: dict[str, Shown] = {}
        self._ahead: set[str] = set()
        self._producer: Producer | None = None

    async def open(self, transactional_id: str) -> None:
        """Take over. Raises OutcomeUnknown or Fenced."""
        self._producer = await self._port.open_producer(transactional_id)
        end = await self._stable_end()
        async for batch in self._port.read(KPIS, self.partition, 0, end):
            for count, (key, value) in enumerate(zip(batch.keys, batch.values, strict=True), 1):
                self._restore(key or b"", value)
                if count % SLICE_VALUES == 0:
                    await asyncio.sleep(0)
        values = sum(map(len, self._tenants.values()))
        log.info("publication of partition %d taken over: %d values", self.partition, values)

    async def _stable_end(self) -> int:
        """The end of the topic, once nothing of an older owner is undecided there."""
        while True:
            ends = await self._port.ends(KPIS, self.partition)
            if ends.stable == ends.high:
                return ends.stable
            await asyncio.sleep(STABLE_POLL_S)

    def _restore(self, key: bytes, value: bytes | None) -> None:
        place = place_of(key)
        if place is not None:
            self._of(place.tenant).restore(key, value)
        elif value is not None:
            standing = decode_standing(value)
            self._of(standing.tenant).as_of_ms = standing.as_of_ms

    def _of(self, tenant: str) -> Shown:
        return self._tenants.setdefault(tenant, Shown())

    async def close(self) -> None:
        """Let go."""
        if self._producer is not None:
            await self._producer.close()

    async def publish(self, ticks: Iterable[Tick], *, is_stale: bool, is_ours: Callable[[], bool]) -> list[Output]:
        """Write what ticks changed, at most one of a tenant; returns what was written, values before their standing.

        Raises Lost, OutcomeUnknown or Fenced: then the publication is over.
        """
        outputs: list[Output] = []
        for tick in ticks:
            ahead_ms = self._of(tick.tenant).as_of_ms - tick.as_of_ms
            if ahead_ms < 0:
                outputs += await self._changes(tick, is_stale=is_stale)
            elif ahead_ms > 0 and tick.tenant not in self._ahead:
                # Readers see by the standing's moment that nothing new comes.
                log.warning("%s was published by a clock %.1f s ahead; waiting for ours", tick.tenant, ahead_ms / 1000)
                self._ahead.add(tick.tenant)
        if not is_ours():
            raise Lost(f"the values of partition {self.partition} are published by somebody else")
        if outputs:
            producer = self._producer
            assert producer is not None, "a publication is opened before its first tick"
            await producer.begin()
            for start in range(0, len(outputs), AT_ONCE):
                await producer.write(outputs[start : start + AT_ONCE])
            await producer.commit()
        return outputs

    async def _changes(self, tick: Tick, *, is_stale: bool) -> list[Output]:
        shown, headers = self._of(tick.tenant), headers_of(tick.as_of_ms, self._generation)
        found: list[Change] = []
        for count, change in enumerate(shown.take(tick), 1):
            if change is not None:
                found.append(change)
            if count % SLICE_VALUES == 0:
                await asyncio.sleep(0)
        as_of = tick.values[0].as_of if tick.values else instant((tick.as_of_ms // MINUTE_MS + 1) * 60)
        standing = Standing(
            tenant=tick.tenant,
            as_of_ms=tick.as_of_ms,
            as_of=as_of,
            values=len(shown),
            dropped=tick.dropped,
            stale=is_stale,
            generation=self._generation,
        )
        found.append((standing_key(tick.tenant), encode_standing(standing)))
        return [Output(KPIS, self.partition, key, value, headers) for key, value in found]
