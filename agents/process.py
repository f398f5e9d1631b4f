"""One worker process of one stage: starts the Faust app, watches it, ends it in an orderly way or not at all."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import threading
import time

import uvloop

from agents.alerts.watch import AlertWatch, keep_judging
from agents.app import StageApp, make_app
from agents.awake import Awake
from agents.epochs.slot import Slot, SlotEvents
from agents.epochs.unfold import check_aiokafka
from agents.liveness import Liveness, StoodStill
from agents.logs import set_up_logging
from agents.metrics import BoardMetrics, Metrics, metrics_of
from agents.metrics_server import serve_metrics
from agents.publishing.publisher import keep_publishing
from agents.publishing.setup import publisher_of
from agents.scrapes import Scrapes
from agents.stages import StageDeclaration, form_of_core
from agents.ticking import Ticking, keep_ticking
from config.catalogue import load_definitions
from config.settings import Settings
from config.topics import StageName
from stream.board.tick import Ticker
from stream.catalogue.catalogue import Catalogue

EXIT_FAILED = 1
EXIT_HUNG = 70
STOP_LIMIT_S = 15.0
GROUP_COMMIT_S = 2.0
CRASH_POLL_S = 0.3
YOUNG_OBJECTS = 200_000  # collections between folds cost more than the garbage of a fold
FREEZE_RECORDS = 20_000  # records after which what is new is set apart: state, that the collector need not look at
COLLECT_EVERY_S = 10.0  # seconds at least between two looks for garbage: an epoch leaves none, and a burst has many

BREAK_SHARE = 0.8
"""Of the silence after which partitions are given away: the last sign of life was sent some time before a break."""

log = logging.getLogger(__name__)


class WorkerEvents(SlotEvents):
    """Counts what slots do, and ends the worker when one fails."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        self.over = asyncio.Event()
        self.error: BaseException | None = None
        self._folded = 0
        self._collected_at = time.monotonic()

    def restored(self, partition: int, rows: int, refolded: int, seconds: float) -> None:
        """Freeze what was restored: the collector need not look at it again."""
        log.info("slot %d restored: %d rows, %d records folded again, %.2f s", partition, rows, refolded, seconds)
        self.metrics.slot_restored(rows, refolded, seconds)
        gc.freeze()

    def committed(self, partition: int, records: int, seconds: float) -> None:
        """Count an epoch. Now and then freeze what is new, for it is state; more seldom look for garbage first."""
        self.metrics.epoch_committed(records, seconds)
        self._folded += records
        if self._folded >= FREEZE_RECORDS:
            self._folded = 0
            now = time.monotonic()
            if now - self._collected_at >= COLLECT_EVERY_S:
                self._collected_at = now
                gc.collect(1)
            gc.freeze()

    def failed(self, slot: Slot, error: BaseException) -> None:
        """Fail-stop."""
        log.error(
            "slot %s %d failed, the worker ends: %s: %s", slot.spec.name, slot.partition, type(error).__name__, error
        )
        self.end(error)

    def task_ended(self, task: asyncio.Task[None]) -> None:
        """A background task that fails must not fail in silence."""
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the worker ends: %s: %s", type(error).__name__, error, exc_info=error)
            self.end(error)

    def end(self, error: BaseException | None) -> None:
        """End the worker; with an error its exit code says so."""
        self.error = self.error or error
        self.over.set()


def run_stage(stage: StageDeclaration, settings: Settings, counts: dict[str, int]) -> int:
    """Run a worker of ``stage`` until it is told to stop or fails; returns the exit code."""
    set_up_logging(settings.log_level, settings.log_format, stage.name)
    log.info("the core runs %s", form_of_core(stage.name, settings))
    check_aiokafka()
    gc.set_threshold(YOUNG_OBJECTS, 20, 100)
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # Faust's consumer thread makes its loop by the policy
    return asyncio.run(_run(stage, settings, counts))


async def _run(stage: StageDeclaration, settings: Settings, counts: dict[str, int]) -> int:
    loop = asyncio.get_running_loop()
    metrics = metrics_of(stage.name)
    events = WorkerEvents(metrics)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, events.end, None)
    app = make_app(stage, settings, counts, events)
    port = settings.metrics_port_board if stage.name is StageName.BOARD else settings.metrics_port_accounts
    catalogue = Catalogue(load_definitions())
    awake = Awake(break_s=settings.session_timeout_s * BREAK_SHARE, quiet_s=settings.session_timeout_s)
    scrapes = Scrapes(metrics, app.crew, catalogue.definitions, awake=awake)
    server = serve_metrics(scrapes, loop, settings.host, port) if port else None
    watches = [_write_group_offsets(app), _watch_faust(app, events), _watch_liveness(app, settings, metrics, events)]
    if isinstance(metrics, BoardMetrics):
        if settings.alerting:
            watches.append(keep_judging(lambda: AlertWatch(settings, app.log_port, app.crew, counts, metrics)))
        publisher = publisher_of(settings, app, counts, metrics, catalogue)
        ticker = Ticker(catalogue, series_max=settings.published_series_max)
        ticking = Ticking(
            app.crew,
            ticker,
            [scrapes, publisher],
            every_s=settings.tick_every_s,
            noted=metrics.ticked,
            awake=awake,
        )
        watches += [keep_publishing(publisher), keep_ticking(ticking)]
    running = [asyncio.create_task(work) for work in (_start(app), *watches)]
    for task in running:
        task.add_done_callback(events.task_ended)
    await events.over.wait()
    threading.Thread(target=_end_if_hung, daemon=True).start()
    for task in running:
        task.cancel()
    await app.stop()
    await app.log_port.close()
    if server is not None:
        server.shutdown()
    log.info("worker of %s ended%s", stage.name, f" by {type(events.error).__name__}" if events.error else "")
    logging.shutdown()
    os._exit(EXIT_FAILED if events.error else 0)


async def _start(app: StageApp) -> None:
    await app.start()
    log.info("worker of %s started, process %d", app.crew.spec.name, os.getpid())


def _end_if_hung() -> None:
    """A stop that hangs is not a stop."""
    if not threading.Event().wait(STOP_LIMIT_S):
        os._exit(EXIT_HUNG)


async def _write_group_offsets(app: StageApp) -> None:
    """Now and then, for lag tools; they decide nothing."""
    written: dict[object, int] = {}
    while True:
        await asyncio.sleep(GROUP_COMMIT_S)
        offsets = dict(app.group_offsets())
        moved = {tp: offset for tp, offset in offsets.items() if written.get(tp) != offset}
        if moved:
            await app.batch_consumer.commit_group_offsets(moved)
            written.update(moved)


async def _watch_liveness(app: StageApp, settings: Settings, metrics: Metrics, events: WorkerEvents) -> None:
    """End the worker when offsets stand still although records wait."""
    liveness = Liveness(app.crew, app.log_port, settings.liveness_timeout_s, metrics)
    while True:
        await asyncio.sleep(liveness.interval_s)
        try:
            await liveness.look()
        except StoodStill as exc:
            log.error("%s; the worker ends", exc)
            events.end(exc)


async def _watch_faust(app: StageApp, events: WorkerEvents) -> None:
    """End the worker when Faust has crashed: it would stay, doing nothing."""
    while not app.crashed:  # noqa: ASYNC110 - mode keeps the event to itself
        await asyncio.sleep(CRASH_POLL_S)
    log.error("Faust crashed, the worker ends: %r", app.crash_reason)
    events.end(app.crash_reason or RuntimeError("Faust crashed without a reason"))
