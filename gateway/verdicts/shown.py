"""What became of an event, as JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.letters.shown import instant
from gateway.verdicts.desk import Story
from gateway.verdicts.identity import Identity
from gateway.verdicts.judging import Told, standing
from schemas.event import NAME_OF
from schemas.verdicts import Code


def story(wanted: Identity, found: Story) -> dict[str, Any]:
    """The newest verdict, what stands, and every record in order."""
    told = found.told
    counted, newest = standing(told), told[-1]
    shown: dict[str, Any] = msgspec.to_builtins(wanted) | {"verdict": newest.verdict}
    if newest.detail:
        shown["detail"] = newest.detail
    shown["pending"] = any(each.verdict is Code.TAKEN for each in told)
    shown["standing"] = None if counted is None else _standing(counted)
    shown["records"] = [_record(each) for each in told]
    return shown | {"complete": found.is_complete}


def _standing(told: Told) -> dict[str, Any]:
    event = told.event
    said = {} if event is None else {"revision": event.revision, "voided": event.voided}
    return said | {"received_at": instant(told.received_ms)}


def _record(told: Told) -> dict[str, Any]:
    """One record; what isn't there is left out."""
    found: dict[str, Any] = {"verdict": told.verdict, "received_at": instant(told.received_ms)}
    if told.event is not None:
        event = told.event
        found |= {"revision": event.revision, "voided": event.voided}
        found |= {"type": NAME_OF[event.kind], "time": instant(event.time_ms)}
    if told.offset is not None:
        found["origin"] = {"topic": told.topic, "partition": told.partition, "offset": told.offset}
    if told.detail:
        found["detail"] = told.detail
    if told.letter:
        found["letter"] = told.letter
    return found
