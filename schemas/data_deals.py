"""The structs of leads, deals and orders."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.data_fields import (
    BASIS_POINTS,
    LINES_MAX,
    SPLITS_MAX,
    Amount,
    Currency,
    Data,
    DealType,
    Id,
    Label,
    Motion,
    Quantity,
    Segment,
)


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


class LeadQualified(Data):
    lead: Id
    rep: Id | None = None
    reason: Label | None = None


class LeadDisqualified(Data):
    lead: Id
    rep: Id | None = None
    reason: Label | None = None


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


class StageChanged(Data):
    deal: Id
    stage: Id


class AmountChanged(Data):
    deal: Id
    amount_minor: Amount
    currency: Currency


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
