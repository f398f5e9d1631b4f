"""The contract of the data of plans and prices: targets, costs, promotions, rates, benchmarks, contests, bonuses."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from schemas.choices import CostCategory, Motion, Rollup, Tactic, TargetUnit
from schemas.data_fields import NAMES_MAX
from schemas.rules import OBJECT_RULE, Amount, Choice, Currency, DateOrInstant, Id, Label, Model, Rate, Rule, refuse
from schemas.rules_organisation import (
    Curve,
    Handicap,
    Names,
    Number,
    NumberFromZero,
    Period,
    Scope,
    Slug,
    Weight,
    in_order,
)


class TargetSet(Model):
    target: Id
    kpi: Slug
    scope: Scope
    period: Period
    value: Number
    parent: Id | None = None
    unit: TargetUnit | None = None
    currency: Currency | None = None
    curve: Curve | None = None
    weight: Weight | None = None
    rollup: Rollup | None = None
    primary: Choice | None = None
    actions: Names | None = None

    @model_validator(mode="after")
    def _money_is_whole(self) -> Self:
        if self.unit == "money" and (not isinstance(self.value, int) or self.value < 0):
            refuse("value", f"{self.value!r}", "an integer ≥ 0 in minor units, since unit is money", "amounts")
        return self


class CostRecorded(Model):
    amount_minor: Amount
    currency: Currency
    category: CostCategory
    period: Period
    channel: Label = None
    motion: Motion | None = None
    campaign: Label = None


class Promotion(Model):
    """Start and end carry the same."""

    promotion: Id
    tactic: Tactic | None = None
    products: Names | None = None
    locations: Names | None = None


class CompetitorPriceObserved(Model):
    product: Id
    competitor: Id
    price_minor: Amount
    currency: Currency


class RateSet(Model):
    currency: Currency
    base_per_unit: Rate


class BenchmarkSet(Model):
    kpi: Slug
    value: Number
    scope: Scope | None = None
    period: Period | None = None


class ContestSet(Model):
    contest: Id
    kpi: Slug
    from_: DateOrInstant = Field(alias="from")
    to: DateOrInstant
    participants: Names | None = None
    handicap: Handicap | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.from_, self.to)
        return self


class BonusTierModel(Model):
    from_: NumberFromZero = Field(alias="from")
    rate: NumberFromZero


BonusTier = Annotated[BonusTierModel, OBJECT_RULE]
BonusTiers = Annotated[
    list[BonusTier],
    Field(min_length=1, max_length=NAMES_MAX),
    Rule(f"an array of 1 to {NAMES_MAX} tiers {{from, rate}}, by rising from", "bonuses"),
]


class BonusPlanSet(Model):
    plan: Id
    kpi: Slug
    period: Period
    tiers: BonusTiers
    cap: NumberFromZero | None = None

    @model_validator(mode="after")
    def _tiers_rise(self) -> Self:
        starts = [tier.from_ for tier in self.tiers]
        for before, start in pairwise(starts):
            if not before < start:
                refuse("tiers", f"a tier from {start:g} after one from {before:g}", "tiers by rising from", "bonuses")
        return self
