"""Mails: what fires together for a team is one, to whom it concerns, and a server that refuses is tried again."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from agents.notify.channel import NotTaken
from agents.notify.mail import Mail
from tests.agents.notify.making import telling

NOW_MS = 1_700_000_000_000
RECIPIENTS = {"acme/North": ["north@acme.test"], "acme": ["sales@acme.test"], "quiet": []}


class MailServer:
    """Speaks as much SMTP as a client needs, for one mail a connection."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.mails: list[str] = []
        self._refuses = refuses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"smtp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as spoken:
                self._speak(spoken)

    def _speak(self, spoken: object) -> None:
        def say(line: str) -> None:
            spoken.write(line.encode() + b"\r\n")  # type: ignore[attr-defined]
            spoken.flush()  # type: ignore[attr-defined]

        say("220 here")
        for line in iter(spoken.readline, b""):  # type: ignore[attr-defined]
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                body = b"".join(iter(spoken.readline, b".\r\n"))  # type: ignore[attr-defined]
                self.mails.append(body.decode())
                say("250 taken")
            elif verb == b"RCPT" and self._refuses:
                say("450 later")
            elif verb == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 yes")

    def close(self) -> None:
        self._listener.close()


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
