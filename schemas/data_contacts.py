"""The structs of touches, appointments, follow-ups, e-mails and support."""

from __future__ import annotations

from schemas.data_fields import (
    Data,
    Id,
    Instant,
    Label,
    Motion,
    Phase,
    Seconds,
    SupportChannel,
    TouchKind,
)


class Touch(Data):
    """`rep` is None only if `automated`."""

    kind: TouchKind
    rep: Id | None = None
    automated: bool = False
    deal: Id | None = None
    lead: Id | None = None
    direction: Motion | None = None
    phase: Phase | None = None
    outcome: Label | None = None
    duration_s: Seconds | None = None
    objection: Label | None = None


class AppointmentSet(Data):
    appointment: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    starts_at: Instant | None = None


class AppointmentHeld(Data):
    appointment: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    starts_at: Instant | None = None


class AppointmentNoShow(Data):
    appointment: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    starts_at: Instant | None = None


class FollowUpDue(Data):
    follow_up: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    due_at: Instant | None = None


class FollowUpDone(Data):
    follow_up: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    due_at: Instant | None = None


class EmailSent(Data):
    """`control` names the subject variant that this one is compared with."""

    message: Id
    rep: Id | None = None
    campaign: Label | None = None
    subject_variant: Label | None = None
    control: Label | None = None


class EmailDelivered(Data):
    message: Id
    rep: Id | None = None
    campaign: Label | None = None
    subject_variant: Label | None = None
    control: Label | None = None


class EmailOpened(Data):
    message: Id
    rep: Id | None = None
    campaign: Label | None = None
    subject_variant: Label | None = None
    control: Label | None = None


class SupportOpened(Data):
    ticket: Id
    channel: SupportChannel | None = None


class SupportFirstResponse(Data):
    ticket: Id
    channel: SupportChannel | None = None


class SupportResolved(Data):
    ticket: Id
    channel: SupportChannel | None = None
