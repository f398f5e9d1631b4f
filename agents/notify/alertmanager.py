"""Alertmanager, by its API v2. It knows alerts by their labels and forgets those it hears no more of, so open ones are
sent again and again; it tells people once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from agents.notify.channel import Telling, post
from agents.notify.silences import Silences
from schemas.alert import AlertRecord
from schemas.alert_view import instant

PATH = "/api/v2/alerts"


class Alertmanager:
    """``hold_s``: how long it keeps an alert that it hears no more of: longer than a restart takes."""

    name = "alertmanager"

    def __init__(self, url: str, public_url: str, hold_s: int) -> None:
        self._url, self._public_url, self._hold_ms = url.rstrip("/") + PATH, public_url, hold_s * 1_000
        self.silences = Silences(url)

    def together(self, tellings: Sequence[Telling]) -> list[list[Telling]]:
        """All in one."""
        return [list(tellings)] if tellings else []

    async def tell(self, tellings: Sequence[Telling]) -> None:
        """Send how each alert stands now. Whom a silence kept quiet is heard again first, or its end would not be."""
        now_ms, records = max(t.notice.next_ms for t in tellings), [telling.record for telling in tellings]
        await self.silences.settle(records, now_ms)
        await self._send(records, now_ms)

    async def repeat(self, records: Iterable[AlertRecord], now_ms: int) -> None:
        """Be quiet about alerts that somebody has taken, and send open ones as good for another while. Raises NotTaken.

        Quiet first: an Alertmanager that forgot both would tell of them again.
        """
        records = list(records)
        await self.silences.settle(records, now_ms)
        await self._send([record for record in records if record.is_open], now_ms)

    async def _send(self, records: Iterable[AlertRecord], now_ms: int) -> None:
        posted = [alert for record in records for alert in self._posted(record, now_ms)]
        if posted:
            await post(self._url, msgspec.json.encode(posted), {})

    def _posted(self, record: AlertRecord, now_ms: int) -> list[dict[str, Any]]:
        if record.fired_ms is None:
            return []
        ends_ms = now_ms + self._hold_ms if record.is_open else record.resolved_ms
        found = [self._alert(record, record.fired_ms, ends_ms)]
        if record.escalated_ms is not None and record.escalated_ms > record.fired_ms and record.was_severity:
            # Its labels have changed, so for Alertmanager the milder one is another alert, which is over.
            milder = replace(record, severity=record.was_severity, owner=record.was_owner)
            found.insert(0, self._alert(milder, record.fired_ms, record.escalated_ms))
        return found

    def _alert(self, record: AlertRecord, starts_ms: int, ends_ms: int | None) -> dict[str, Any]:
        labels = {"alertname": record.alert, "tenant": record.tenant, "scope": record.scope, "team": record.team}
        labels |= {"severity": record.severity, "owner": record.owner, "pipeline": "salespulse"}
        annotations = {"summary": record.title, "description": record.text, "next_step": record.next_step}
        annotations |= {"since": instant(record.since_ms) or "", "n": str(record.n), "state": record.state}
        return {
            "labels": {name: text for name, text in labels.items() if text},
            "annotations": {name: text for name, text in annotations.items() if text},
            "startsAt": instant(starts_ms),
            "endsAt": instant(ends_ms),
            "generatorURL": self._public_url + record.link,
        }
