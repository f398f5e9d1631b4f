"""The channels that settings name."""

from __future__ import annotations

from agents.notify.alertmanager import Alertmanager
from agents.notify.channel import Channel
from agents.notify.mail import Mail
from agents.notify.webhook import Webhook
from config.settings import Settings


def channels_of(settings: Settings) -> dict[str, Channel]:
    """Every channel that is configured, by name."""
    found: list[Channel] = []
    if settings.alertmanager_url:
        found.append(Alertmanager(settings.alertmanager_url, settings.public_url, settings.alertmanager_hold_s))
    if settings.webhook_url:
        found.append(Webhook(settings.webhook_url, settings.webhook_secret, settings.public_url))
    if settings.smtp_url and settings.alert_mail_to:
        found.append(Mail(settings.smtp_url, settings.mail_from, settings.alert_mail_to, settings.public_url))
    return {channel.name: channel for channel in found}
