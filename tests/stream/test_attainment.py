"""Quota attainment and pace: targets, working calendars, absences, ramps."""

from __future__ import annotations

from typing import Any

import pytest

from stream.board.windows import UnknownWindow
from tests.stream.office import OFFICE_HOURS, Line, Office, call, rep, target, win

MAY = ("2026-05-01", "2026-06-01")
WORKING_DAYS = 20  # of May 2026: 21 weekdays less Ascension
HOURS: Line = (
    "2026-01-01 00:00",
    "calendar.changed",
    {"calendar": "office", "shifts": OFFICE_HOURS, "holidays": ["2026-05-14"]},
)
TENANT: Line = ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"})
ANN: Line = ("2026-01-02 08:00", "roster.changed", rep("R-1", team="T-1"))
START = (HOURS, TENANT, ANN)


def quota(name: str, scope: str, value: float, **said: Any) -> Line:
    """A revenue target for May, set on the first of it."""
    return ("2026-05-01 08:00", "target.set", target(name, scope, *MAY, value, **said))


def test_half_of_the_working_time_is_gone_and_more_than_half_is_sold() -> None:
    office = Office(*START, quota("Q-1", "rep:R-1", 10_000), ("2026-05-08 10:00", "deal.won", win("R-1", "D-1", 6_000)))
    value = office.value("quota_attainment", "rep:R-1", "mtd", "2026-05-16 00:00")  # the 10th working day is over
    assert (value.value, value.numerator, value.denominator, value.n) == (0.6, 600_000, 1_000_000, 1)
    assert value.facets == {"elapsed": 0.5, "expected": 500_000, "pace": 1.2, "projection": 1_200_000, "gap": 400_000}
    assert (value.unit, value.status) == ("ratio", "live")
    # It is the same number in the month that is named, and a whole one once the month is over.
    assert office.value("quota_attainment", "rep:R-1", "month:2026-05", "2026-05-16 00:00").facets == value.facets
    assert office.value("quota_attainment", "rep:R-1", "month:2026-05", "2026-06-10 00:00").facets["elapsed"] == 1


def test_a_target_set_in_the_middle_of_a_period_rules_all_of_it() -> None:
    office = Office(*START, quota("Q-1", "company", 10_000), ("2026-05-04 10:00", "deal.won", win("R-1", "D-1", 5_000)))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").value == 0.5
    office.tell(("2026-05-20 09:00", "target.set", target("Q-1", "company", *MAY, 20_000)))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").value == 0.5  # as it was known then
    assert office.value("quota_attainment", "company", "mtd", "2026-05-21 00:00").value == 0.25
    assert office.value("quota_attainment", "company", "month:2026-05", "2026-07-01 00:00").value == 0.25


def test_of_several_targets_the_primary_one_counts_else_the_smallest_id() -> None:
    office = Office(*START, quota("Q-2", "company", 1_000), quota("Q-3", "company", 2_000))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").denominator == 100_000
    office.tell(quota("Q-3", "company", 2_000, primary=True))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").denominator == 200_000
    # What a later version leaves out stays as it was.
    office.tell(("2026-05-02 08:00", "target.set", target("Q-3", "company", *MAY, 3_000)))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").denominator == 300_000


def test_a_target_may_count_deals_or_leads() -> None:
    leads = target("Q-1", "team:T-1", "2026-04-01", "2026-07-01", 0.08, kpi="new_leads", unit="accounts", currency=None)
    office = Office(*START, ("2026-04-01 08:00", "target.set", leads | {"value": 8}))
    office.tell(*(("2026-05-04 10:00", "lead.created", {"lead": f"L-{n}", "rep": "R-1"}) for n in range(2)))
    value = office.value("quota_attainment", "team:T-1", "qtd", "2026-05-12 00:00")
    assert (value.value, value.numerator, value.denominator) == (0.25, 2, 8)
    assert office.value("quota_attainment", "team:T-1", "mtd", "2026-05-12 00:00").value is None


def test_a_target_in_another_currency_takes_the_rate_of_now_and_is_partial_without_one() -> None:
    dollars = quota("Q-1", "company", 1_000, currency="USD")
    office = Office(*START, dollars, ("2026-05-04 10:00", "deal.won", win("R-1", "D-1", 450)))
    value = office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00")
    assert (value.value, value.numerator, value.denominator, value.facets) == (None, 45_000, None, {})
    assert (value.status, value.missing) == ("partial", ["rate:USD"])
    office.tell(("2026-05-05 10:00", "rate.set", {"currency": "USD", "base_per_unit": "0.9"}))
    office.tell(("2026-05-12 10:00", "rate.set", {"currency": "USD", "base_per_unit": "1.0"}))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").value == 0.5
    assert office.value("quota_attainment", "company", "mtd", "2026-05-13 00:00").value == 0.45


