"""Reports of a running pipeline: the numbers of a replay of the same events, and one mail from two senders."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.report.answers import Answers, Gateway, NoAnswer, replayed
from cli.report.command import asked_of, compose
from cli.report.gather import Wanted
from cli.report.scheduler import Scheduler
from cli.report.sent_log import KafkaSentLog
from config.settings import Settings, load_settings
from tests.agents.notify.mail_server import MailServer
from tests.cli.report.office import DAYS, TENANT, lines
from tests.end_to_end.live import Live, until_equal
from views.report.sheet import to_csv

pytestmark = pytest.mark.takes(20)

TODAY = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
FIRST = TODAY - timedelta(days=DAYS + 1)
IN_A_WEEK_MS = int((TODAY + timedelta(days=8)).timestamp() * 1000)
WANTED = Wanted("All", ("revenue", "new_leads", "win_rate"), ("company", "team:*", "rep:*", "territory:*"))
REPORT = {"tenant": TENANT, "preset": "leads", "to": ["lead@acme.test"]}


def sheet(answers: Answers) -> list[str]:
    """The report of last month, line by line; nothing while nobody answers."""
    try:
        return to_csv(compose(answers, WANTED, "last-month", now_ms=int(TODAY.timestamp() * 1000))).splitlines()
    except NoAnswer:
        return []


def turned(settings: Settings, answers: Answers) -> None:
    """A process of its own looks three times, when the next week is over."""
    with KafkaSentLog(settings) as sent_log:
        scheduler = Scheduler(settings, sent_log, lambda _: answers, now_ms=lambda: IN_A_WEEK_MS)
        for _ in range(3):
            scheduler.turn()


@pytest.mark.timeout(240)
def test_the_api_s_numbers_go_out_once(kafka: str, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    file.write_bytes(b"\n".join(lines(FIRST)) + b"\n")
    expected = sheet(replayed([file], TENANT)[0])
    assert len(expected) > 20
    with Live(kafka) as live:
        asyncio.run(live.publish(lines(FIRST)))
        answers = Gateway(live.stack.address, TENANT, None)
        until_equal(lambda: sheet(answers), expected)
        assert asked_of(load_settings(), None, url=live.stack.address).tenant == TENANT
        server = MailServer()
        settings = load_settings(
            kafka_brokers=kafka, topic_prefix=live.prefix, smtp_url=server.url, reports={"leads": REPORT}
        )
        with ThreadPoolExecutor(3) as processes:
            for done in [processes.submit(turned, settings, answers) for _ in range(3)]:
                done.result()
        turned(settings, answers)
        server.close()
    assert len(server.mails) == 1
    assert "Content-Type: text/html" in server.mails[0]
    assert 'filename="leads-and-opportunities-' in server.mails[0]
