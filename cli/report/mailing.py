"""A report as a mail: plain text and the page, with the CSV beside them."""

from __future__ import annotations

import hashlib
import re
import smtplib
from collections.abc import Sequence
from email.message import EmailMessage

from agents.notify.mail import deliver
from cli.endings import UsageError
from config.settings import Settings
from views.report.figures import Report
from views.report.page import to_html, to_text
from views.report.sheet import to_csv

FILE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


class NotSent(Exception):
    """The mail server can't be reached or refused. The text says which and why."""


def send(settings: Settings, report: Report, to: Sequence[str], *, of: str = "") -> None:
    """Hand the report to the mail server. ``of`` names it for ever: the same one has the same Message-ID, so that a
    mailbox can tell a repetition. Raises NotSent, and UsageError where no server is set.
    """
    if not settings.smtp_url:
        raise UsageError("no mail server is set; set SALESPULSE_SMTP_URL")
    try:
        deliver(settings.smtp_url, written(report, settings.mail_from, to, of=of))
    except (smtplib.SMTPException, OSError) as exc:
        raise NotSent(f"the mail server did not take the report: {type(exc).__name__}: {exc}") from exc


def written(report: Report, sender: str, to: Sequence[str], *, of: str = "") -> EmailMessage:
    """The mail."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(f"{report.title}: {report.tenant}, {report.period}".split())
    mail["From"], mail["To"] = sender, ", ".join(to)
    digest = hashlib.sha256((of or f"{report.made}\n{to_text(report)}").encode()).hexdigest()
    mail["Message-ID"] = f"<{digest[:32]}@{sender.partition('@')[2] or 'salespulse'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(to_text(report))
    mail.add_alternative(to_html(report), subtype="html")
    name = FILE_NAME.sub("-", f"{report.title}-{report.period.partition(' ')[0]}").strip("-").lower()
    mail.add_attachment(to_csv(report).encode(), maintype="text", subtype="csv", filename=f"{name}.csv")
    return mail
