"""The structs of plans and prices: targets, costs, promotions, rates, benchmarks, contests, bonuses."""

from __future__ import annotations

from schemas.data_fields import (
    Amount,
    CostCategory,
    Currency,
    Data,
    Id,
    Label,
    Motion,
    Rollup,
    Tactic,
    TargetUnit,
)


class Period(Data, rename={"from_": "from"}):
    """[from, to), `from` < `to`, both dates or both canonical instants; a date is a day of the tenant's zone."""

    from_: str
    to: str


class TargetSet(Data):
    """`value`: minor units (an integer) if `unit` is money. `scope`: "company" or "<dimension>:<id>". `curve`:
    cumulative shares of the period's working time, spread evenly, never falling, from 0 to 1, the last 1.
    """

    target: Id
    kpi: Id
    scope: Id
    period: Period
    value: int | float
    parent: Id | None = None
    unit: TargetUnit | None = None
    currency: Currency | None = None
    curve: list[float] | None = None
    weight: float | None = None
    rollup: Rollup | None = None
    primary: bool | None = None
    actions: list[Id] | None = None


class CostRecorded(Data):
    amount_minor: Amount
    currency: Currency
    category: CostCategory
    period: Period
    channel: Label | None = None
    motion: Motion | None = None
    campaign: Label | None = None


class PromotionStarted(Data):
    promotion: Id
    tactic: Tactic | None = None
    products: list[Id] | None = None
    locations: list[Id] | None = None


class PromotionEnded(Data):
    promotion: Id
    tactic: Tactic | None = None
    products: list[Id] | None = None
    locations: list[Id] | None = None


class CompetitorPriceObserved(Data):
    product: Id
    competitor: Id
    price_minor: Amount
    currency: Currency


class RateSet(Data):
    """`base_per_unit`: a decimal string > 0, units of the base currency for one unit of `currency`."""

    currency: Currency
    base_per_unit: str


class BenchmarkSet(Data):
    kpi: Id
    value: int | float
    scope: Id | None = None
    period: Period | None = None


class ContestSet(Data, rename={"from_": "from"}):
    """[from, to) as in Period. `handicap`: a rep's own target, by rep."""

    contest: Id
    kpi: Id
    from_: str
    to: str
    participants: list[Id] | None = None
    handicap: dict[str, int | float] | None = None


class BonusTier(Data, rename={"from_": "from"}):
    """From an attainment of `from` on, `rate` is paid."""

    from_: int | float
    rate: int | float


class BonusPlanSet(Data):
    """`tiers` by rising `from`."""

    plan: Id
    kpi: Id
    period: Period
    tiers: list[BonusTier]
    cap: int | float | None = None
