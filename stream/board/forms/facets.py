"""The numbers beside a value: by facet of a measure, or named in the definition."""

from __future__ import annotations

from fractions import Fraction

from schemas.kpi import Facet, KpiDefinition, Term
from stream.board.forms.reading import Number, shortest
from stream.board.sums import Moment, series_of, sum_term, sum_terms
from stream.board.windows import Window
from stream.sketch import quantile


def facets_of(
    moment: Moment, definition: KpiDefinition, scope: str, window: Window, denominator: Fraction
) -> dict[str, Number]:
    """Every facet that a definition shows, by name in order."""
    if definition.facets == "named":
        return named_facets(moment, definition, scope, window)
    if definition.facets == "none" or definition.facets_of is None:
        return {}
    facets: dict[str, Number] = {}
    for name, amount in by_facet(moment, definition, scope, window).items():
        if definition.facets == "count":
            if amount or name in definition.facet_names:
                facets[name] = shortest(amount)
        elif amount and denominator:
            facets[name] = shortest(amount / denominator)
    return facets


def by_facet(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> dict[str, Fraction]:
    """The sum of each facet of the measure ``facets_of``, and of those that are shown although zero."""
    measure = definition.facets_of or ""
    names = {facet for facet, _, _ in series_of(moment, measure, scope)} | set(definition.facet_names)
    return {name: sum_term(moment, Term(measure=measure, facet=name), scope, window).amount for name in sorted(names)}


def named_facets(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> dict[str, Number]:
    """The facets that a definition names; one that has nothing to divide by, or no quantile, is left out."""
    is_mean = definition.form == "mean"
    unit = Fraction(definition.multiplier, definition.divisor) if is_mean else Fraction(1)
    facets: dict[str, Number] = {}
    for name, facet in sorted(definition.named_facets.items()):
        amount = _named(moment, facet, scope, window, unit)
        if amount is not None:
            facets[name] = amount
    return facets


def _named(moment: Moment, facet: Facet, scope: str, window: Window, unit: Fraction) -> Number | None:
    if facet.quantile is not None and facet.buckets is not None:
        counts = bucket_counts(moment, facet, scope, window)
        if not any(counts.values()):
            return None
        return float(quantile(counts, Fraction(facet.quantile)) * float(unit))
    top = sum_terms(moment, facet.numerator, scope, window).amount
    if not facet.denominator:
        return shortest(top)
    bottom = sum_terms(moment, facet.denominator, scope, window).amount
    if not bottom:
        return None
    share = top / bottom
    return shortest(1 - share if facet.complement else share * unit)


def bucket_counts(moment: Moment, facet: Facet, scope: str, window: Window) -> dict[str, int]:
    """How many values lie in each bucket of a sketch; those that come to nothing are left out."""
    lead = "" if facet.anchor is None else f"{facet.anchor}:"
    measure = facet.buckets or ""
    names = {name for name, _, _ in series_of(moment, measure, scope) if name.startswith(lead)}
    counts = {
        name[len(lead) :]: int(sum_term(moment, Term(measure=measure, facet=name), scope, window).amount)
        for name in names
    }
    return {bucket: count for bucket, count in counts.items() if count}
