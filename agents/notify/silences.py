"""Alertmanager's silences: it keeps quiet about what somebody has taken, for as long as we do.

Nothing is remembered here: what silences there are is asked each time, so a worker that takes over makes none twice.
Ours are known by their comment, which ends with the alert's id; those that people made are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from agents.notify.channel import NotTaken, ask
from schemas.alert import AlertRecord
from schemas.alert_view import instant
from schemas.instants import milliseconds_of

PATH = "/api/v2/silence"
OURS = quote('pipeline="salespulse"')
LASTS_MS = 24 * 3_600_000
"""An acknowledged alert's silence, which is renewed at half of it while the alert is open."""
SAID = {"acknowledged": "Acknowledged", "snoozed": "Snoozed"}


class Silences:
    """Those of one Alertmanager."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + PATH

    async def settle(self, records: Iterable[AlertRecord], now_ms: int) -> None:
        """Make, prolong and end silences, so that they are as the records say. Raises NotTaken."""
        acted = [record for record in records if record.acted_ms is not None]
        if not acted:
            return
        standing = await self._standing()
        for record in acted:
            known = standing.get(record.id, [])
            until_ms = self._until(record, now_ms)
            kept = known[:1] if until_ms is not None else []
            for silence in known[len(kept) :]:
                await ask(f"{self._url}/{silence['id']}", "DELETE")
            if until_ms is not None and not any(self._is_long_enough(each, record, until_ms) for each in kept):
                # In the place of the one there is: Alertmanager ends that and makes a new one.
                name = {"id": kept[0]["id"]} if kept else {}
                await ask(f"{self._url}s", "POST", msgspec.json.encode(name | _silence(record, now_ms, until_ms)))

    async def _standing(self) -> dict[str, list[dict[str, Any]]]:
        """Our silences that are in force, by the id of their alert."""
        answer = await ask(f"{self._url}s?filter={OURS}", "GET")
        try:
            told: list[dict[str, Any]] = msgspec.json.decode(answer, type=list[dict[str, Any]])
            found: dict[str, list[dict[str, Any]]] = {}
            for each in sorted(told, key=lambda each: str(each["id"])):
                if each["status"]["state"] != "expired":
                    found.setdefault(str(each["comment"]).rpartition(" ")[2], []).append(each)
        except (msgspec.MsgspecError, KeyError, TypeError) as exc:
            raise NotTaken(f"its silences can't be read: {exc}") from exc
        return found

    @staticmethod
    def _until(record: AlertRecord, now_ms: int) -> int | None:
        """Until when there has to be quiet; None: there hasn't."""
        if record.state == "snoozed" and record.snooze is not None:
            return record.snooze.until_ms if record.snooze.until_ms > now_ms else None
        return now_ms + LASTS_MS if record.state == "acknowledged" else None

    @staticmethod
    def _is_long_enough(silence: dict[str, Any], record: AlertRecord, until_ms: int) -> bool:
        ends_ms = milliseconds_of(str(silence["endsAt"])) or 0
        if record.state == "snoozed":
            return abs(ends_ms - until_ms) < 1_000
        return until_ms - LASTS_MS // 2 <= ends_ms <= until_ms


def _silence(record: AlertRecord, now_ms: int, until_ms: int) -> dict[str, Any]:
    named = {"alertname": record.alert, "tenant": record.tenant, "scope": record.scope, "pipeline": "salespulse"}
    note = f": {record.note}" if record.note else ""
    return {
        "matchers": [
            {"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in named.items()
        ],
        "startsAt": instant(now_ms),
        "endsAt": instant(until_ms),
        "createdBy": record.actor or "SalesPulse",
        "comment": f"{SAID[record.state]} in SalesPulse{note} {record.id}",
    }
