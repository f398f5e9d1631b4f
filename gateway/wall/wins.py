"""Wins to celebrate: the gateway reads along in the activity log, since numbers don't know deals."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec
from aiokafka.errors import KafkaError

from gateway.log_reader import LogReader, reason_of
from schemas.data import DealWon
from schemas.envelope import Event
from schemas.event import decode
from schemas.money import exponent
from schemas.records import RecordBatch
from stream.board.board import Board
from stream.board.reference.roster import active_at

ROLE = "activity"
MARK = b"sales.deal.won"
SHOWN_MS = 600_000
LATE_MS = 900_000
WINS_MAX = 200
SHOWN_MAX = 20
BEHIND_RECORDS = 20_000
MARK_BYTES = 8
PAUSE_S = 2.0
NAMELESS = ("team_only", "off")

log = logging.getLogger(__name__)


class Win(msgspec.Struct, frozen=True):
    """A deal that was won a moment ago. ``at_ms`` is when it was received."""

    tenant: str
    deal: str
    rep: str | None
    amount_minor: int
    currency: str
    at_ms: int
    revision: int

    @property
    def mark(self) -> str:
        """By what a screen knows the deal again: a wall names no deals to whoever can read along."""
        return blake2b(f"{self.tenant}\0{self.deal}".encode(), digest_size=MARK_BYTES).hexdigest()

    def shown(self, policy: str, board: Board, cut_ms: int) -> dict[str, Any]:
        """What is celebrated: the rep by name, or only the team where the policy names no reps."""
        said = active_at(board.organisation, cut_ms).get(self.rep or "")
        team = said.team if said is not None else None
        name = (said.name if said is not None else None) or self.rep
        amount = {"amount_minor": self.amount_minor, "currency": self.currency, "exponent": exponent(self.currency)}
        who = {"name": None if policy in NAMELESS else name, "team": team}
        return {"mark": self.mark, "at_ms": self.at_ms} | who | amount


class WinFeed:
    """The newest wins by deal, at most WINS_MAX. A deal is one win however often it is told, moved or mended; one taken
    back is none. What is history, or came later than LATE_MS, is no news.
    """

    def __init__(self, open_reader: Callable[[], LogReader]) -> None:
        self._open_reader = open_reader
        self._wins: OrderedDict[tuple[str, str], Win] = OrderedDict()
        self._deals: OrderedDict[tuple[str, str, str, str], tuple[str, str]] = OrderedDict()

    def recent(self, tenant: str, now_ms: int | None = None) -> list[Win]:
        """A tenant's wins of the last SHOWN_MS, the newest SHOWN_MAX."""
        since_ms = (time.time_ns() // 1_000_000 if now_ms is None else now_ms) - SHOWN_MS
        return [win for win in self._wins.values() if win.tenant == tenant and win.at_ms >= since_ms][-SHOWN_MAX:]

    def read(self, batch: RecordBatch) -> None:
        """Take what a batch of the activity log tells of wins."""
        for value, received_ms in zip(batch.values, batch.received_ms, strict=True):
            if value is not None and MARK in value:
                event = decode(value)
                if isinstance(event, Event):
                    self._judge(event, received_ms)

    def _judge(self, event: Event, received_ms: int) -> None:
        identity = (event.tenant, event.subject, event.source, event.id)
        if event.voided:
            gone = self._deals.get(identity)
            if gone is not None:
                self._wins.pop(gone, None)
        elif isinstance(event.data, DealWon) and not event.backfill and received_ms - event.time_ms <= LATE_MS:
            key = (event.tenant, event.data.deal)
            self._note(key, event, event.data, received_ms)
            self._deals[identity] = key
            for kept in (self._wins, self._deals):
                while len(kept) > WINS_MAX:
                    kept.popitem(last=False)

    def _note(self, key: tuple[str, str], event: Event, data: DealWon, received_ms: int) -> None:
        known = self._wins.get(key)
        if known is not None and event.revision < known.revision:
            return
        rep = max(data.splits, key=lambda split: split.share_bp).rep if data.splits else data.rep
        at_ms = received_ms if known is None else known.at_ms
        self._wins[key] = Win(*key, rep, data.amount_minor, data.currency, at_ms, event.revision)

    async def run(self) -> None:
        """Read along until cancelled; a lost broker is waited for."""
        while True:
            reader = self._open_reader()
            try:
                await reader.open()
                await self._begin(reader, SHOWN_MS)
                while True:
                    async for batch in reader.batches():
                        self.read(batch)
            except (KafkaError, OSError) as exc:
                log.debug("wins can't be read, trying again: %s", reason_of(exc))
                await asyncio.sleep(PAUSE_S)
            finally:
                await reader.close()

    async def _begin(self, reader: LogReader, back_ms: int) -> None:
        """Stand where the last minutes begin, but never more than BEHIND_RECORDS before the end."""
        places = [(ROLE, number) for number in range(reader.partitions_of(ROLE))]
        since = await reader.offsets_at(places, time.time_ns() // 1_000_000 - back_ms)
        ends = await reader.stable_ends(places)
        begun = {}
        for place, end in ends.items():
            found = since[place]
            begun[place] = end if found is None else max(found, end - BEHIND_RECORDS)
        reader.begin_at(begun)
