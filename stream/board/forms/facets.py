"""The numbers beside a value: by facet of a measure, or named in the definition."""

from __future__ import annotations

from fractions import Fraction

from schemas.kpi import Facet, KpiDefinition
from stream.board.forms.reading import Number, shortest
from stream.board.moment import Amount, Moment
from stream.board.sums import facet_sums, sum_terms
from stream.board.windows import Window
from stream.sketch import quantile


def facets_of(
    moment: Moment, definition: KpiDefinition, scope: str, window: Window, denominator: Amount
) -> dict[str, Number]:
    """Every facet that a definition shows, by name in order."""
    if definition.facets == "named":
        return named_facets(moment, definition, scope, window)
    if definition.facets == "none" or definition.facets_of is None:
        return {}
    counts = by_facet(moment, definition, scope, window)
    if definition.facets == "count":
        return {**counts}
    return {name: shortest(Fraction(count, denominator)) for name, count in counts.items() if count and denominator}


def by_facet(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> dict[str, int]:
    """The sum of each facet of the measure ``facets_of``: of those that have any, and those shown although zero."""
    sums = facet_sums(moment, definition.facets_of or "", scope, window)
    return {name: sums.get(name, 0) for name in sorted({*sums, *definition.facet_names})}


def named_facets(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> dict[str, Number]:
    """The facets that a definition names; one that has nothing to divide by, or no quantile, is left out."""
    unit = Fraction(definition.multiplier, definition.divisor) if definition.form == "mean" else Fraction(1)
    sketches: dict[tuple[str | None, str | None], dict[str, int]] = {}
    facets: dict[str, Number] = {}
    for name, facet in sorted(definition.named_facets.items()):
        if facet.quantile is None:
            amount = _sum_or_ratio(moment, facet, scope, window, unit)
        else:
            sketch = facet.buckets, facet.anchor
            if sketch not in sketches:
                sketches[sketch] = bucket_counts(moment, facet, scope, window)
            counts = sketches[sketch]
            amount = quantile(counts, facet.share) * float(unit) if counts else None
        if amount is not None:
            facets[name] = amount
    return facets


def _sum_or_ratio(moment: Moment, facet: Facet, scope: str, window: Window, unit: Fraction) -> Number | None:
    top = sum_terms(moment, facet.numerator, scope, window).amount
    if not facet.denominator:
        return shortest(top)
    bottom = sum_terms(moment, facet.denominator, scope, window).amount
    if not bottom:
        return None
    share = Fraction(top, bottom)
    return shortest(1 - share if facet.complement else share * unit)


def bucket_counts(moment: Moment, facet: Facet, scope: str, window: Window) -> dict[str, int]:
    """How many values lie in each bucket of a sketch; those that come to nothing are left out."""
    sums = facet_sums(moment, facet.buckets or "", scope, window)
    if facet.anchor is None:
        return sums
    lead = f"{facet.anchor}:"
    return {name.removeprefix(lead): count for name, count in sums.items() if name.startswith(lead)}
