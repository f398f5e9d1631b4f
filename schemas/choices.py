"""Fields of the contract that take one of a few values."""

from __future__ import annotations

from typing import Annotated

from schemas import data_fields as values
from schemas.rules import one_of

Motion = Annotated[values.Motion, one_of(values.Motion)]
DealType = Annotated[values.DealType, one_of(values.DealType)]
Segment = Annotated[values.Segment, one_of(values.Segment)]
Phase = Annotated[values.Phase, one_of(values.Phase)]
TouchKind = Annotated[values.TouchKind, one_of(values.TouchKind)]
SurveyKind = Annotated[values.SurveyKind, one_of(values.SurveyKind)]
SupportChannel = Annotated[values.SupportChannel, one_of(values.SupportChannel)]
StaffSurveyKind = Annotated[values.StaffSurveyKind, one_of(values.StaffSurveyKind)]
Ranking = Annotated[values.Ranking, one_of(values.Ranking)]
TargetUnit = Annotated[values.TargetUnit, one_of(values.TargetUnit)]
Rollup = Annotated[values.Rollup, one_of(values.Rollup)]
CostCategory = Annotated[values.CostCategory, one_of(values.CostCategory)]
Tactic = Annotated[values.Tactic, one_of(values.Tactic)]
