"""A tenant with too many series: whole scopes are left out, and what is left out is there as one."""

from __future__ import annotations

from schemas.kpi import KpiValue
from tests.views.test_exposition import DEFINITIONS, value
from views.bounding import WHOLE, bounded, series_of


def sum_of(scope: str, amount: int, **changes: object) -> KpiValue:
    """Touches of a scope, calls all of them but one."""
    facets = {"call": amount - 1, "email": 1} if amount else {}
    plain = {"kpi": "activity_count", "value": amount, "numerator": amount, "denominator": None, "n": amount}
    return value(**(plain | {"scope": scope, "facets": facets} | changes))


def ratio_of(scope: str, won: int, closed: int) -> KpiValue:
    """A win rate."""
    rate = won / closed if closed else None
    return value(kpi="win_rate", scope=scope, value=rate, numerator=won, denominator=closed, n=closed, facets={})


def count(*values: KpiValue) -> int:
    """Series at most."""
    return series_of(values, DEFINITIONS)


REPS = [sum_of(f"rep:R-{n}", n + 1) for n in range(6)]
COMPANY = sum_of("company", 21, facets={"call": 15, "email": 6})


def test_what_fits_is_shown_as_it_is() -> None:
    shown = bounded([COMPANY, *REPS], DEFINITIONS, is_cut=False, series_max=count(COMPANY, *REPS))
    assert (list(shown.values), shown.dropped) == ([COMPANY, *REPS], 0)


def test_what_does_not_fit_is_one_scope_and_counted() -> None:
    room = 3 * (WHOLE + 2) + count(*REPS[:3])
    shown = bounded([COMPANY, *REPS], DEFINITIONS, is_cut=False, series_max=room)
    assert [each.scope for each in shown.values] == ["company", "rep:R-0", "rep:R-1", "rep:R-2", "rep:_other"]
    other = shown.values[-1]
    assert (other.value, other.n, other.numerator, other.denominator) == (15, 15, 15, None)
    assert other.facets == {"call": 12, "email": 3}
    assert shown.dropped == count(*REPS[3:])
    assert count(*shown.values) <= room


def test_parts_of_ratios_add_up() -> None:
    values = [ratio_of("company", 5, 10), ratio_of("rep:R-1", 2, 3), ratio_of("rep:R-2", 3, 7)]
    shown = bounded(values[:2], DEFINITIONS, is_cut=True)
    other = shown.values[-1]
    assert (other.scope, other.numerator, other.denominator, other.value) == ("rep:_other", 3, 7, 3 / 7)
    whole = bounded([values[0], *values[1:]], DEFINITIONS, is_cut=True)
    assert whole.values[-1].value is None
    assert whole.values[-1].denominator == 0


def test_teams_are_kept_before_reps() -> None:
    teams = [sum_of("team:north", 15), sum_of("team:south", 6)]
    room = 3 * (WHOLE + 2) + count(*teams)
    shown = bounded([COMPANY, *teams, *REPS], DEFINITIONS, is_cut=False, series_max=room)
    assert [each.scope for each in shown.values] == ["company", "team:north", "team:south", "rep:_other"]
    assert shown.values[-1].value == 21


def test_what_does_not_add_up_has_no_rest() -> None:
    rank = value(kpi="leaderboard", scope="rep:R-1", value=1, numerator=None, denominator=None, n=1, facets={})
    shown = bounded([COMPANY, rank], DEFINITIONS, is_cut=True)
    assert [(each.kpi, each.scope) for each in shown.values[1:]] == [
        ("leaderboard", "rep:R-1"),
        ("activity_count", "rep:_other"),
    ]
