"""Sums, ratios, means and classes: what comes out of sums of cells alone."""

from __future__ import annotations

from fractions import Fraction

from schemas.kpi import KpiDefinition
from stream.board.forms.facets import by_facet, facets_of
from stream.board.forms.reading import Number, Reading, shortest
from stream.board.measures import MONEY
from stream.board.sums import Moment, sum_terms
from stream.board.windows import Window


def read_sum(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """The numerator."""
    reading = _read_sums(moment, definition, scope, window)
    reading.value = reading.numerator
    reading.facets = facets_of(moment, definition, scope, window, Fraction(1))
    return reading


def read_ratio(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """``multiplier`` × numerator ÷ denominator ÷ ``divisor``; of money the fraction is kept."""
    reading = _read_sums(moment, definition, scope, window)
    bottom = sum_terms(moment, definition.denominator, scope, window)
    reading.denominator = bottom.amount
    reading.missing |= bottom.missing
    if reading.numerator is not None and bottom.amount:
        reading.value = Fraction(definition.multiplier, definition.divisor) * reading.numerator / bottom.amount
    reading.facets = facets_of(moment, definition, scope, window, bottom.amount)
    if definition.maturing is not None and definition.maturing in reading.facets:
        reading.maturing = Fraction(reading.facets[definition.maturing])
    return reading


def read_classes(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    """The numerator, and beside it the count of each class and its share of all."""
    reading = _read_sums(moment, definition, scope, window)
    reading.value = reading.numerator
    counts = by_facet(moment, definition, scope, window)
    whole = sum(counts.values(), Fraction(0))
    facets: dict[str, Number] = {name: shortest(count) for name, count in counts.items()}
    if whole:
        facets |= {f"{name}_share": shortest(count / whole) for name, count in counts.items()}
    reading.facets = dict(sorted(facets.items()))
    return reading


def _read_sums(moment: Moment, definition: KpiDefinition, scope: str, window: Window) -> Reading:
    top = sum_terms(moment, definition.numerator, scope, window)
    n = int(sum_terms(moment, definition.count, scope, window).amount)
    return Reading(
        value=None,
        n=n,
        numerator=top.amount,
        is_money=any(term.measure in MONEY for term in definition.numerator),
        missing=set(top.missing),
        terms=definition.terms,
        is_listed=bool(n or top.amount),
    )
