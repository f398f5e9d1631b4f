"""What the cells of one value of a dimension add up to: the only place where cells are summed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from schemas.money import exponent
from stream.board.measures import MONEY
from stream.board.moment import NONE, Amount, Cut, Moment, Sums
from stream.board.reference.rates import rates_of
from stream.board.series import Series

NOTHING = Sums({})


def own_sums(
    moment: Moment, measure: str, series: Mapping[str, Series], starts: Sequence[int], end: int, known_before: int
) -> list[Sums]:
    """The sums of a value's series, by facet, over panes from each start to the end (UTC minutes)."""
    if not series:
        return [NOTHING] * len(starts)
    facets: list[dict[str, int]] = [{} for _ in starts]
    foreign = {facet: each for facet, each in series.items() if measure in MONEY and facet != moment.base_currency}
    for facet, each in series.items():
        if facet in foreign:
            continue
        totals = each.totals(starts, end, known_before)
        if moment.without_late and each.is_late:
            late = (each.late_total(start, end, known_before) for start in starts)
            totals = [total - left for total, left in zip(totals, late, strict=True)]
        for at, total in enumerate(totals):
            if total:
                facets[at][facet] = total
    if foreign or (not moment.without_late and any(each.is_late for each in series.values())):
        cuts = [(start, end, known_before) for start in starts]
        return [_rare(moment, series, found, foreign, cut) for found, cut in zip(facets, cuts, strict=True)]
    return [Sums(found) if found else NOTHING for found in facets]


def _rare(
    moment: Moment, series: Mapping[str, Series], facets: dict[str, int], foreign: Mapping[str, Series], cut: Cut
) -> Sums:
    """Sums with foreign money, or with what came late."""
    amount: Amount = 0
    unrated: dict[tuple[str, date], int] = {}
    for currency, each in foreign.items():
        amount += _converted(moment, currency, each, cut, unrated)
    late = NONE if moment.without_late else _receipts(series, cut)
    return Sums(facets, amount, unrated, late) if facets or amount or unrated or late else NOTHING


def _receipts(series: Mapping[str, Series], cut: Cut) -> Mapping[str, int]:
    """The newest receipts (UTC s) of facets among late contributions."""
    found: dict[str, int] = {}
    for facet, each in series.items():
        if each.is_late:
            receipt_s = each.latest_receipt(*cut)
            if receipt_s:
                found[facet] = receipt_s
    return found or NONE


def _converted(moment: Moment, currency: str, series: Series, cut: Cut, unrated: dict[tuple[str, date], int]) -> Amount:
    """Foreign amounts, each at the rate of its local day; what has none goes to ``unrated``."""
    organisation, base = moment.board.organisation, moment.base_currency
    rates = rates_of(organisation, moment.cut_ms).get(currency, []) if base is not None else []
    by_rate: dict[int, int] = {}
    for pane, amount in series.amounts(*cut, without_late=moment.without_late):
        at = bisect_right(rates, pane, key=lambda rate: rate[0])
        if at:
            by_rate[at - 1] = by_rate.get(at - 1, 0) + amount
        else:
            day = currency, moment.calendar.date_of(pane)
            unrated[day] = unrated.get(day, 0) + amount
    if base is None:
        return 0
    scale = Fraction(10) ** (exponent(base) - exponent(currency))
    return sum((amount * rates[at][1] * scale for at, amount in by_rate.items()), Fraction(0))
