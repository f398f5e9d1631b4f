"""The contract of the data of leads, deals and orders, as pydantic models over generic JSON. A model per struct."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from schemas.choices import DealType, Motion, Segment
from schemas.data_fields import BASIS_POINTS, LINES_MAX, SPLITS_MAX
from schemas.rules import OBJECT_RULE, Amount, Currency, Id, Label, Model, OptionalDate, Quantity, Rule, refuse

Fit = Annotated[float, Strict(), Field(ge=0.0, le=1.0), Rule("a number from 0 to 1", "values")]
ShareBp = Annotated[
    int, Strict(), Field(ge=1, le=BASIS_POINTS), Rule(f"an integer from 1 to {BASIS_POINTS} (basis points)", "splits")
]


class LocationModel(Model):
    country: Label = None
    region: Label = None
    city: Label = None
    district: Label = None
    territory: Label = None
    site: Label = None


Location = Annotated[LocationModel, OBJECT_RULE]


class LeadCreated(Model):
    lead: Id
    rep: Id | None = None
    source: Label = None
    method: Label = None
    motion: Motion | None = None
    channel: Label = None
    campaign: Label = None
    location: Location | None = None
    vertical: Label = None
    fit_score: Fit | None = None


class LeadJudged(Model):
    """Qualified and disqualified carry the same."""

    lead: Id
    rep: Id | None = None
    reason: Label = None


class DealOpened(Model):
    deal: Id
    rep: Id
    lead: Id | None = None
    pipeline: Id | None = None
    stage: Id | None = None
    deal_type: DealType | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None
    expected_close: OptionalDate = None
    product: Id | None = None
    tier: Label = None
    vertical: Label = None
    segment: Segment | None = None
    channel: Label = None


class StageChanged(Model):
    deal: Id
    stage: Id


class AmountChanged(Model):
    deal: Id
    amount_minor: Amount
    currency: Currency


class OwnerChanged(Model):
    deal: Id
    rep: Id


class SplitModel(Model):
    rep: Id
    share_bp: ShareBp


class WonLineModel(Model):
    product: Id | None = None
    tier: Label = None
    qty: Quantity | None = None
    amount_minor: Amount | None = None
    deal_type: DealType | None = None


Split = Annotated[SplitModel, OBJECT_RULE]
WonLine = Annotated[WonLineModel, OBJECT_RULE]
Splits = Annotated[
    list[Split],
    Field(min_length=1, max_length=SPLITS_MAX),
    Rule(f"an array of 1 to {SPLITS_MAX} splits {{rep, share_bp}}", "splits"),
]
WonLines = Annotated[
    list[WonLine], Field(max_length=LINES_MAX), Rule(f"an array of at most {LINES_MAX} lines", "lines")
]


class DealWon(Model):
    deal: Id
    amount_minor: Amount
    currency: Currency
    lead: Id | None = None
    rep: Id | None = None
    splits: Splits | None = None
    cost_minor: Amount | None = None
    deal_type: DealType | None = None
    segment: Segment | None = None
    lines: WonLines | None = None
    channel: Label = None
    location: Location | None = None
    source: Label = None
    method: Label = None
    vertical: Label = None

    @model_validator(mode="after")
    def _splits_add_up(self) -> Self:
        if self.splits is not None:
            total = sum(split.share_bp for split in self.splits)
            if total != BASIS_POINTS:
                refuse("splits", f"shares that sum to {total}", f"shares that sum to {BASIS_POINTS}", "splits")
            if len({split.rep for split in self.splits}) != len(self.splits):
                refuse("splits", "a list that names a rep twice", "a list that names each rep once", "splits")
        return self


class DealLost(Model):
    deal: Id
    lead: Id | None = None
    reason: Label = None
    competitor: Label = None


class DealReopened(Model):
    deal: Id


class OrderLineModel(Model):
    product: Id
    qty: Quantity
    unit_price_minor: Amount
    list_price_minor: Amount | None = None
    discount_minor: Amount | None = None
    unit_cost_minor: Amount | None = None
    promo: Label = None


OrderLine = Annotated[OrderLineModel, OBJECT_RULE]
OrderLines = Annotated[
    list[OrderLine],
    Field(min_length=1, max_length=LINES_MAX),
    Rule(f"an array of 1 to {LINES_MAX} lines {{product, qty, unit_price_minor, …}}", "lines"),
]


class OrderPlaced(Model):
    order: Id
    lines: OrderLines
    currency: Currency
    rep: Id | None = None
    deal: Id | None = None
    channel: Label = None
    location: Location | None = None


class OrderRefunded(Model):
    order: Id
    lines: OrderLines | None = None
    amount_minor: Amount | None = None
    currency: Currency | None = None
    rep: Id | None = None
    deal: Id | None = None
    channel: Label = None
    location: Location | None = None

    @model_validator(mode="after")
    def _says_how_much(self) -> Self:
        if self.lines is None and self.amount_minor is None:
            refuse("amount_minor", "missing", "there, unless lines are", "refunds")
        return self
