"""Judges alerts for as long as the BOARD worker runs: a desk for every partition whose slot is ready."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from agents.alerts.desk import Desk, Lost
from agents.alerts.freshness import Freshness
from agents.alerts.telling import Teller
from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from agents.epochs.port import Fenced, OutcomeUnknown
from agents.epochs.slot import Slot
from agents.metrics import BoardMetrics
from agents.notify.channels import channels_of
from config.alerts import load_alerts
from config.catalogue import load_definitions
from config.settings import Settings
from config.topics import Role
from stream.alerts.rules import Rules
from stream.board.stage import BoardStage
from stream.catalogue.catalogue import Catalogue

TURN_S = 1.0
TURN_LIMIT_S = 30.0
PAUSE_S = 2.0
AFTER_FAILURE_S = 30.0

log = logging.getLogger(__name__)


async def keep_judging(make: Callable[[], AlertWatch]) -> None:
    """Judge until cancelled. What fails for a reason nobody thought of is begun anew: until then numbers are served
    without alerts, and the log says so.
    """
    while True:
        judging = asyncio.create_task(make().run())
        try:
            await asyncio.wait([judging])
        finally:
            judging.cancel()
        failure = None if judging.cancelled() else judging.exception()
        log.error("alerts are not judged for %.0f s: %s", AFTER_FAILURE_S, failure, exc_info=failure)
        await asyncio.sleep(AFTER_FAILURE_S)


class AlertWatch:
    """The desks of a worker. One that fails is given up and opened again; one that is fenced only with a new slot."""

    def __init__(
        self, settings: Settings, port: KafkaLog, crew: Crew, counts: dict[str, int], metrics: BoardMetrics
    ) -> None:
        self._settings, self._port, self._crew, self._metrics = settings, port, crew, metrics
        self._rules = Rules(load_alerts(), Catalogue(load_definitions()))
        self._teller = Teller(channels_of(settings))
        self._fresh = Freshness(settings, port, crew, counts[Role.ACTIVITY])
        self._desks: dict[int, tuple[Slot, Desk]] = {}
        self._shut_out: dict[int, Slot] = {}
        self._not_before_s: dict[int, float] = {}
        self._troubled: set[int] = set()

    async def run(self) -> None:
        """Judge until cancelled."""
        watching = asyncio.create_task(self._fresh.watch())
        try:
            while True:
                begun_s = time.monotonic()
                await self._turn()
                if watching.done():
                    watching.result()
                await asyncio.sleep(max(0.0, begun_s + TURN_S - time.monotonic()))
        finally:
            watching.cancel()
            await self._teller.close()
            for number, (_, desk) in self._desks.items():
                self._metrics.alerts_released(number)
                await desk.close()

    async def _turn(self) -> None:
        for number, (slot, _) in list(self._desks.items()):
            if self._crew.slots.get(number) is not slot or not slot.ready:
                await self._give_up(number)
        for number, slot in list(self._crew.slots.items()):
            if slot.ready and self._shut_out.get(number) is not slot:
                await self._turn_of(number, slot)

    async def _turn_of(self, number: int, slot: Slot) -> None:
        if time.monotonic() < self._not_before_s.get(number, 0.0):
            return
        try:
            async with asyncio.timeout(TURN_LIMIT_S):
                await self._work(number, slot)
            self._troubled.discard(number)
        except Fenced:
            log.warning("alerts of partition %d are judged by another worker; this one leaves them alone", number)
            self._shut_out[number] = slot
            await self._give_up(number)
        except (Lost, OutcomeUnknown, TimeoutError) as exc:
            # A broker that is away fails every partition every few seconds: once is worth a line.
            level = logging.DEBUG if number in self._troubled else logging.WARNING
            log.log(level, "alerts of partition %d are taken over again: %s %s", number, type(exc).__name__, exc)
            self._troubled.add(number)
            await self._give_up(number)

    async def _work(self, number: int, slot: Slot) -> None:
        if number not in self._desks:
            desk = Desk(number, self._port, self._rules, self._teller, self._metrics)
            self._desks[number] = (slot, desk)
            await desk.open(self._settings.topics.alerting_id(number))
        stage = slot.stage
        if isinstance(stage, BoardStage):
            await self._desks[number][1].turn(
                stage.tenants,
                slot.positions,
                time.time_ns() // 1_000_000,
                is_fresh=self._fresh.is_fresh(number),
                is_ours=lambda: slot.ready and self._crew.slots.get(number) is slot,
            )

    async def _give_up(self, number: int) -> None:
        found = self._desks.pop(number, None)
        if found is not None:
            await found[1].close()
        self._teller.forget(number)
        self._metrics.alerts_released(number)
        self._not_before_s[number] = time.monotonic() + PAUSE_S
