"""The `data` of each event type, as msgspec structs: decoded shape and, by their constraints, the hot path's checks.

Every struct forbids unknown fields: an event that has some takes the contract path (`schemas.contract`), which ignores
them. Amounts are minor units of the currency beside them, `*_s` seconds, `share_bp` basis points. What the contract
refuses, a struct and its check in `schemas.hot` refuse; what the contract mends (an empty label), they decline too.
"""

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

Id = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Label = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]
Amount = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Quantity = Annotated[int, Meta(ge=1, le=INT64_MAX)]
Seconds = Annotated[int, Meta(ge=0, le=INT64_MAX)]
Score = Annotated[float, Meta(ge=-SCORE_MAX, le=SCORE_MAX)]

Motion = Literal["inbound", "outbound"]
DealType = Literal["new", "upsell", "cross_sell", "renewal"]
Segment = Literal["b2b", "b2c"]
TouchKind = Literal["call", "email", "video_meeting", "meeting", "demo", "sms", "chat"]
Phase = Literal["pre_sale", "post_sale"]
SurveyKind = Literal["nps", "csat"]


class Data(msgspec.Struct, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """What all `data` have in common: no cycles, so the collector need not look, and no field it does not know."""


class Location(Data):
    country: Label | None = None
    region: Label | None = None
    city: Label | None = None
    district: Label | None = None
    territory: Label | None = None
    site: Label | None = None


class LeadCreated(Data):
    lead: Id
    rep: Id | None = None
    source: Label | None = None
    method: Label | None = None
    motion: Motion | None = None
    channel: Label | None = None
    campaign: Label | None = None
    location: Location | None = None
    vertical: Label | None = None
    fit_score: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None


class DealOpened(Data):
    deal: Id
    rep: Id
    lead: Id | None = None
    pipeline: Id | None = None
    stage: Id | None = None
    deal_type: DealType | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None
    expected_close: Label | None = None
    product: Id | None = None
    tier: Label | None = None
    vertical: Label | None = None
    segment: Segment | None = None
    channel: Label | None = None


class OwnerChanged(Data):
    deal: Id
    rep: Id


class Split(Data):
    """A rep's share of a win; the shares of a win add up to 10,000."""

    rep: Id
    share_bp: Annotated[int, Meta(ge=1, le=BASIS_POINTS)]


class WonLine(Data):
    product: Id | None = None
    tier: Label | None = None
    qty: Quantity | None = None
    amount_minor: Amount | None = None
    deal_type: DealType | None = None


class DealWon(Data):
    deal: Id
    amount_minor: Amount
    currency: Currency
    lead: Id | None = None
    rep: Id | None = None
    splits: Annotated[list[Split], Meta(min_length=1, max_length=SPLITS_MAX)] | None = None
    cost_minor: Amount | None = None
    deal_type: DealType | None = None
    segment: Segment | None = None
    lines: Annotated[list[WonLine], Meta(max_length=LINES_MAX)] | None = None
    channel: Label | None = None
    location: Location | None = None
    source: Label | None = None
    method: Label | None = None
    vertical: Label | None = None


class DealLost(Data):
    deal: Id
    lead: Id | None = None
    reason: Label | None = None
    competitor: Label | None = None


class DealReopened(Data):
    deal: Id


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


class OrderLine(Data):
    """`unit_price_minor` is net of discounts and before tax; the line's revenue is qty × unit_price_minor."""

    product: Id
    qty: Quantity
    unit_price_minor: Amount
    list_price_minor: Amount | None = None
    discount_minor: Amount | None = None
    unit_cost_minor: Amount | None = None
    promo: Label | None = None


class OrderPlaced(Data):
    order: Id
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)]
    currency: Currency
    rep: Id | None = None
    deal: Id | None = None
    channel: Label | None = None
    location: Location | None = None


class OrderRefunded(Data):
    """At least one of `lines` and `amount_minor` is there; `currency` None means the order's."""

    order: Id
    lines: Annotated[list[OrderLine], Meta(min_length=1, max_length=LINES_MAX)] | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None
    rep: Id | None = None
    deal: Id | None = None
    channel: Label | None = None
    location: Location | None = None


class Scale(Data):
    """Both ends are allowed scores; min < max."""

    min: Score
    max: Score


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


class TenantConfigured(Data):
    """`week_starts_on` is 1 (Monday) to 7, `fiscal_year_starts_in` 1 (January) to 12."""

    time_zone: str | None = None
    base_currency: Currency | None = None
    week_starts_on: int | None = None
    fiscal_year_starts_in: int | None = None
    calendar: Id | None = None
    ranking: Label | None = None
    min_n: Amount | None = None


class Ramp(Data):
    """`starts_on` is a date or an instant, RFC 3339."""

    starts_on: str
    months: int


class RosterChanged(Data):
    rep: Id
    name: Label | None = None
    team: Id | None = None
    manager: Id | None = None
    territory: Label | None = None
    active: bool = True
    calendar: Id | None = None
    ramp: Ramp | None = None


class RateSet(Data):
    """`base_per_unit`: a decimal string > 0, units of the base currency for one unit of `currency`."""

    currency: Currency
    base_per_unit: str


ActivityData = (
    LeadCreated
    | DealOpened
    | OwnerChanged
    | DealWon
    | DealLost
    | DealReopened
    | Touch
    | OrderPlaced
    | OrderRefunded
    | SurveyAnswered
    | CustomerOnboarded
    | CustomerChurned
)
OrganisationData = TenantConfigured | RosterChanged | RateSet
AnyData = ActivityData | OrganisationData
