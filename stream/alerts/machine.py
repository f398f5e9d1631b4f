"""How an alert stands, from what it reads, moment by moment.

               worse than fire           for_s is over             worse than escalation.at
    nothing ──────────────────► pending ───────────────► firing ──────────────────────────► firing, more severe
       ▲  ▲                        │                     │  ▲ │ acknowledge          not worse than clear
       │  └── not worse than fire ─┘              snooze ▼  │ ▼ ────────────────────────────────────► resolved
       └─ resolved: the same                         snoozed  acknowledged    for clear_for_s, from any open state

A snoozed one fires again, reminding, when its time is over or it is worse by a step. What can't be believed changes
nothing. Everything is in the record, so going on from a stored one is the same as never having stopped.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from msgspec.structs import replace

from schemas.alert import AlertDefinition, AlertRecord, Notice, NoticeKind, Snooze

SECOND_MS = 1_000
REFRESH_MS = 300_000
"""The reading of an open alert is written again after this, if it has changed; until then the record stays."""
NOTICES_KEPT = 20
"""Notices that a record remembers; delivered ones go first."""
GROUP_WAIT_MS = {"mail": 10_000}
"""Channels that put several into one wait so long for others of the group."""


@dataclass(frozen=True)
class Seen:
    """What an alert reads for a scope. ``value`` None: there is nothing to read, so nothing is wrong.

    ``is_believed`` is False where it may be wrong (a source is silent, the pipeline lags): then nothing changes.
    ``may_fire`` is False where it rests on too few. ``forgiven`` of the value doesn't count for firing: it was gathered
    while nobody could know better. ``may_escalate`` is False where it isn't so much for whom it is about. ``is_over``:
    what was told has ended, whatever the value has come to since.
    """

    value: float | None
    n: int = 0
    is_believed: bool = True
    may_fire: bool = True
    may_escalate: bool = True
    is_over: bool = False
    forgiven: float = 0.0
    since_ms: int | None = None
    team: str = ""
    evidence: dict[str, int | float | str] = field(default_factory=dict)

    @property
    def counted(self) -> float | None:
        """The value, less what is forgiven."""
        return None if self.value is None else self.value - self.forgiven


def step(
    definition: AlertDefinition, record: AlertRecord | None, seen: Seen, blank: AlertRecord, channels: Collection[str]
) -> AlertRecord | None:
    """How the alert stands after it was read at ``blank.as_of_ms``; ``record`` itself where nothing changed.

    ``blank`` is what a new record of the scope would be. ``channels`` are told one by one of what happens.
    """
    if not seen.is_believed:
        return record
    if record is not None and record.is_open:
        return _step_open(definition, record, seen, blank.as_of_ms, channels)
    if seen.counted is None or not seen.may_fire or not definition.is_worse(seen.counted, definition.fire):
        if record is not None and record.state == "pending":
            return replace(record, state="resolved", as_of_ms=blank.as_of_ms)
        return record
    if record is None or record.state == "resolved":
        record = _pending(record, blank, seen)
    if blank.as_of_ms - record.met_ms < definition.for_s * SECOND_MS:
        return record
    return _fired(definition, record, seen, blank.as_of_ms, channels)


def _pending(before: AlertRecord | None, blank: AlertRecord, seen: Seen) -> AlertRecord:
    """A new episode's beginning, which keeps what must outlast episodes."""
    begun = _read(blank, seen, blank.as_of_ms)
    begun.since_ms = blank.as_of_ms if seen.since_ms is None else seen.since_ms
    if before is not None:
        begun.episode, begun.action_offset, begun.notices = before.episode, before.action_offset, before.notices
        begun.resolved_ms = before.resolved_ms
    return begun


def _fired(
    definition: AlertDefinition, record: AlertRecord, seen: Seen, as_of_ms: int, channels: Collection[str]
) -> AlertRecord:
    read = _read(record, seen, as_of_ms)
    fired = replace(
        read,
        state="firing",
        episode=record.episode + 1,
        fired_ms=as_of_ms,
        severity=definition.severity,
        owner=definition.owner,
        worst=read.value,
    )
    fired = noticed(fired, "fired", as_of_ms, channels)
    return _escalated(definition, fired, seen, as_of_ms, ())


