"""The contract of each organisation type's `data`, as `schemas.models` has it for activity."""

from __future__ import annotations

from typing import Annotated

from schemas.rules import (
    OBJECT_RULE,
    Count,
    Currency,
    DateOrInstant,
    FlagOn,
    Id,
    Label,
    Model,
    Month,
    Rate,
    TimeZone,
    Weekday,
)


class TenantConfigured(Model):
    time_zone: TimeZone | None = None
    base_currency: Currency | None = None
    week_starts_on: Weekday | None = None
    fiscal_year_starts_in: Month | None = None
    calendar: Id | None = None
    ranking: Label = None
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
    active: FlagOn = True
    calendar: Id | None = None
    ramp: Ramp | None = None


class RateSet(Model):
    currency: Currency
    base_per_unit: Rate
