"""KPI definitions (what a KPI is) and KPI values (what it reads at a moment)."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType
from pydantic import BaseModel, ConfigDict, Field, model_validator

Status = Literal["out_of_history", "stale", "partial", "suppressed", "insufficient", "maturing", "restated", "live"]
"""How far to believe a value, one word: the first of these that is true."""
FormName = Literal["sum", "ratio", "mean", "classes", "leaderboard", "attainment", "stall", "stalled"]
ScopeKind = Literal["company", "team", "rep", "territory", "source"]
WindowKind = Literal[
    "15m", "1h", "24h", "7d", "30d", "90d", "today", "wtd", "mtd", "qtd", "ytd", "all", "month", "quarter", "year"
]
"""A window, or a sort of closed periods."""

NEEDS: dict[FormName, tuple[str, ...]] = {
    "sum": ("numerator", "count"),
    "ratio": ("numerator", "denominator", "count"),
    "mean": ("numerator", "denominator", "count"),
    "classes": ("numerator", "count", "facets_of", "facet_names"),
    "leaderboard": ("ranks",),
    "attainment": (),
    "stall": ("numerator", "threshold"),
    "stalled": ("numerator", "facets_of", "threshold", "stage_thresholds"),
}
"""What a definition of each form must give."""


class BadFacet(ValueError):
    """A named facet that is neither a sum, nor a ratio, nor a quantile."""


class Term(BaseModel):
    """One summand of a formula: ``weight`` × the sum of ``measure`` over the window, of one facet or of all; with
    ``age_d`` only of what is that many days (of 24 h) old by now.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    measure: str
    facet: str | None = None
    weight: int = 1
    age_d: int | None = Field(default=None, ge=0)


class Facet(BaseModel):
    """A number beside the value: a sum; a sum divided by another (absent where there is nothing to divide by), or with
    ``complement`` what is missing to 1; or the ``quantile`` of the sketch whose buckets are facets of the measure
    ``buckets``, of those of one ``anchor`` if they are called "anchor:bucket".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    complement: bool = False
    quantile: str | None = Field(default=None, pattern=r"^0\.\d*[1-9]$")
    buckets: str | None = None
    anchor: str | None = None

    @cached_property
    def share(self) -> Fraction:
        """The quantile as a number; 0 if it is none."""
        return Fraction(self.quantile or 0)

    @model_validator(mode="after")
    def _is_one_of_them(self) -> Facet:
        is_quantile = self.quantile is not None and self.buckets is not None
        if is_quantile == bool(self.numerator):
            raise BadFacet("a facet gives numerator, perhaps with denominator, or else quantile and buckets")
        return self


class KpiDefinition(BaseModel):
    """A KPI as data.

    The value of a ``sum`` or of ``classes`` is the numerator; of a ``ratio`` or ``mean`` ``multiplier`` × numerator ÷
    denominator ÷ ``divisor``, over sums of measures. ``form`` left out is ``ratio`` with a denominator, else ``sum``.
    A ``leaderboard`` ranks by the KPI it ``ranks``, ``attainment`` reads targets, a ``stall`` minutes since the last
    of what the numerator counts, beyond ``threshold`` minutes a stall. ``stalled`` counts what of the numerator's level
    has stood still for more than ``stage_thresholds`` working days of its stage, ``threshold`` of any other, and adds
    up what ``facets_of`` says it is worth.

    ``count`` is what ``n`` counts; a ratio or mean of fewer than ``min_n`` is insufficient, unless the tenant says
    otherwise. ``facets_of`` names the measure whose facets are shown beside the value, each divided by the denominator
    if ``facets`` is ``ratio``, as plain counts if it is ``count``; ``named_facets`` are shown if it is ``named``.
    ``facet_names`` are shown even where they are zero. In a ``mean`` quotients and quantiles are in the KPI's unit.
    ``maturing`` names the facet that tells which share is too young to count.

    ``windows`` are those in which the KPI makes sense (none named: all), ``listed_windows`` those under which it is
    listed when everything is asked for (none named: all of them).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    slug: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: str
    unit: str
    form: FormName
    numerator: tuple[Term, ...] = ()
    denominator: tuple[Term, ...] = ()
    multiplier: int = 1
    divisor: int = Field(default=1, ge=1)
    count: tuple[Term, ...] = ()
    min_n: int = Field(default=1, ge=0)
    facets: Literal["none", "ratio", "count", "named"] = "none"
    facets_of: str | None = None
    facet_names: tuple[str, ...] = ()
    named_facets: dict[str, Facet] = {}
    maturing: str | None = None
    ranks: str | None = None
    threshold: int | None = Field(default=None, ge=0)
    stage_thresholds: dict[str, int] = {}
    scopes: tuple[ScopeKind, ...]
    windows: tuple[WindowKind, ...] = ()
    listed_windows: tuple[WindowKind, ...] = ()
    direction: Literal["up", "down"]
    publish_windows: tuple[str, ...] = ()
    late: str
    example: str
    definition: int = Field(ge=1)

    @model_validator(mode="before")
    @classmethod
    def _choose_form(cls, given: object) -> object:
        if isinstance(given, dict) and "form" not in given:
            return {**given, "form": "ratio" if given.get("denominator") else "sum"}
        return given

    @model_validator(mode="after")
    def _has_what_its_form_needs(self) -> KpiDefinition:
        missing = [name for name in NEEDS[self.form] if getattr(self, name) in (None, ())]
        if missing:
            raise ValueError(f"form {self.form} needs {', '.join(missing)}")
        if self.maturing is not None and self.maturing not in self.named_facets:
            raise ValueError(f"maturing names {self.maturing!r}, which is none of named_facets")
        return self

    @cached_property
    def divides(self) -> bool:
        """Whether values have a denominator."""
        return bool(self.denominator) or self.form == "attainment"

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """Every term that value and ``n`` are made of."""
        return self.numerator + self.denominator + self.count

    @cached_property
    def is_counted_below(self) -> bool:
        """Whether ``n`` is the denominator."""
        return self.count == self.denominator

    @cached_property
    def measures(self) -> set[str]:
        """Every measure that it reads, facets included; the same set each time, not to be changed."""
        found = {term.measure for term in self.terms} | ({self.facets_of} if self.facets_of else set())
        for facet in self.named_facets.values():
            found |= {term.measure for term in facet.numerator + facet.denominator}
            found |= {facet.buckets} if facet.buckets else set()
        return found


class KpiValue(msgspec.Struct, kw_only=True):
    """What a KPI reads for a scope and a window at ``as_of`` (RFC 3339, exclusive cut).

    Counts are integers, ratios fractions, money integers in minor units of the base currency (means keep their
    fraction), NPS −100 to 100. ``value`` is None where a ratio has nothing to divide by, the window is out of history,
    or a policy keeps it back. The fields behind ``definition`` are there only if they have something to say:
    ``restated_by`` what late contributions changed, in the value's unit; ``missing`` what makes it partial
    ("rate:USD", "source:crm/eu"); ``maturing`` the share that is too young, 0-1; ``unrostered`` ids without a roster
    entry that count in a company.
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
    restated_by: int | float | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    maturing: int | float | UnsetType = UNSET
    unrostered: list[str] | UnsetType = UNSET


_encode = msgspec.json.Encoder().encode


def to_line(value: KpiValue) -> bytes:
    """The value as one JSON object without a newline; `replay` and the API print the same bytes."""
    return _encode(value)
