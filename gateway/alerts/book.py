"""The alerts as they stand: the gateway reads along in their topic and keeps the last record of each."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from aiokafka.errors import KafkaError

from gateway.log_reader import LogReader, reason_of
from schemas.alert import OPEN, AlertRecord, State, decode_alert, is_mark
from schemas.records import RecordBatch

ROLE = "alerts"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0
SEVERITIES = ("critical", "warning", "info")

log = logging.getLogger(__name__)


class AlertBook:
    """Every alert by its id. It keeps what it knows while the broker is away."""

    def __init__(self) -> None:
        self._records: dict[bytes, AlertRecord] = {}
        self._by_id: dict[str, AlertRecord] = {}
        self.is_ready = False

    def take(self, keys: Iterable[bytes | None], values: Iterable[bytes | None]) -> None:
        """Take records of the topic in order."""
        for key, value in zip(keys, values, strict=True):
            if key is None or is_mark(key):
                continue
            gone = self._records.pop(key, None)
            if gone is not None:
                self._by_id.pop(gone.id, None)
            if value is not None:
                record = decode_alert(value)
                self._records[key] = self._by_id[record.id] = record

    def find(self, alert_id: str) -> AlertRecord | None:
        """The alert of an id."""
        return self._by_id.get(alert_id)

    def of(self, tenant: str | None, states: tuple[State, ...] = OPEN) -> list[AlertRecord]:
        """The alerts of a tenant (None: of all) in these states: the gravest first, then the newest."""
        chosen = [
            record
            for record in self._records.values()
            if record.state in states and record.fired_ms is not None and tenant in (None, record.tenant)
        ]
        return sorted(chosen, key=lambda each: (SEVERITIES.index(each.severity), -(each.fired_ms or 0), each.key))

    async def follow(self, open_reader: Callable[[], LogReader]) -> None:
        """Read along until cancelled; a lost broker is waited for."""
        positions: dict[tuple[str, int], int] = {}
        pause_s = FIRST_PAUSE_S
        while True:
            reader = open_reader()
            try:
                await reader.open()
                places = [(ROLE, number) for number in range(reader.partitions_of(ROLE))]
                ends = await reader.stable_ends(places)
                reader.begin_at({place: positions.get(place, 0) for place in places})
                pause_s = FIRST_PAUSE_S
                while True:
                    async for batch in reader.batches():
                        self._take(batch)
                        positions[ROLE, batch.partition] = batch.next_offset
                    self.is_ready = self.is_ready or all(positions.get(at, 0) >= end for at, end in ends.items())
            except (KafkaError, OSError) as exc:
                log.debug("alerts can't be read, trying again: %s", reason_of(exc))
            finally:
                await reader.close()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _take(self, batch: RecordBatch) -> None:
        self.take(batch.keys, batch.values)
