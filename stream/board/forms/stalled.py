"""Stalled deals: open ones about which nobody has done anything for some working days of their stage."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from schemas.kpi import KpiDefinition
from schemas.money import exponent
from stream.board.forms.form import Form
from stream.board.forms.plain import scopes_with_cells
from stream.board.forms.reading import Number, Reading, round_half_even
from stream.board.moment import Amount, Moment
from stream.board.reference.pipelines import patience_of
from stream.board.reference.rates import rates_of
from stream.board.reference.roster import NOBODY, active_at
from stream.board.reference.working import timesheet_of
from stream.board.series import Series
from stream.board.windows import BEGINNING_MIN, Window
from stream.catalogue.catalogue import Catalogue
from stream.panes import DAY_MIN, HOUR_MIN
from stream.stages import amount_facet, currency_of, stage_of
from stream.working_time import Piece, Timesheet

LOOKS_BACK_DAYS = 400
"""How far back working days are counted; who has had too few of them by then has no stalled deals."""

Days = tuple[Timesheet, tuple[Piece, ...]]
"""Somebody's working time, and what of it is looked at: the same for whoever works alike."""


@dataclass(slots=True)
class Standstill:
    """Open deals, and those of them that have stalled: how many by stage, what they are worth by currency, and the hour
    (UTC minute) since which the oldest has stood still.
    """

    open_deals: int = 0
    stalled: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)
    oldest: int | None = None


def read_stalled(moment: Moment, _: Catalogue, definition: KpiDefinition, scope: str, __: Window) -> Reading:
    """How many deals have stalled, of the rep's own or of everybody's who is in the team now, and ``n`` open ones.

    A level: the window changes nothing.
    """
    found = [_of_rep(moment, definition, rep) for rep in _owners(moment, definition, scope)]
    n = sum(each.open_deals for each in found)
    stalled, amounts = _added(each.stalled for each in found), _added(each.amounts for each in found)
    count = sum(stalled.values())
    reading = Reading(count, n, numerator=count, is_listed=n > 0)
    if moment.facets == "none" or not n:
        return reading
    facets: dict[str, Number] = {}
    if moment.base_currency is not None:
        worth, reading.missing = _converted(moment, moment.base_currency, amounts)
        facets["amount"] = round_half_even(worth)
    oldest = min((each.oldest for each in found if each.oldest is not None), default=None)
    if oldest is not None:
        facets["oldest"] = (moment.cut - oldest) // DAY_MIN
    reading.facets = facets | {f"stage:{stage}": count for stage, count in sorted(stalled.items())}
    return reading


