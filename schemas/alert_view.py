"""An alert as it is shown outside: over HTTP, to a webhook, in a frame of the live page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.alert import AlertRecord


def view(record: AlertRecord, public_url: str = "") -> dict[str, Any]:
    """The alert as a JSON object; moments are RFC 3339, null where something has not happened."""
    return {
        "id": record.id,
        "tenant": record.tenant,
        "alert": record.alert,
        "scope": record.scope,
        "state": record.state,
        "severity": record.severity,
        "owner": record.owner,
        "team": record.team,
        "group": record.group,
        "title": record.title,
        "text": record.text,
        "next_step": record.next_step,
        "link": public_url + record.link,
        "since": instant(record.since_ms),
        "fired_at": instant(record.fired_ms),
        "escalated_at": instant(record.escalated_ms),
        "resolved_at": instant(record.resolved_ms) if record.state == "resolved" else None,
        "as_of": instant(record.as_of_ms),
        "value": record.value,
        "worst": record.worst,
        "n": record.n,
        "evidence": record.evidence,
        "episode": record.episode,
        "acted_at": instant(record.acted_ms),
        "actor": record.actor,
        "note": record.note,
        "snoozed_until": instant(record.snooze.until_ms) if record.snooze is not None else None,
        "definition": record.definition,
    }


def instant(time_ms: int | None) -> str | None:
    """Epoch milliseconds as RFC 3339, to the second."""
    return None if time_ms is None else datetime.fromtimestamp(time_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
