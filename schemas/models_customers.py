"""The contract of the data of customers, their surveys, feedback and referrals."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from schemas.choices import SurveyKind
from schemas.rules import Amount, Currency, Id, Label, Model, OptionalInstant, Rule, Score
from schemas.rules_organisation import on_scale


class CustomerFacts(Model):
    """All that happens to a customer carries the same facts."""

    deal: Id | None = None
    rep: Id | None = None
    mrr_minor: Amount | None = None
    currency: Currency | None = None
    reason: Label = None


class Renewal(Model):
    """Due and renewed carry the same."""

    deal: Id
    due_at: OptionalInstant = None


class ScaleModel(Model):
    min: Score
    max: Score


Scale = Annotated[ScaleModel, Rule("an object {min, max} with min < max", "surveys")]


class SurveySent(Model):
    survey: Id
    kind: SurveyKind
    rep: Id | None = None
    product: Id | None = None
    theme: Label = None
    service_channel: Label = None


class SurveyAnswered(Model):
    survey: Id
    kind: SurveyKind
    score: Score
    scale: Scale
    rep: Id | None = None
    product: Id | None = None
    theme: Label = None
    service_channel: Label = None

    @model_validator(mode="after")
    def _score_on_its_scale(self) -> Self:
        on_scale(self.score, self.scale.min, self.scale.max)
        return self


class FeedbackReceived(Model):
    theme: Label = None
    rep: Id | None = None
    text: Annotated[Any, Field(exclude=True), Rule("anything; it is not kept", "feedback", {})] = None


class ReferralCreated(Model):
    lead: Id
    referrer: Id | None = None
    rep: Id | None = None
