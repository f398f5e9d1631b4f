"""Schedules: when a report is due, who sends it, and that it goes out once whoever dies or doubles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.report.answers import Files, replayed
from cli.report.periods import instant, office_of
from cli.report.schedule import LEASE_MS, RETRY_MS, Due, Entry, SentLog, Step, due_now
from cli.report.scheduler import Scheduler
from config.reports import ScheduledReport
from config.settings import Settings, load_settings
from tests.agents.notify.mail_server import MailServer
from tests.cli.report.office import NOW_MS, TENANT, write

BERLIN = office_of({"time_zone": "Europe/Berlin"})
LEADS = {"tenant": TENANT, "preset": "leads", "to": ["lead@acme.test"]}
DUE = Due(TENANT, "leads", "2026-W47", 1_000_000)


@pytest.mark.parametrize(
    ("every", "now", "period", "at"),
    [
        ("week", "2026-11-23T05:59:59", "2026-W46", "2026-11-16T06:00:00Z"),
        ("week", "2026-11-23T06:00:00", "2026-W47", "2026-11-23T06:00:00Z"),
        ("week", "2026-11-29T22:59:00", "2026-W47", "2026-11-23T06:00:00Z"),
        ("week", "2027-01-04T06:00:00", "2026-W53", "2027-01-04T06:00:00Z"),
        ("month", "2026-11-01T06:00:00", "2026-10", "2026-11-01T06:00:00Z"),
        ("month", "2026-11-01T05:59:00", "2026-09", "2026-10-01T05:00:00Z"),
    ],
)
def test_a_report_is_due_in_the_morning_after(every: str, now: str, period: str, at: str) -> None:
    report = ScheduledReport.model_validate(LEADS | {"every": every})
    found = due_now("leads", report, BERLIN, int(datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp() * 1000))
    assert (found.period, instant(found.at_ms)) == (period, at)


def entry(step: Step, by: str) -> Entry:
    """About DUE."""
    return Entry(step, TENANT, "leads", by, "" if step == "begun" else DUE.period)


def test_the_first_claim_counts_until_it_runs_out() -> None:
    log = SentLog()
    log.take(entry("begun", "a"), DUE.at_ms - 1)
    log.take_all([(entry("claimed", "a"), DUE.at_ms), (entry("claimed", "b"), DUE.at_ms)])
    assert (log.holds(DUE, "a"), log.holds(DUE, "b")) == (True, False)
    assert not log.wants(DUE, DUE.at_ms + LEASE_MS - 1)
    log.take(entry("claimed", "b"), DUE.at_ms + LEASE_MS)
    assert (log.holds(DUE, "a"), log.holds(DUE, "b")) == (False, True)
    log.take(entry("refused", "b"), DUE.at_ms + LEASE_MS)
    assert [log.wants(DUE, DUE.at_ms + LEASE_MS + later) for later in (RETRY_MS - 1, RETRY_MS)] == [False, True]
    log.take(entry("sent", "b"), DUE.at_ms + 2 * LEASE_MS)
    assert not log.wants(DUE, DUE.at_ms + 10 * LEASE_MS)


def test_what_was_due_before_the_schedule_began_is_not_made_up_for() -> None:
    log = SentLog()
    assert not log.wants(DUE, DUE.at_ms)
    log.take(entry("begun", "a"), DUE.at_ms + 1)
    log.take(entry("begun", "b"), DUE.at_ms - 1)
    assert not log.wants(DUE, DUE.at_ms + 1)


class Killed(BaseException):
    """As `kill -9` would."""


class Paper:
    """A log on paper and its clock. ``before`` and ``after`` an entry is written something may happen."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.written: list[tuple[Entry, int]] = []
        self.before: Callable[[Entry], None] = lambda _entry: None
        self.after: Callable[[Entry], None] = lambda _entry: None

    def reader(self) -> Reader:
        """A process' own way into it."""
        return Reader(self)


class Reader:
    """What one process has read so far."""

    def __init__(self, paper: Paper) -> None:
        self._paper, self._read = paper, 0

    def news(self) -> list[tuple[Entry, int]]:
        """What is new."""
        found = self._paper.written[self._read :]
        self._read += len(found)
        return found

    def write(self, written: Entry) -> None:
        """Append."""
        self._paper.before(written)
        self._paper.written.append((written, self._paper.now_ms))
        self._paper.after(written)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return replayed([write(tmp_path_factory.mktemp("office"))], TENANT)[0]


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


def settings_with(server: MailServer) -> Settings:
    return load_settings(smtp_url=server.url, mail_from="sales@acme.test", reports={"leads": LEADS})


