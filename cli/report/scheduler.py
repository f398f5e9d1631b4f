"""`salespulse reports`: sends what `SALESPULSE_REPORTS` names when it is due, each once, whatever is restarted."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Callable, Iterable
from typing import Annotated, Protocol
from uuid import uuid4

import typer

from cli.endings import UsageError, fail
from cli.report.answers import Answers, NoAnswer
from cli.report.command import asked_of, compose
from cli.report.gather import Wanted, office
from cli.report.mailing import NotSent, send
from cli.report.periods import Office
from cli.report.schedule import LEASE_MS, Due, Entry, SentLog, Step, due_now
from cli.report.sent_log import KafkaSentLog, LogAway
from cli.topics import BrokerAway, ensure_topics
from config.reports import ScheduledReport
from config.settings import Settings, load_settings

LOOK_EVERY_S = 20.0
REASON_CHARS = 200

log = logging.getLogger(__name__)


class Log(Protocol):
    """Where it is written what was sent. Both raise LogAway."""

    def news(self) -> Iterable[tuple[Entry, int]]:
        """What is new, each with the broker's time."""

    def write(self, entry: Entry) -> None:
        """Append."""


def reports(
    *,
    once: Annotated[bool, typer.Option("--once", help="send what is due and end")] = False,
) -> None:
    """Send the reports of SALESPULSE_REPORTS by mail when they are due. Start it once, or twice: each goes out once."""
    from agents.logs import set_up_logging

    settings = load_settings()
    set_up_logging(settings.log_level, settings.log_format, "reports")
    if not settings.reports or not settings.smtp_url:
        missing = "SALESPULSE_REPORTS" if not settings.reports else "SALESPULSE_SMTP_URL"
        raise UsageError(f"{missing} is not set: there is nothing to send")
    try:
        ensure_topics(settings)
    except BrokerAway as exc:
        raise fail(str(exc)) from None
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        # Not in the middle of a turn: between a mail and its record it would be sent once more.
        signal.signal(number, lambda _number, _frame: stopping.set())
    delivered: set[str] = set()
    while not stopping.is_set():
        try:
            with KafkaSentLog(settings) as sent_log:
                scheduler = Scheduler(
                    settings, sent_log, lambda tenant: asked_of(settings, tenant), delivered=delivered
                )
                while not stopping.is_set():
                    scheduler.turn()
                    if once:
                        return
                    stopping.wait(LOOK_EVERY_S)
        except LogAway as exc:
            if once:
                raise fail(str(exc)) from None
            log.warning("%s; trying again", exc)
            stopping.wait(LOOK_EVERY_S)


class Scheduler:
    """One process of however many."""

    def __init__(
        self,
        settings: Settings,
        sent_log: Log,
        ask: Callable[[str], Answers],
        *,
        now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        delivered: set[str] | None = None,
    ) -> None:
        """``delivered``: names of what this process has sent, also before it lost the log."""
        self._settings, self._log, self._ask, self._now_ms = settings, sent_log, ask, now_ms
        self._by = uuid4().hex
        self._delivered = set() if delivered is None else delivered
        self._known = SentLog()
        self._offices: dict[str, Office] = {}
        self._said: dict[str, str] = {}

    def turn(self) -> None:
        """Look once at every schedule and send what is due and nobody else's. Raises LogAway."""
        self._known.take_all(self._log.news())
        for name, report in self._settings.reports.items():
            try:
                self._look(name, report)
            except (NoAnswer, UsageError) as exc:
                self._say_once(name, f"report {name} of {report.tenant} can't be made yet: {exc}")

    def _look(self, name: str, report: ScheduledReport) -> None:
        if (report.tenant, name) not in self._known.begun_ms:
            # From now on: what was due before anybody asked for it is not made up for.
            self._write("begun", report.tenant, name)
        now_ms = self._now_ms()
        due = due_now(name, report, self._office(report.tenant, now_ms), now_ms)
        if due.name in self._delivered and not self._known.is_sent(due):
            # The log was away when it was to be recorded.
            self._write("sent", due.tenant, due.report, due.period)
        elif self._known.wants(due, now_ms):
            self._send(due, report)

    def _send(self, due: Due, report: ScheduledReport) -> None:
        wanted = Wanted(report.title, report.kpis, report.scopes, report.board)
        made = compose(self._ask(due.tenant), wanted, due.period, now_ms=self._now_ms())
        claimed_at = time.monotonic()
        self._write("claimed", due.tenant, due.report, due.period)
        if not self._known.holds(due, self._by):
            return
        if (time.monotonic() - claimed_at) * 1000 > LEASE_MS / 2:
            log.warning("report %s was claimed too long ago to be sent safely; it is tried again", due.name)
            return
        try:
            send(self._settings, made, report.to, of=due.name)
        except NotSent as exc:
            log.error("report %s was not sent and is tried again: %s", due.name, exc)
            self._write("refused", due.tenant, due.report, due.period, str(exc)[:REASON_CHARS])
            return
        self._delivered.add(due.name)
        self._write("sent", due.tenant, due.report, due.period)
        log.info("report %s sent to %s", due.name, ", ".join(report.to))

    def _say_once(self, name: str, text: str) -> None:
        if self._said.get(name) != text:
            log.warning("%s", text)
        self._said[name] = text

    def _office(self, tenant: str, now_ms: int) -> Office:
        """The tenant's days; as they were known before, where the gateway doesn't answer now."""
        try:
            self._offices[tenant] = office(self._ask(tenant), now_ms)
        except NoAnswer:
            if tenant not in self._offices:
                raise
        return self._offices[tenant]

    def _write(self, step: Step, tenant: str, report: str, period: str = "", reason: str = "") -> None:
        self._log.write(Entry(step, tenant, report, self._by, period, reason))
        self._known.take_all(self._log.news())
