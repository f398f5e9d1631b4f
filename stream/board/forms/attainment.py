"""Attainment: what there is of a target, and whether it keeps pace with the working time that has passed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from schemas.data import TargetSet
from schemas.kpi import KpiDefinition
from schemas.money import exponent
from stream.board.forms.form import Form
from stream.board.forms.plain import PLAIN
from stream.board.forms.reading import Number, Reading, shortest, shown
from stream.board.measures import MONEY
from stream.board.moment import Moment
from stream.board.reference.rates import rates_of
from stream.board.reference.targets import targets_of
from stream.board.reference.working import timesheet_of
from stream.board.windows import Window, period_of
from stream.catalogue.catalogue import Catalogue


@dataclass(frozen=True)
class Share:
    """Of a period's working time."""

    elapsed: Fraction | None


def read_attainment(moment: Moment, catalogue: Catalogue, _: KpiDefinition, scope: str, window: Window) -> Reading:
    """The target's KPI over its whole period up to now ÷ the target; nothing where there is no target.

    Facets: elapsed (the share of the period's working time), expected (the target × that share, or what its curve says
    of it), pace (actual ÷ expected), projection (actual ÷ elapsed) and gap (target − actual). A rate doesn't grow with
    time: all of it is expected, and it is its own projection.
    """
    target = target_of(moment, catalogue, scope, window)
    if target is None:
        return Reading(None, 0)
    definition = catalogue.find(target.kpi)
    actual = PLAIN[definition.form].read(moment, catalogue, definition, scope, window)
    amount, rate_missing = _amount(moment, definition, target)
    is_rate = actual.denominator is not None
    reading = Reading(
        value=actual.value / amount if actual.value is not None and amount else None,
        n=actual.n,
        numerator=actual.value,
        denominator=amount,
        is_money=actual.is_money and not is_rate,
        missing=actual.missing | rate_missing,
        terms=definition.terms,
        is_listed=True,
    )
    if actual.value is not None and amount is not None:
        elapsed = elapsed_share(moment, scope, window)
        reading.facets = _facets(
            target, Fraction(actual.value), amount, elapsed, is_rate=is_rate, is_money=reading.is_money
        )
    return reading


def target_of(moment: Moment, catalogue: Catalogue, scope: str, window: Window) -> TargetSet | None:
    """The target that counts for a scope over the period a window stands in."""
    period = period_of(window.name, moment.cut, moment.calendar)
    if period is None:
        return None
    found = targets_of(moment.board.organisation, moment.cut_ms).get((scope, *period), [])
    return next((target for target in found if _is_read(catalogue, target)), None)


def _is_read(catalogue: Catalogue, target: TargetSet) -> bool:
    """Whether the target's KPI is there and is served for its scope."""
    definition = catalogue.definitions.get(target.kpi)
    if definition is None or definition.form not in PLAIN:
        return False
    return target.scope.partition(":")[0] in definition.scopes


def elapsed_share(moment: Moment, scope: str, window: Window) -> Fraction | None:
    """The share of a period's working time that lies before the cut: a rep's own, else that of the tenant's calendar.

    None where nobody works in it.
    """
    period = period_of(window.name, moment.cut, moment.calendar)
    assert period is not None
    start, end = (moment.calendar.day_start(day) for day in period)
    kind, _, scope_id = scope.partition(":")
    sheet = timesheet_of(moment.board.organisation, moment.cut_ms, scope_id if kind == "rep" else None)

    key = ("elapsed", start, end, sheet.within(start, end))
    found = moment.readings.get(key)
    if found is None:
        whole = sheet.weight(start, end)
        done = sheet.weight(start, min(moment.cut, end))
        found = moment.readings[key] = Share(done / whole if whole else None)
    assert isinstance(found, Share)
    return found.elapsed


def _amount(moment: Moment, definition: KpiDefinition, target: TargetSet) -> tuple[Fraction | None, set[str]]:
    """What is wanted, money in minor units of the base currency at the rate of now; and the rate that isn't there.

    Where no unit is said it is the KPI's.
    """
    amount, base = Fraction(target.value), moment.base_currency
    currency = target.currency or base
    counts_money = any(term.measure in MONEY for term in definition.numerator)
    is_money = target.unit == "money" or (target.unit is None and counts_money)
    if not is_money or currency == base:
        return amount, set()
    assert currency is not None
    rates = rates_of(moment.board.organisation, moment.cut_ms).get(currency, []) if base is not None else []
    at = bisect_right(rates, moment.cut - 1, key=lambda rate: rate[0])
    if not at or base is None:
        return None, {f"rate:{currency}"}
    return amount * rates[at - 1][1] * Fraction(10) ** (exponent(base) - exponent(currency)), set()


def _facets(
    target: TargetSet, actual: Fraction, amount: Fraction, elapsed: Fraction | None, *, is_rate: bool, is_money: bool
) -> dict[str, Number]:
    found: dict[str, Fraction] = {"gap": amount - actual}
    if elapsed is not None:
        found["elapsed"] = elapsed
    if is_rate:
        found |= {"expected": amount, "projection": actual}
    elif elapsed is not None:
        found["expected"] = amount * (along(target.curve, elapsed) if target.curve else elapsed)
        if elapsed:
            found["projection"] = actual / elapsed
    if found.get("expected"):
        found["pace"] = actual / found["expected"]
    shares = ("elapsed", "pace")
    return {
        name: shortest(part) if name in shares else shown(part, is_money=is_money)
        for name, part in sorted(found.items())
    }


def along(curve: list[float], share: Fraction) -> Fraction:
    """A cumulative curve at a share of the time: its points lie evenly, the last at 1, before the first it is 0; linear
    in between.
    """
    points = [Fraction(0), *map(Fraction, curve)]
    place = share * len(curve)
    before = min(int(place), len(curve) - 1)
    return points[before] + (points[before + 1] - points[before]) * (place - before)


def target_scopes(moment: Moment, _: Catalogue, definition: KpiDefinition) -> set[str]:
    """Every scope that has a target."""
    targets = targets_of(moment.board.organisation, moment.cut_ms)
    return {scope for scope, _, _ in targets if scope.partition(":")[0] in definition.scopes}


def first_target_minute(moment: Moment, _: Catalogue, __: KpiDefinition) -> int | None:
    """When the first period of any target begins (UTC minutes)."""
    days = [first for _, first, _ in targets_of(moment.board.organisation, moment.cut_ms)]
    return moment.calendar.day_start(min(days)) if days else None


ATTAINMENT = Form(read_attainment, target_scopes, first_target_minute)
