"""The contract of the data of touches, appointments, follow-ups, e-mails and support."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from schemas.choices import Motion, Phase, SupportChannel, TouchKind
from schemas.rules import ID_RULE, Count, Flag, Id, Label, Model, OptionalInstant, refuse


class Touch(Model):
    kind: TouchKind
    rep: Id | None = None
    automated: Flag = False
    deal: Id | None = None
    lead: Id | None = None
    direction: Motion | None = None
    phase: Phase | None = None
    outcome: Label = None
    duration_s: Count | None = None
    objection: Label = None

    @model_validator(mode="after")
    def _somebody_did_it(self) -> Self:
        if self.rep is None and not self.automated:
            refuse("rep", "missing", f"{ID_RULE.allowed}, unless automated is true", "touches")
        return self


class Appointment(Model):
    """Set, held and no-show carry the same."""

    appointment: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    starts_at: OptionalInstant = None


class FollowUp(Model):
    """Due and done carry the same."""

    follow_up: Id
    rep: Id
    deal: Id | None = None
    lead: Id | None = None
    due_at: OptionalInstant = None


class Email(Model):
    """Sent, delivered and opened carry the same."""

    message: Id
    rep: Id | None = None
    campaign: Label = None
    subject_variant: Label = None
    control: Label = None


class Support(Model):
    """Opened, first response and resolved carry the same."""

    ticket: Id
    channel: SupportChannel | None = None
