"""A file of events, given to the engine as `salespulse replay` does, and to the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from cli.replay.command import run
from cli.replay.lines import EventFiles
from schemas.event import Event, decode, is_activity
from schemas.kpi import KpiValue
from stream.board.values import every_value, value_of
from tests.reference.arrivals import Arrival, Judgement, judge
from tests.reference.readings import KPIS, Reading, Tenant
from tests.strategies.pipeline import CATALOGUE

PARTITIONS = 8


class EventFile:
    """Both answers to the same lines. Every line must be an event that keeps the contract."""

    def __init__(self, lines: list[bytes], folder: Path) -> None:
        path = folder / "events.ndjson"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        with EventFiles([path]) as file:
            self.boards = run(file, partitions=PARTITIONS)
        self.activity, self.organisation = judged(lines)

    def value(self, kpi: str, scope: str, window: str, *, as_of_ms: int, tenant: str = "acme") -> KpiValue:
        """What the engine answers to one question."""
        return value_of(self.boards[tenant], CATALOGUE, kpi=kpi, scope=scope, window=window, as_of_ms=as_of_ms)

    def values(self, *, as_of_ms: int, tenant: str) -> Iterator[KpiValue]:
        """Everything that the engine has to say."""
        return every_value(self.boards[tenant], CATALOGUE, as_of_ms=as_of_ms, kpis=KPIS)

    def tenant(self, *, as_of_ms: int, tenant: str = "acme") -> Tenant:
        """The reference at a moment."""
        said = [event for event in self.organisation if event.tenant == tenant]
        return Tenant(tenant, self.activity, said, as_of_ms=as_of_ms)

    def readings(self, *, as_of_ms: int, tenant: str) -> Iterator[Reading]:
        """Everything that the reference has to say."""
        return self.tenant(as_of_ms=as_of_ms, tenant=tenant).readings()


def judged(lines: list[bytes]) -> tuple[Judgement, list[Event]]:
    """What the reference makes of lines: those without a receipt all arrived with the latest activity, as history."""
    events = [event for event in map(decode, lines) if isinstance(event, Event)]
    assert len(events) == len(lines), "a line is no event"
    together_ms = max(event.time_ms for event in events if is_activity(event.kind))
    topics: dict[bool, list[Arrival]] = {True: [], False: []}
    for line, event in zip(lines, events, strict=True):
        raw, received_ms = line, event.receivedat_ms
        if received_ms is None:
            raw, received_ms = json.dumps({**json.loads(line), "backfill": True}).encode(), together_ms
        topics[is_activity(event.kind)].append(Arrival(raw, received_ms))
    said = judge(topics[False], may_backfill=True)
    standing = [kept.event for account in said.accounts.values() for kept in account.standing.values()]
    return judge(topics[True], may_backfill=True, partitions=PARTITIONS), standing
