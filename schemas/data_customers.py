"""The structs of customers, their surveys, feedback and referrals."""

from __future__ import annotations

from schemas.data_fields import (
    Amount,
    Currency,
    Data,
    Id,
    Instant,
    Label,
    Score,
    SurveyKind,
)


class CustomerOnboarded(Data):
    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None


class CustomerChurned(Data):
    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None


class CustomerReactivated(Data):
    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None


class CustomerOwnerChanged(Data):
    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None


class MrrChanged(Data):
    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label | None = None


class RenewalDue(Data):
    deal: Id
    due_at: Instant | None = None


class Renewed(Data):
    deal: Id
    due_at: Instant | None = None


class Scale(Data):
    """Both ends are allowed scores; min < max."""

    min: Score
    max: Score


class SurveySent(Data):
    survey: Id
    kind: SurveyKind
    rep: Id | None = None
    product: Id | None = None
    theme: Label | None = None
    service_channel: Label | None = None


class SurveyAnswered(Data):
    """`score` lies within `scale`."""

    survey: Id
    kind: SurveyKind
    score: Score
    scale: Scale
    rep: Id | None = None
    product: Id | None = None
    theme: Label | None = None
    service_channel: Label | None = None


class FeedbackReceived(Data):
    """Its text is not kept: the contract leaves it out."""

    theme: Label | None = None
    rep: Id | None = None


class ReferralCreated(Data):
    """`referrer` is an account key; the event's subject is the referred account."""

    lead: Id
    referrer: Id | None = None
    rep: Id | None = None
