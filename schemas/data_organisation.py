"""The structs of an organisation: settings, roster, calendars, pipelines, products, people, sources."""

from __future__ import annotations

from schemas.data_customers import Scale
from schemas.data_fields import (
    Amount,
    Currency,
    Data,
    Id,
    Label,
    Ranking,
    Score,
    StaffSurveyKind,
)


class TenantConfigured(Data):
    """`week_starts_on` is 1 (Monday) to 7, `fiscal_year_starts_in` 1 (January) to 12."""

    time_zone: str | None = None
    base_currency: Currency | None = None
    week_starts_on: int | None = None
    fiscal_year_starts_in: int | None = None
    calendar: Id | None = None
    ranking: Ranking | None = None
    min_n: Amount | None = None


class Ramp(Data):
    """`starts_on` is a date or an instant, RFC 3339."""

    starts_on: str
    months: int


class RosterChanged(Data):
    """What is None stays as it was; `active` is true at first."""

    rep: Id
    name: Label | None = None
    team: Id | None = None
    manager: Id | None = None
    territory: Label | None = None
    active: bool | None = None
    calendar: Id | None = None
    ramp: Ramp | None = None


class Stage(Data):
    stage: Id
    stall_after_d: float | None = None


class PipelineConfigured(Data):
    """`stages` in order, each once."""

    pipeline: Id
    stages: list[Stage]


class ProductConfigured(Data):
    product: Id
    type: Label | None = None
    tier: Label | None = None


class CalendarChanged(Data):
    """`shifts`: mon to sun → [start, end) pairs "HH:MM" in order, without overlap; an end may be "24:00". A day not
    there has none. `holidays`: dates in order, each once.
    """

    calendar: Id
    time_zone: str | None = None
    shifts: dict[str, list[list[str]]] | None = None
    holidays: list[str] | None = None


class AbsenceRecorded(Data, rename={"from_": "from"}):
    """[from, to) as in Period."""

    rep: Id
    from_: str
    to: str
    reason: Label | None = None


class OneOnOneHeld(Data):
    rep: Id
    manager: Id | None = None
    topic: Label | None = None


class TrainingCompleted(Data):
    rep: Id
    manager: Id | None = None
    topic: Label | None = None


class ReviewRecorded(Data):
    """`score` and `scale` come together; `score` lies within `scale`."""

    rep: Id
    manager: Id | None = None
    topic: Label | None = None
    aspect: Label | None = None
    score: Score | None = None
    scale: Scale | None = None


class StaffSurveySent(Data):
    """`closes_at` is a canonical instant."""

    survey: Id
    kind: StaffSurveyKind
    team: Id
    invited: Amount
    closes_at: str | None = None


class StaffSurveyAnswered(Data):
    """`score` lies within `scale`. Nobody is named in it."""

    survey: Id
    kind: StaffSurveyKind
    team: Id
    score: Score
    scale: Scale
    question: Label | None = None


class SourceHeartbeat(Data):
    """The publishing source is alive; it means to say so every `interval_s` seconds (at least 1)."""

    interval_s: int | None = None
