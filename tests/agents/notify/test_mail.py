"""Mails: what fires together for a team is one, to whom it concerns, and a server that refuses is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from agents.notify.channel import NotTaken
from agents.notify.mail import Mail
from tests.agents.notify.mail_server import MailServer
from tests.agents.notify.making import telling

NOW_MS = 1_700_000_000_000
RECIPIENTS = {"acme/North": ["north@acme.test"], "acme": ["sales@acme.test"], "quiet": []}


@pytest.fixture
def server() -> Iterator[MailServer]:
    made = MailServer()
    yield made
    made.close()


def test_what_fires_together_for_a_team_is_one_mail(server: MailServer) -> None:
    mail = Mail(server.url, "salespulse@acme.test", RECIPIENTS, "http://board")
    tellings = [telling(f"rep:R-{n}", NOW_MS, channel="mail") for n in (1, 2)]
    tellings.append(telling("rep:R-9", NOW_MS, channel="mail", team="South", group="rep_stall/South"))
    parts = mail.together(tellings)
    assert [[each.record.scope for each in part] for part in parts] == [["rep:R-1", "rep:R-2"], ["rep:R-9"]]

    async def tell() -> None:
        for part in parts:
            await mail.tell(part)
        await mail.tell(parts[0])

    asyncio.run(tell())
    first, second, again = server.mails
    assert "Subject: [warning] Rep stall: rep:R-1 and 1 more\r\n" in first
    assert "To: north@acme.test\r\n" in first
    assert "Rep stall: rep:R-2 (warning)\r\nNothing for 95 min.\r\nNext: Ask.\r\nhttp://board/x\r\n" in first
    assert "To: sales@acme.test\r\n" in second
    named = [line for line in first.splitlines() if line.startswith("Message-ID")]
    assert named == [line for line in again.splitlines() if line.startswith("Message-ID")]


def test_what_is_over_asks_for_nothing(server: MailServer) -> None:
    over = telling("rep:R-1", NOW_MS, "resolved", "mail", state="resolved", text="R-1 is active again.", next_step="")
    asyncio.run(Mail(server.url, "salespulse@acme.test", RECIPIENTS, "http://board").tell([over]))
    assert "Subject: [warning] over: Rep stall: rep:R-1\r\n" in server.mails[0]
    assert "R-1 is active again.\r\nhttp://board/x\r\n" in server.mails[0]


def test_a_tenant_that_wants_no_mail_gets_none(server: MailServer) -> None:
    mail = Mail(server.url, "salespulse@acme.test", RECIPIENTS, "")
    asyncio.run(mail.tell([telling("rep:R-1", NOW_MS, channel="mail", tenant="quiet")]))
    asyncio.run(mail.tell([telling("rep:R-1", NOW_MS, channel="mail", tenant="unheard-of")]))
    assert not server.mails


def test_a_server_that_refuses_is_not_taken() -> None:
    refusing = MailServer(refuses=True)
    mail = Mail(refusing.url, "salespulse@acme.test", RECIPIENTS, "")
    with pytest.raises(NotTaken):
        asyncio.run(mail.tell([telling("rep:R-1", NOW_MS, channel="mail")]))
    refusing.close()
