"""The metrics of a KPI, as its definition has them.

For each KPI ``<slug>``, with the labels of ``PLACE``:

    salespulse_kpi_<slug>              the value; money ends in _minor, a ratio of 0 to 1 in _ratio
    salespulse_kpi_<slug>_n            how much it rests on
    salespulse_kpi_<slug>_numerator    of a KPI with a denominator, so that ratios can be added up rightly
    salespulse_kpi_<slug>_denominator
    salespulse_kpi_<slug>_by_facet     with the label facet; apart from the value, or a plain sum() would count twice
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.kpi import KpiDefinition
from views.families import Family

PREFIX = "salespulse_kpi_"
PLACE = ("tenant", "scope_kind", "scope", "window")
MONEY_UNIT = "money"
RESERVED = ("_count", "_sum", "_total", "_bucket", "_info")
"""Ends of names that mean something else to Prometheus: the unit is put behind them."""
_BOUND = "100,000 series of a tenant for all KPIs together"


@dataclass(frozen=True)
class KpiFamilies:
    """The metrics of one KPI. None: it has none of that."""

    value: Family
    n: Family
    numerator: Family | None
    denominator: Family | None
    by_facet: Family | None

    def __iter__(self) -> Iterator[Family]:
        """Those that there are."""
        every = (self.value, self.n, self.numerator, self.denominator, self.by_facet)
        return (family for family in every if family is not None)


def families_of(definition: KpiDefinition) -> KpiFamilies:
    """The metrics of a KPI."""
    base, title, unit = PREFIX + definition.slug, definition.title, definition.unit
    parts = definition.divides
    return KpiFamilies(
        value=Family(metric_name(definition), "gauge", unit, PLACE, f"{title}, {unit}.", _BOUND),
        n=Family(f"{base}_n", "gauge", "1", PLACE, f"{title}: how much the value rests on.", _BOUND),
        numerator=Family(f"{base}_numerator", "gauge", "1", PLACE, f"{title}: what is divided.", _BOUND)
        if parts
        else None,
        denominator=Family(f"{base}_denominator", "gauge", "1", PLACE, f"{title}: what it is divided by.", _BOUND)
        if parts
        else None,
        by_facet=Family(f"{base}_by_facet", "gauge", "1", (*PLACE, "facet"), f"{title}, by facet.", _BOUND)
        if definition.facets != "none"
        else None,
    )


def every_family(definitions: Mapping[str, KpiDefinition]) -> dict[str, KpiFamilies]:
    """The metrics of a catalogue, by slug."""
    return {slug: families_of(definition) for slug, definition in sorted(definitions.items())}


def metric_name(definition: KpiDefinition) -> str:
    """The gauge of a KPI's value: its slug with its unit last."""
    name, unit = PREFIX + definition.slug, definition.unit.partition("/")[0]
    if unit == MONEY_UNIT:
        return f"{name}_minor"
    if definition.unit == "ratio":
        return f"{name}_ratio"
    return f"{name}_{unit}" if name.endswith(RESERVED) else name