def _added(parts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for part in parts:
        for name, amount in part.items():
            total[name] = total.get(name, 0) + amount
    return total


def _converted(moment: Moment, base: str, amounts: dict[str, int]) -> tuple[Amount, set[str]]:
    """Amounts at the rates of the moment, in minor units of the base currency, and which rates are missing."""
    worth: Amount = 0
    missing: set[str] = set()
    for currency, amount in amounts.items():
        if currency == base:
            worth += amount
            continue
        rates = rates_of(moment.board.organisation, moment.cut_ms).get(currency, [])
        at = bisect_right(rates, moment.cut - 1, key=lambda rate: rate[0])
        if at:
            worth += amount * rates[at - 1][1] * Fraction(10) ** (exponent(base) - exponent(currency))
        elif amount:
            missing.add(f"rate:{currency}")
    return worth, missing


def _owners(moment: Moment, definition: KpiDefinition, scope: str) -> list[str]:
    """The reps with deals in a scope: whoever is in a team now, active or not; of whom the roster doesn't know, in
    nobody's.
    """
    kind, _, scope_id = scope.partition(":")
    if kind == "rep":
        return [scope_id]
    owners = moment.board.all_of(definition.numerator[0].measure, "rep")
    if kind == "company":
        return list(owners)
    members = moment.spans.get(scope_id, {})
    now = moment.cut - 1
    found = [rep for rep, spans in members.items() if rep in owners and any(low <= now < high for low, high in spans)]
    if scope_id == NOBODY:
        found += [rep for rep in owners if rep not in moment.spans[NOBODY]]
    return found


def _of_rep(moment: Moment, definition: KpiDefinition, rep: str) -> Standstill:
    key = ("standstill", definition.slug, rep)
    found = moment.readings.get(key)
    if not isinstance(found, Standstill):
        found = moment.readings[key] = _standstill(moment, definition, rep)
    return found


def _standstill(moment: Moment, definition: KpiDefinition, rep: str) -> Standstill:
    found = Standstill()
    board, cut = moment.board, moment.cut
    worth = board.find(definition.facets_of or "", "rep", rep)
    days: Days | None = None
    for stage, series in board.find(definition.numerator[0].measure, "rep", rep).items():
        standing = series.total(BEGINNING_MIN, cut, cut)
        if not standing:
            continue
        found.open_deals += standing
        days = days or _days_of(moment, rep)
        before = _cut_off(moment, days, _patience(moment, definition, stage))
        stalled = series.total(BEGINNING_MIN, before, cut)
        if not stalled:
            continue
        found.stalled[stage] = stalled
        for facet, amounts in worth.items():
            if facet == amount_facet(currency_of(facet), stage):
                amount = amounts.total(BEGINNING_MIN, before, cut)
                found.amounts[currency_of(facet)] = found.amounts.get(currency_of(facet), 0) + amount
        oldest = _oldest(series, before, cut)
        found.oldest = oldest if found.oldest is None else min(found.oldest, oldest)
    return found


def _days_of(moment: Moment, rep: str) -> Days:
    """An active owner's working time; of others, who have none, the tenant's."""
    organisation, calendar = moment.board.organisation, moment.calendar
    sheet = timesheet_of(organisation, moment.cut_ms, rep if rep in active_at(organisation, moment.cut_ms) else None)
    today = calendar.date_of(moment.cut - 1)
    first, after = today - timedelta(days=LOOKS_BACK_DAYS), today + timedelta(days=1)
    return sheet, sheet.within(calendar.day_start(first), calendar.day_start(after))


def _patience(moment: Moment, definition: KpiDefinition, stage: str) -> float:
    """For how many working days a deal may stand still in a stage: as configured, else as defined."""
    usual = definition.stage_thresholds.get(stage_of(stage), definition.threshold or 0)
    return patience_of(moment.board.organisation, moment.cut_ms).of(stage, usual)


def _oldest(series: Series, before: int, cut: int) -> int:
    """The first hour that holds a deal; there is one before ``before``. No hour ever holds less than none."""
    first = series.first_pane()
    low = before if first is None else first // HOUR_MIN
    high = before // HOUR_MIN
    while low < high:
        middle = (low + high) // 2
        if series.total(BEGINNING_MIN, (middle + 1) * HOUR_MIN, cut):
            high = middle
        else:
            low = middle + 1
    return low * HOUR_MIN


def _cut_off(moment: Moment, days: Days, patience: float) -> int:
    """The hour (UTC minute) before which whoever stood still has done so for more than so many working days.

    A working day is one with any working time, and counts 24 hours by the wall clock; on other days time stands still.
    """
    sheet, pieces = days
    key = ("cut off", patience, pieces)
    found = moment.readings.get(key)
    if isinstance(found, int):
        return found
    calendar, last = moment.calendar, moment.cut - 1
    today, hour = calendar.hour_of(last)
    left = int(patience * DAY_MIN)
    minute_of_day = (hour + 1) * HOUR_MIN - (calendar.hour_end(last) - last) + 1
    before = BEGINNING_MIN
    for day, minutes in _working_days(moment, sheet, today, minute_of_day):
        if left <= minutes:
            before = _hour_at(moment, day, minutes - left)
            break
        left -= minutes
    moment.readings[key] = before
    return before


def _working_days(moment: Moment, sheet: Timesheet, today: date, until: int) -> Iterator[tuple[date, int]]:
    """The working days backwards, and how many minutes of each have passed."""
    calendar = moment.calendar
    for back in range(LOOKS_BACK_DAYS + 1):
        day = today - timedelta(days=back)
        if sheet.minutes(calendar.day_start(day), calendar.day_start(day + timedelta(days=1))):
            yield day, DAY_MIN if back else until


def _hour_at(moment: Moment, day: date, minute: int) -> int:
    """The UTC hour that holds the beginning of a local hour."""
    if minute >= DAY_MIN:
        start = moment.calendar.day_start(day + timedelta(days=1))
    else:
        start = moment.calendar.hour_span(day, minute // HOUR_MIN)[0]
    return start // HOUR_MIN * HOUR_MIN


def _no_pane(_: Moment, __: Catalogue, ___: KpiDefinition) -> None:
    """A level has no closed periods."""


STALLED = Form(read_stalled, scopes_with_cells, _no_pane)
