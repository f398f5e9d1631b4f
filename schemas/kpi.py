"""KPI definitions (what a KPI is) and KPI values (what it reads at a moment)."""

from __future__ import annotations

from typing import Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

Status = Literal["live", "partial", "stale", "restated", "out_of_history"]


class Term(BaseModel):
    """One summand of a formula: ``weight`` × the sum of ``measure`` over the window, of one facet or of all."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    measure: str
    facet: str | None = None
    weight: int = 1


class KpiDefinition(BaseModel):
    """A KPI as data: ``multiplier`` × numerator ÷ denominator over sums of measures (no denominator: a plain sum).

    ``count`` is what ``n`` counts. ``facets_of`` names the measure whose facets are shown beside the value, each
    divided by the denominator if ``facets`` is ``ratio``, as plain counts if it is ``count``. ``facet_names`` are
    shown even where they are zero.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    unit: str
    numerator: tuple[Term, ...] = Field(min_length=1)
    denominator: tuple[Term, ...] = ()
    multiplier: int = 1
    count: tuple[Term, ...] = Field(min_length=1)
    facets: Literal["none", "ratio", "count"] = "none"
    facets_of: str | None = None
    facet_names: tuple[str, ...] = ()
    scopes: tuple[Literal["company", "team", "rep", "source"], ...]
    direction: Literal["up", "down"]
    publish_windows: tuple[str, ...] = ()
    late: str
    example: str
    definition: int = Field(ge=1)


class KpiValue(msgspec.Struct, kw_only=True):
    """What a KPI reads for a scope and a window at ``as_of`` (RFC 3339, exclusive cut).

    Counts are integers, ratios fractions, money integers in minor units of the base currency, NPS −100 to 100.
    ``value`` is None where a ratio has nothing to divide by or the window is out of history.
    """

    kpi: str
    scope: str
    window: str
    as_of: str
    value: int | float | None
    unit: str
    n: int
    numerator: int | float | None
    denominator: int | float | None
    facets: dict[str, int | float]
    status: Status
    restated_at: str | None
    definition: int


_encode = msgspec.json.Encoder().encode


def to_line(value: KpiValue) -> bytes:
    """The value as one JSON object without a newline; `replay` and the API print the same bytes."""
    return _encode(value)