def process(paper: Paper, server: MailServer, answers: Files) -> Scheduler:
    """A scheduler that has just started."""
    return Scheduler(settings_with(server), paper.reader(), lambda _: answers, now_ms=lambda: paper.now_ms)


def begun(paper: Paper) -> None:
    """The schedule exists since last month."""
    paper.written.append((entry("begun", "x"), NOW_MS - 30 * 86_400_000))


def raised(step: str) -> Callable[[Entry], None]:
    def kill(written: Entry) -> None:
        if written.step == step:
            raise Killed

    return kill


def test_two_processes_and_a_restart_send_one_mail(server: MailServer, answers: Files) -> None:
    paper = Paper()
    begun(paper)
    first, second = process(paper, server, answers), process(paper, server, answers)
    # The second turns exactly while the first claims: both have seen that nobody has.

    def meanwhile(_: Entry) -> None:
        paper.before = lambda _written: None
        second.turn()

    paper.before = meanwhile
    first.turn()
    assert [written.step for written, _ in paper.written] == ["begun", "claimed", "sent", "claimed"]
    for _ in range(3):
        for each in (first, second, process(paper, server, answers)):
            each.turn()
        paper.now_ms += LEASE_MS
    assert len(server.mails) == 1
    assert "Subject: Leads and opportunities: acme, 2026-W47 (2026-11-16 to 2026-11-22)\r\n" in server.mails[0]


def test_a_new_schedule_waits_for_its_first_time(server: MailServer, answers: Files) -> None:
    paper = Paper()
    process(paper, server, answers).turn()
    assert [written.step for written, _ in paper.written] == ["begun"]
    paper.now_ms += 7 * 86_400_000
    process(paper, server, answers).turn()
    assert len(server.mails) == 1


def test_killed_with_a_claim_in_its_hand(server: MailServer, answers: Files) -> None:
    paper = Paper()
    begun(paper)
    paper.after = raised("claimed")
    with pytest.raises(Killed):
        process(paper, server, answers).turn()
    paper.after = lambda _written: None
    process(paper, server, answers).turn()
    assert not server.mails, "the claim may be somebody's who lives"
    paper.now_ms += LEASE_MS
    for _ in range(2):
        process(paper, server, answers).turn()
    assert len(server.mails) == 1


def test_killed_between_the_mail_and_its_record_repeats_the_same_mail(server: MailServer, answers: Files) -> None:
    paper = Paper()
    begun(paper)
    paper.before = raised("sent")
    with pytest.raises(Killed):
        process(paper, server, answers).turn()
    paper.before = lambda _written: None
    paper.now_ms += LEASE_MS
    process(paper, server, answers).turn()
    ids = {line for mail in server.mails for line in mail.splitlines() if line.startswith("Message-ID")}
    assert (len(server.mails), len(ids)) == (2, 1)


def test_a_log_that_is_away_when_the_mail_is_out_repeats_nothing(server: MailServer, answers: Files) -> None:
    paper, delivered = Paper(), set[str]()
    begun(paper)
    paper.before = raised("sent")
    for _ in range(2):
        scheduler = Scheduler(
            settings_with(server), paper.reader(), lambda _: answers, now_ms=lambda: paper.now_ms, delivered=delivered
        )
        with pytest.raises(Killed):
            scheduler.turn()
        paper.now_ms += LEASE_MS
    paper.before = lambda _written: None
    scheduler.turn()
    assert len(server.mails) == 1
    assert paper.written[-1][0].step == "sent"


def test_a_server_that_refuses_is_asked_again(answers: Files, server: MailServer) -> None:
    paper, refusing = Paper(), MailServer(refuses=True)
    begun(paper)
    process(paper, refusing, answers).turn()
    refusing.close()
    assert [written.step for written, _ in paper.written] == ["begun", "claimed", "refused"]
    process(paper, server, answers).turn()
    paper.now_ms += RETRY_MS
    process(paper, server, answers).turn()
    assert len(server.mails) == 1


def test_presets_are_what_is_reviewed() -> None:
    weekly, monthly = (ScheduledReport.model_validate(LEADS | {"preset": name}) for name in ("leads", "locations"))
    assert (weekly.every, weekly.kpis) == ("week", ("new_leads", "new_opportunities"))
    assert (monthly.every, monthly.scopes) == ("month", ("company", "territory:*"))


def test_a_file_has_its_own_tenant(tmp_path: Path) -> None:
    assert replayed([write(tmp_path)], None)[0].tenant == TENANT
