"""The contract of the data of an organisation: settings, roster, calendars, pipelines, products, people, sources."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.choices import Ranking, StaffSurveyKind
from schemas.data_fields import STAGES_MAX
from schemas.models_customers import Scale
from schemas.rules import (
    OBJECT_RULE,
    Choice,
    Count,
    Currency,
    DateOrInstant,
    Id,
    Label,
    Model,
    Month,
    OptionalInstant,
    Rule,
    Score,
    TimeZone,
    Weekday,
    refuse,
)
from schemas.rules_organisation import Days, Holidays, Interval, Shifts, in_order, on_scale


class TenantConfigured(Model):
    time_zone: TimeZone | None = None
    base_currency: Currency | None = None
    week_starts_on: Weekday | None = None
    fiscal_year_starts_in: Month | None = None
    calendar: Id | None = None
    ranking: Ranking | None = None
    min_n: Count | None = None


class RampModel(Model):
    starts_on: DateOrInstant
    months: Count


Ramp = Annotated[RampModel, OBJECT_RULE]


class RosterChanged(Model):
    rep: Id
    name: Label = None
    team: Id | None = None
    manager: Id | None = None
    territory: Label = None
    active: Choice | None = None
    calendar: Id | None = None
    ramp: Ramp | None = None


class StageModel(Model):
    stage: Id
    stall_after_d: Days | None = None


Stage = Annotated[StageModel, OBJECT_RULE]
Stages = Annotated[
    list[Stage],
    Field(min_length=1, max_length=STAGES_MAX),
    Rule(f"an array of 1 to {STAGES_MAX} stages {{stage, stall_after_d}}, in order", "pipelines"),
]


class PipelineConfigured(Model):
    pipeline: Id
    stages: Stages

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        if len({held.stage for held in self.stages}) != len(self.stages):
            refuse("stages", "a list that names a stage twice", "a list that names each stage once", "pipelines")
        return self


class ProductConfigured(Model):
    product: Id
    type: Label = None
    tier: Label = None


class CalendarChanged(Model):
    calendar: Id
    time_zone: TimeZone | None = None
    shifts: Shifts | None = None
    holidays: Holidays | None = None


class AbsenceRecorded(Model):
    rep: Id
    from_: DateOrInstant = Field(alias="from")
    to: DateOrInstant
    reason: Label = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.from_, self.to)
        return self


class Talk(Model):
    """A one-on-one and a training carry the same."""

    rep: Id
    manager: Id | None = None
    topic: Label = None


class ReviewRecorded(Model):
    rep: Id
    manager: Id | None = None
    topic: Label = None
    aspect: Label = None
    score: Score | None = None
    scale: Scale | None = None

    @model_validator(mode="after")
    def _score_on_its_scale(self) -> Self:
        if self.scale is None:
            if self.score is not None:
                refuse("scale", "missing", "there, since score is", "surveys")
        elif self.score is None:
            refuse("score", "missing", "there, since scale is", "surveys")
        else:
            on_scale(self.score, self.scale.min, self.scale.max)
        return self


class StaffSurveySent(Model):
    survey: Id
    kind: StaffSurveyKind
    team: Id
    invited: Count
    closes_at: OptionalInstant = None


class StaffSurveyAnswered(Model):
    survey: Id
    kind: StaffSurveyKind
    team: Id
    score: Score
    scale: Scale
    question: Label = None

    @model_validator(mode="after")
    def _score_on_its_scale(self) -> Self:
        on_scale(self.score, self.scale.min, self.scale.max)
        return self


class SourceHeartbeat(Model):
    interval_s: Interval | None = None