def _step_open(
    definition: AlertDefinition, record: AlertRecord, seen: Seen, as_of_ms: int, channels: Collection[str]
) -> AlertRecord:
    if seen.value is None or seen.is_over or not definition.is_worse(seen.value, definition.clear):
        if record.clearing_ms is None and definition.clear_for_s:
            return replace(record, clearing_ms=as_of_ms)
        since_ms = as_of_ms if record.clearing_ms is None else record.clearing_ms
        if as_of_ms - since_ms < definition.clear_for_s * SECOND_MS:
            return record
        return _resolved(record, seen, as_of_ms, channels)
    now = record if record.clearing_ms is None else replace(record, clearing_ms=None)
    if (
        now.snooze is not None
        and now.state == "snoozed"
        and _is_over(definition, now.snooze, _shown(now, seen), as_of_ms)
    ):
        now = replace(_read(now, seen, as_of_ms), state="firing", snooze=None)
        now = noticed(now, "reminded", as_of_ms, channels)
    if now.state == "firing":
        now = _escalated(definition, now, seen, as_of_ms, channels)
    if as_of_ms - now.as_of_ms >= REFRESH_MS and (_shown(now, seen) != now.value or seen.n != now.n):
        now = _read(now, seen, as_of_ms)
        if now.value is not None and (now.worst is None or definition.is_worse(now.value, now.worst)):
            now.worst = now.value
    return now


def _is_over(definition: AlertDefinition, snooze: Snooze, value: float | None, as_of_ms: int) -> bool:
    """Whether a snooze ends: its time is over, or it has become worse."""
    if as_of_ms >= snooze.until_ms:
        return True
    if not snooze.unless_worse or snooze.value is None or value is None:
        return False
    further = definition.step if definition.worse == "up" else -definition.step
    limit = snooze.value + further
    return value == limit or definition.is_worse(value, limit)


def _escalated(
    definition: AlertDefinition, record: AlertRecord, seen: Seen, as_of_ms: int, channels: Collection[str]
) -> AlertRecord:
    """More severe, once an episode, where it has come to that."""
    escalation = definition.escalation
    if escalation is None or record.escalated_ms is not None or seen.counted is None:
        return record
    if not seen.may_escalate or not definition.is_worse(seen.counted, escalation.at):
        return record
    raised = replace(
        _read(record, seen, as_of_ms),
        severity=escalation.severity,
        owner=escalation.owner,
        escalated_ms=as_of_ms,
        was_severity=record.severity,
        was_owner=record.owner,
    )
    return noticed(raised, "escalated", as_of_ms, channels) if channels else raised


def _resolved(record: AlertRecord, seen: Seen, as_of_ms: int, channels: Collection[str]) -> AlertRecord:
    over = replace(
        record,
        state="resolved",
        resolved_ms=as_of_ms,
        as_of_ms=as_of_ms,
        clearing_ms=None,
        snooze=None,
        value=seen.value,
        n=seen.n,
        evidence=dict(sorted(seen.evidence.items())),
    )
    # What nobody was told yet needs no telling any more: only that it is over, to those who were told it began.
    over.notices = [notice for notice in over.notices if notice.delivered_ms is not None or notice.attempts]
    told = {notice.channel for notice in over.notices if notice.made_ms >= (record.fired_ms or 0)}
    return noticed(over, "resolved", as_of_ms, [channel for channel in channels if channel in told])


def _read(record: AlertRecord, seen: Seen, as_of_ms: int) -> AlertRecord:
    """The record with what was read last."""
    return replace(
        record,
        value=_shown(record, seen),
        n=seen.n,
        as_of_ms=as_of_ms,
        evidence=dict(sorted(seen.evidence.items())),
    )


def _shown(record: AlertRecord, seen: Seen) -> float | None:
    """What is told of a reading: all of it since the record's beginning, if that was before what is forgiven."""
    began_before = seen.since_ms is not None and record.since_ms < seen.since_ms
    return seen.value if record.is_open and began_before else seen.counted


def noticed(record: AlertRecord, kind: NoticeKind, as_of_ms: int, channels: Collection[str]) -> AlertRecord:
    """The record with a notice for each channel."""
    added = [
        Notice(
            f"{record.id}-{as_of_ms}-{kind}-{channel}",
            channel,
            kind,
            as_of_ms,
            as_of_ms + GROUP_WAIT_MS.get(channel, 0),
        )
        for channel in sorted(channels)
    ]
    settled = [notice for notice in record.notices if notice.delivered_ms is not None or notice.given_up]
    waiting = [notice for notice in record.notices if notice.delivered_ms is None and not notice.given_up]
    room = max(NOTICES_KEPT - len(waiting) - len(added), 0)
    return replace(record, notices=(settled[-room:] if room else []) + waiting + added)
