"""What the structs of `schemas.data` are made of: their base, their field types and the limits that both paths keep."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

INT64_MAX = 2**63 - 1
TEXT_MAX = 256
SPLITS_MAX = 100
LINES_MAX = 1_000
SCORE_MAX = 1e9
BASIS_POINTS = 10_000
STAGES_MAX = 100
HOLIDAYS_MAX = 1_000
SHIFTS_MAX = 20
CURVE_MAX = 1_000
NAMES_MAX = 1_000
NUMBER_MAX = 10**15
DAYS_MAX = 36_500

Id = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Label = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]
Amount = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=INT64_MAX)]
Seconds = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Instant = Annotated[str, Meta(min_length=1, max_length=40)]
Score = Annotated[float, Meta(ge=-SCORE_MAX, le=SCORE_MAX)]

Motion = Literal["inbound", "outbound"]
DealType = Literal["new", "upsell", "cross_sell", "renewal"]
Segment = Literal["b2b", "b2c"]
TouchKind = Literal["call", "email", "video_meeting", "meeting", "demo", "sms", "chat"]
Phase = Literal["pre_sale", "post_sale"]
SurveyKind = Literal["nps", "csat"]
SupportChannel = Literal["phone", "email", "chat"]
StaffSurveyKind = Literal["enps", "pulse", "satisfaction"]
Ranking = Literal["full", "top_n", "team_only", "personal_best", "off"]
TargetUnit = Literal["money", "quantity", "accounts", "ratio"]
Rollup = Literal["sum", "weighted"]
CostCategory = Literal["marketing", "advertising", "salary", "hidden"]
Tactic = Literal["discount", "coupon", "shelf_display", "demo", "sample", "price_cut"]


class Data(msgspec.Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What all `data` have in common: no cycles, so the collector need not look, and no field it does not know."""