def test_an_absence_makes_the_rest_of_the_month_count_more() -> None:
    office = Office(*START, quota("Q-1", "rep:R-1", 10_000), quota("Q-2", "team:T-1", 10_000))
    office.tell(("2026-05-01 08:00", "absence.recorded", {"rep": "R-1", "from": "2026-05-18", "to": "2026-05-30"}))
    elapsed = {
        scope: office.value("quota_attainment", scope, "mtd", "2026-05-16 00:00").facets["elapsed"]
        for scope in ("rep:R-1", "team:T-1")
    }
    assert elapsed == {"rep:R-1": 1, "team:T-1": 0.5}  # nobody else's time is a team's


def test_a_ramp_expects_less_at_first() -> None:
    newcomer = rep("R-2", ramp={"starts_on": "2026-04-15", "months": 3})
    office = Office(HOURS, TENANT, ("2026-04-15 08:00", "roster.changed", newcomer), quota("Q-1", "rep:R-2", 10_000))
    # May 2026: 1-14 (9 working days, Ascension off) in the first month at 1/4, 15-31 (11 days) in the second at 2/4.
    share = office.value("quota_attainment", "rep:R-2", "mtd", "2026-05-15 00:00").facets["elapsed"]
    assert share == (9 / 4) / (9 / 4 + 11 / 2)


def test_who_joins_in_the_middle_is_expected_to_do_it_in_the_rest() -> None:
    office = Office(HOURS, TENANT, quota("Q-1", "rep:R-2", 10_000))
    office.tell(("2026-05-18 08:00", "roster.changed", rep("R-2")))
    value = office.value("quota_attainment", "rep:R-2", "mtd", "2026-05-19 00:00")
    assert value.facets["elapsed"] == 0.1  # one of the ten days from the 18th on
    before = office.value("quota_attainment", "rep:R-2", "mtd", "2026-05-18 00:00")
    assert before.facets["elapsed"] == 0.5  # nobody knew of the roster yet: the tenant's calendar


def test_a_curve_says_what_is_expected_when() -> None:
    office = Office(*START, quota("Q-1", "company", 10_000, curve=[0.1, 0.2, 0.4, 1]))
    value = office.value("quota_attainment", "company", "mtd", "2026-05-16 00:00")
    assert (value.facets["elapsed"], value.facets["expected"]) == (0.5, 200_000)
    later = office.value("quota_attainment", "company", "mtd", "2026-05-20 00:00")  # 12 of 20 days: 3/5 of the time
    assert later.facets["expected"] == round(1_000_000 * (0.2 + 0.4 * 0.2))


def test_rows_are_targets_of_open_and_closed_periods() -> None:
    april = target("Q-0", "company", "2026-04-01", "2026-05-01", 100)
    office = Office(*START, ("2026-04-01 08:00", "target.set", april), quota("Q-1", "rep:R-1", 10_000))
    office.tell(("2026-05-04 10:00", "touch.logged", call("R-1")))
    rows = [(row.scope, row.window) for row in office.rows("quota_attainment", "2026-05-12 00:00")]
    assert rows == [("company", "month:2026-04"), ("rep:R-1", "mtd")]


def test_windows_that_are_no_period_make_no_sense() -> None:
    with pytest.raises(UnknownWindow, match="makes no sense for quota_attainment; allowed: mtd, qtd, ytd, month"):
        Office(*START).value("quota_attainment", "company", "7d", "2026-05-12 00:00")


def test_no_working_time_expects_nothing() -> None:
    weekend: Line = ("2026-01-01 00:00", "calendar.changed", {"calendar": "never", "shifts": {}})
    office = Office(weekend, ("2026-01-01 00:01", "tenant.configured", {"calendar": "never"}))
    office.tell(quota("Q-1", "company", 100), ("2026-05-04 10:00", "deal.won", win("R-1", "D-1", 50)))
    assert office.value("quota_attainment", "company", "mtd", "2026-05-12 00:00").facets == {"gap": 5_000}
