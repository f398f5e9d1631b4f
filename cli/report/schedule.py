"""When a report is due, and who sends it: pure functions of the clock and of the log of what was sent.

The log is the one partition of the topic of reports. Whoever wants to send writes a claim and reads the log to its end:
the first claim of a period counts, for ``LEASE_MS`` by the broker's clock, unless its owner says before that the mail
server refused. So any number of schedulers agree, and what the dead have begun is taken over.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Literal

import msgspec

from cli.report.periods import WEEK_DAYS, Office
from config.reports import ScheduledReport
from stream.calendars import add_months

LEASE_MS = 180_000
RETRY_MS = 300_000
"""After a refusal of the mail server."""

Step = Literal["begun", "claimed", "refused", "sent"]


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A record of the log. ``begun``: the schedule exists from now on; the others are about one period of it."""

    step: Step
    tenant: str
    report: str
    by: str
    period: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Due:
    """A report whose period is over and whose time has come."""

    tenant: str
    report: str
    period: str
    at_ms: int

    @property
    def name(self) -> str:
        """What names this sending for ever."""
        return f"{self.tenant}/{self.report}/{self.period}"


@dataclass
class Standing:
    """What the log says of one sending. ``holder`` has it until ``until_ms``; none may try before ``not_before_ms``."""

    holder: str | None = None
    until_ms: int = 0
    not_before_ms: int = 0
    is_sent: bool = False

    def is_free(self, at_ms: int) -> bool:
        """Whether a claim made then would count."""
        return not self.is_sent and (self.holder is None or at_ms >= self.until_ms)


@dataclass
class SentLog:
    """The log, folded record by record, in order of offset."""

    begun_ms: dict[tuple[str, str], int] = field(default_factory=dict)
    standing: dict[str, Standing] = field(default_factory=dict)

    def take(self, entry: Entry, at_ms: int) -> None:
        """Fold in a record that the broker appended at ``at_ms``."""
        if entry.step == "begun":
            self.begun_ms.setdefault((entry.tenant, entry.report), at_ms)
            return
        name = f"{entry.tenant}/{entry.report}/{entry.period}"
        standing = self.standing.setdefault(name, Standing())
        if entry.step == "sent":
            standing.is_sent = True
        elif entry.step == "claimed" and standing.is_free(at_ms):
            standing.holder, standing.until_ms = entry.by, at_ms + LEASE_MS
        elif entry.step == "refused" and standing.holder == entry.by:
            standing.holder, standing.not_before_ms = None, at_ms + RETRY_MS

    def take_all(self, entries: Iterable[tuple[Entry, int]]) -> None:
        """Fold in several."""
        for entry, at_ms in entries:
            self.take(entry, at_ms)

    def wants(self, due: Due, now_ms: int) -> bool:
        """Whether a due report is for anybody to claim. One that was due before its schedule began is for nobody."""
        begun_ms = self.begun_ms.get((due.tenant, due.report))
        if begun_ms is None or due.at_ms < begun_ms:
            return False
        standing = self.standing.get(due.name, Standing())
        return standing.is_free(now_ms) and now_ms >= standing.not_before_ms

    def is_sent(self, due: Due) -> bool:
        """Whether it went out."""
        return self.standing.get(due.name, Standing()).is_sent

    def holds(self, due: Due, by: str) -> bool:
        """Whether ``by`` has the claim."""
        standing = self.standing.get(due.name)
        return standing is not None and standing.holder == by and not standing.is_sent


def due_now(name: str, report: ScheduledReport, office: Office, now_ms: int) -> Due:
    """The newest sending that is due by now; older ones that were missed are not made up for."""
    at = time.fromisoformat(report.at)
    today = office.today(now_ms)
    first = _period_start(report, office, today)
    if _moment(first, at, office) > now_ms:
        first = _period_start(report, office, first - timedelta(days=1))
    last_day = first - timedelta(days=1)
    if report.every == "month":
        period = f"{last_day:%Y-%m}"
    else:
        iso = (first - timedelta(days=WEEK_DAYS - 3)).isocalendar()
        period = f"{iso.year}-W{iso.week:02d}"
    return Due(report.tenant, name, period, _moment(first, at, office))


def _period_start(report: ScheduledReport, office: Office, day: date) -> date:
    return office.calendar.week_start(day) if report.every == "week" else add_months(day, 0)


def _moment(day: date, at: time, office: Office) -> int:
    return int(datetime.combine(day, at, office.zone).timestamp() * 1000)
