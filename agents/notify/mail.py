"""Mail: what fires together for a team is one mail."""

from __future__ import annotations

import asyncio
import hashlib
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

from agents.notify.channel import ANSWER_LIMIT_S, REASON_CHARS, NotTaken, Telling
from schemas.alert import AlertRecord
from schemas.alert_view import instant

SMTP_PORT, SMTPS_PORT = 25, 465
EVERYBODY = "*"
SAID = {"fired": "", "escalated": "worse: ", "reminded": "still: ", "resolved": "over: "}
SEVERITIES = ("critical", "warning", "info")


class Mail:
    """Sends by SMTP. ``recipients``: addresses by "tenant/team", "tenant" or "*"."""

    name = "mail"

    def __init__(self, url: str, sender: str, recipients: Mapping[str, Sequence[str]], public_url: str) -> None:
        self._url, self._sender, self._recipients, self._public_url = url, sender, recipients, public_url

    def together(self, tellings: Sequence[Telling]) -> list[list[Telling]]:
        """By tenant and group."""
        groups: dict[tuple[str, str], list[Telling]] = {}
        for telling in tellings:
            groups.setdefault((telling.record.tenant, telling.record.group), []).append(telling)
        return list(groups.values())

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Send one mail, to whom it concerns; to nobody, if nobody wants any."""
        recipients = self.recipients_of(tellings[0].record)
        if recipients:
            try:
                await asyncio.to_thread(deliver, self._url, self.written(tellings, recipients))
            except (smtplib.SMTPException, OSError) as exc:
                raise NotTaken(f"{type(exc).__name__}: {exc}"[:REASON_CHARS]) from exc

    def recipients_of(self, record: AlertRecord) -> list[str]:
        """Who gets mails about an alert: the team's, else the tenant's, else everybody's."""
        for name in (f"{record.tenant}/{record.team}", record.tenant, EVERYBODY):
            if name in self._recipients:
                return list(self._recipients[name])
        return []

    def written(self, tellings: Sequence[Telling], recipients: Sequence[str]) -> EmailMessage:
        """The mail. The same notices make the same Message-ID, so that a mailbox can tell a repetition."""
        mail = EmailMessage()
        first = tellings[0]
        subject = SAID[first.notice.kind] + first.record.title
        more = f" and {len(tellings) - 1} more" if len(tellings) > 1 else ""
        severity = min((telling.record.severity for telling in tellings), key=SEVERITIES.index)
        mail["Subject"] = f"[{severity}] {subject}{more}"
        mail["From"], mail["To"] = self._sender, ", ".join(recipients)
        digest = hashlib.sha256("\n".join(sorted(telling.notice.key for telling in tellings)).encode()).hexdigest()
        mail["Message-ID"] = f"<{digest[:32]}@{self._sender.partition('@')[2] or 'salespulse'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n\n".join(self._paragraph(telling) for telling in tellings) + "\n")
        return mail

    def _paragraph(self, telling: Telling) -> str:
        record = telling.record
        lines = [f"{SAID[telling.notice.kind]}{record.title} ({record.severity})", record.text]
        lines += [f"Next: {record.next_step}"] if record.next_step else []
        lines.append(f"{self._public_url}{record.link}")
        return "\n".join(
            [*lines, f"Since {instant(record.since_ms)}, fired {instant(record.fired_ms)}, id {record.id}"]
        )


def deliver(url: str, mail: EmailMessage) -> None:
    """Hand a mail to the server of an URL smtp[s]://[user:password@]host[:port]. Raises SMTPException or OSError."""
    parts = urlsplit(url)
    host, context = parts.hostname or "localhost", ssl.create_default_context()
    server: smtplib.SMTP
    if parts.scheme == "smtps":
        server = smtplib.SMTP_SSL(host, parts.port or SMTPS_PORT, timeout=ANSWER_LIMIT_S, context=context)
    else:
        server = smtplib.SMTP(host, parts.port or SMTP_PORT, timeout=ANSWER_LIMIT_S)
    with server:
        if parts.scheme != "smtps":
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(mail)
