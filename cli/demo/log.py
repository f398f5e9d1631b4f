"""What was published, read back from the log: by it a demo goes on where it stopped, and adds up what is right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from cli.demo.company import DemoEvent
from cli.demo.mishaps import GARBLED
from config.settings import Settings
from config.topics import Role
from gateway.log_reader import LogReader

BOTH = (Role.ORGANISATION, Role.ACTIVITY)


async def log_ends(settings: Settings) -> dict[str, int]:
    """Where the activity log ends, by partition: the same ends, the same log."""
    role = str(Role.ACTIVITY)
    reader = LogReader(settings.kafka_brokers, {role: settings.topics.name_of(role)}, b"")
    try:
        await reader.open()
        ends = await reader.stable_ends([(role, number) for number in range(reader.partitions_of(role))])
        return {str(number): end for (_, number), end in ends.items()}
    finally:
        await reader.close()


async def read_log(settings: Settings, roles: Sequence[Role]) -> list[DemoEvent]:
    """The demo's events as they stand in the topics, partition by partition, without what never became an event."""
    return [event for raw in await _lines(settings, roles) if (event := _event(raw)) is not None]


async def read_everything(settings: Settings) -> tuple[list[DemoEvent], int]:
    """The same of both topics, and how many lines there are that are broken."""
    told = [_event(raw) for raw in await _lines(settings, BOTH)]
    events = [event for event in told if event is not None]
    return events, len(told) - len(events)


async def _lines(settings: Settings, roles: Sequence[Role]) -> list[bytes]:
    names = {str(role): settings.topics.name_of(role) for role in roles}
    reader = LogReader(settings.kafka_brokers, names, b"", fetch_wait_ms=50)
    try:
        await reader.open()
        places = [(role, number) for role in names for number in range(reader.partitions_of(role))]
        ends = await reader.stable_ends(places)
        reader.begin_at(await reader.beginnings(places))
        lines: list[bytes] = []
        while any(reader.position(*place) < end for place, end in ends.items()):
            async for batch in reader.batches():
                lines += [raw for raw in batch.values if raw is not None]
        return lines
    finally:
        await reader.close()


def _event(raw: bytes) -> DemoEvent | None:
    """What a line says; None where it is broken."""
    try:
        said: dict[str, Any] = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    if GARBLED in said:
        return None
    return DemoEvent(
        said["type"],
        said["id"],
        said["subject"],
        round(datetime.fromisoformat(said["time"]).timestamp() * 1000),
        said.get("data", {}),
        said["source"],
        said.get("revision", 0),
        said.get("voided", False),
        said.get("backfill", False),
    )
