"""What people do about alerts: they acknowledge and snooze what is open."""

from __future__ import annotations

from msgspec.structs import replace

from schemas.alert import AlertAction, AlertRecord, Snooze


def acted(record: AlertRecord, action: AlertAction, offset: int) -> AlertRecord:
    """The record after an action that stands at ``offset`` of its topic; itself where that changes nothing.

    An action counts once, and only for the episode it was about: reading the topic again changes nothing.
    """
    if offset <= record.action_offset or not record.is_open or record.fired_ms != action.fired_ms:
        return record
    taken = replace(
        record, action_offset=offset, acted_ms=action.at_ms, actor=action.actor, note=action.note, snooze=None
    )
    if action.kind == "acknowledge":
        taken.state = "acknowledged"
    else:
        until_ms = action.at_ms if action.until_ms is None else action.until_ms
        taken.state = "snoozed"
        taken.snooze = Snooze(until_ms, record.value, action.unless_worse)
    return taken
