"""The desk of one partition: takes over its tenants' alerts, judges them, and has people told.

    open   producer first: it fences whoever judged before. Then the records as they are, then what people did.
    turn   what people did since, what boards say now, what became of tellings; what changed, in one transaction; and
           only what is committed is told.

Any failure leaves open what was written: the desk is given up, and the next one takes over from the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from agents.alerts.telling import Teller
from agents.epochs.port import Log, Producer
from agents.metrics import BoardMetrics, Outcome
from config.topics import Role
from schemas.alert import (
    AlertRecord,
    LiveMark,
    decode_action,
    decode_alert,
    decode_mark,
    encode_alert,
    is_mark,
    mark_key,
)
from schemas.records import Output
from stream.alerts.actions import acted
from stream.alerts.engine import Alerts, Change, is_over, judge
from stream.alerts.notices import delivered, failed, is_waiting
from stream.alerts.rules import Rules
from stream.board.board import Board

ALERTS, ACTIONS = str(Role.ALERTS), str(Role.ALERT_ACTIONS)
STABLE_POLL_S = 0.02
SLICE_S = 0.01
SHARE = 20
"""Judging takes at most one part of this many of the time, unless the minute turns."""
MINUTE_MS = 60_000
SECOND_MS = 1_000
SPEAKS_WITHIN_MS = 5_000
HEARING_MAX_MS = 600_000

IsOurs = Callable[[], bool]
"""Whether this worker still owns the partition."""

log = logging.getLogger(__name__)


class Lost(Exception):
    """The partition went to somebody else while it was judged."""


@dataclass
class Pace:
    """When a tenant was last judged, and what it took."""

    minute: int = -1
    positions: Mapping[str, int] | None = None
    not_before_s: float = 0.0


def hearing_ms(board: Board) -> int:
    """How long publishers get to be heard after a time in which they could not be: an interval of the slowest
    heartbeat, at most HEARING_MAX_MS. Judged before, a broker that comes back would make everybody look silent.
    """
    slowest_s = max((interval_s for _, interval_s in board.heard.minutes), default=0)
    return min(slowest_s * SECOND_MS + SPEAKS_WITHIN_MS, HEARING_MAX_MS) if slowest_s else 0


class Desk:
    """The alerts of one partition, judged by this worker alone."""

    def __init__(self, partition: int, port: Log, rules: Rules, teller: Teller, metrics: BoardMetrics) -> None:
        self.partition = partition
        self._port, self._rules, self._teller, self._metrics = port, rules, teller, metrics
        self._tenants: dict[str, Alerts] = {}
        self._paces: dict[str, Pace] = {}
        self._producer: Producer | None = None
        self._actions_read = 0
        self._fresh_ms: int | None = None  # since when boards are fresh without a break
        self._changed: dict[bytes, bytes | None] = {}

    async def open(self, transactional_id: str) -> None:
        """Take over. Raises OutcomeUnknown or Fenced."""
        self._producer = await self._port.open_producer(transactional_id)
        end = await self._stable_end()
        records: dict[bytes, bytes] = {}
        async for batch in self._port.read(ALERTS, self.partition, 0, end):
            for key, value in zip(batch.keys, batch.values, strict=True):
                if value is None:
                    records.pop(key or b"", None)
                else:
                    records[key or b""] = value
        for key, value in records.items():
            if is_mark(key):
                mark = decode_mark(value)
                self._of(mark.tenant).begin(mark)
            else:
                record = decode_alert(value)
                self._of(record.tenant).put(record)
        await self._take_actions()
        log.info("alerts of partition %d taken over: %d records", self.partition, len(records))

    async def _stable_end(self) -> int:
        """The end of the records, once nothing of an older owner is undecided there."""
        while True:
            ends = await self._port.ends(ALERTS, self.partition)
            if ends.stable == ends.high:
                return ends.stable
            await asyncio.sleep(STABLE_POLL_S)

    async def close(self) -> None:
        """Let go."""
        if self._producer is not None:
            await self._producer.close()

    async def turn(
        self, boards: Mapping[str, Board], positions: Mapping[str, int], now_ms: int, *, is_fresh: bool, is_ours: IsOurs
    ) -> None:
        """Do what is due. Raises Lost, OutcomeUnknown or Fenced: then the desk is over."""
        await self._take_actions()
        for key, notice, failure in self._teller.outcomes(self.partition):
            self._settle(key, notice, failure, now_ms)
        self._fresh_ms = (self._fresh_ms or now_ms) if is_fresh else None
        for tenant, board in sorted(boards.items()):
            if self._fresh_ms is not None and now_ms - self._fresh_ms >= hearing_ms(board):
                await self._judge(tenant, board, positions, now_ms, is_ours)
        await self._commit(is_ours)
        records = [record for alerts in self._tenants.values() for record in alerts.records.values()]
        self._teller.tell(self.partition, records, now_ms)
        self._tell_metrics(records)

    def _tell_metrics(self, records: list[AlertRecord]) -> None:
        standing = [(each.tenant, each.alert, each.severity, each.state) for each in records if each.is_open]
        is_open: Counter[tuple[str, ...]] = Counter(standing)
        waiting = Counter(notice.channel for each in records for notice in each.notices if is_waiting(notice))
        self._metrics.alerts_stand(self.partition, is_open, {name: waiting[name] for name in self._teller.names})

    def _of(self, tenant: str) -> Alerts:
        return self._tenants.setdefault(tenant, Alerts(tenant))

    async def _take_actions(self) -> None:
        """Take what people did since the last time; an action that was taken before changes nothing."""
        end = (await self._port.ends(ACTIONS, self.partition)).stable
        if end <= self._actions_read:
            return
        async for batch in self._port.read(ACTIONS, self.partition, self._actions_read, end):
            for value, offset in zip(batch.values, batch.offsets, strict=True):
                if value is not None:
                    action = decode_action(value)
                    record = self._of(action.tenant).records.get((action.alert, action.scope))
                    if record is not None:
                        self._take(acted(record, action, offset), record)
            self._actions_read = max(self._actions_read, batch.next_offset)

    def _take(self, after: AlertRecord, before: AlertRecord) -> None:
        if after is not before:
            self._of(after.tenant).put(after)
            self._changed[after.key] = encode_alert(after)

    def _settle(self, key: bytes, notice: str, failure: str | None, now_ms: int) -> None:
        """Note what became of a telling."""
        tenant, alert, scope = key.decode().split("/", 2)
        record = self._of(tenant).records.get((alert, scope))
        if record is not None:
            known = delivered(record, notice, now_ms) if failure is None else failed(record, notice, now_ms, failure)
            self._take(known, record)
            for tried in (each for each in known.notices if each.key == notice and known is not record):
                outcome: Outcome = "delivered" if failure is None else "given_up" if tried.given_up else "failed"
                self._metrics.notice_tried(tried.channel, outcome)

    async def _judge(
        self, tenant: str, board: Board, positions: Mapping[str, int], now_ms: int, is_ours: IsOurs
    ) -> None:
        """Judge a tenant if the minute has turned or its board may have changed, in slices."""
        pace, begun_s = self._paces.setdefault(tenant, Pace()), monotonic()
        if now_ms // MINUTE_MS == pace.minute and (positions == pace.positions or begun_s < pace.not_before_s):
            return
        pace.minute, pace.positions = now_ms // MINUTE_MS, dict(positions)
        spent_s, slice_s = 0.0, begun_s
        alerts = self._of(tenant)
        for change in judge(board, self._rules, alerts, now_ms, is_fresh=True, channels=self._teller.names):
            self._note(tenant, change, now_ms)
            if (at_s := monotonic()) - slice_s > SLICE_S:
                spent_s += at_s - slice_s
                await asyncio.sleep(0)
                if not is_ours():
                    raise Lost(f"alerts of partition {self.partition} are somebody else's")
                slice_s = monotonic()
        spent_s += monotonic() - slice_s
        pace.not_before_s = monotonic() + spent_s * SHARE
        self._metrics.tenant_judged(self.partition, tenant, now_ms, spent_s)

    def _note(self, tenant: str, change: Change, now_ms: int) -> None:
        if isinstance(change, LiveMark):
            self._changed[mark_key(tenant)] = encode_alert(change)
        elif change is not None:
            is_gone = (change.alert, change.scope) not in self._of(tenant).records and is_over(change, now_ms)
            self._changed[change.key] = None if is_gone else encode_alert(change)
            log.debug("alert %s of %s for %s is %s", change.alert, tenant, change.scope, change.state)

    async def _commit(self, is_ours: IsOurs) -> None:
        """Write what changed; nothing is told before."""
        if not self._changed:
            return
        producer = self._producer
        assert producer is not None, "a desk is opened before its first turn"
        if not is_ours():
            raise Lost(f"alerts of partition {self.partition} are somebody else's")
        outputs = [Output(ALERTS, self.partition, key, value) for key, value in self._changed.items()]
        await producer.begin()
        await producer.write(outputs)
        await producer.commit()
        self._changed.clear()
