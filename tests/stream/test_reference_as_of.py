"""Reference data as of the day: late and corrected words restate what they must and nothing else."""

from __future__ import annotations

from schemas.kpi import KpiValue
from tests.stream.office import OFFICE_HOURS, Line, Office, call, rep, target, win

WINS: tuple[Line, ...] = (
    ("2026-05-04 10:00", "deal.won", win("ann", "D-1", 100)),
    ("2026-05-11 10:00", "deal.won", win("ann", "D-2", 10)),
    ("2026-05-18 10:00", "deal.won", win("ann", "D-3", 1)),
)
NIGHT = "2026-05-20 00:00"


def joins(when: str, team: str) -> Line:
    """Ann joins a team."""
    return (when, "roster.changed", rep("ann", team=team))


def revenue(office: Office, at: str = NIGHT) -> dict[str, float]:
    """Euros of the month by team."""
    rows = [row for row in office.rows("revenue", at) if row.window == "mtd" and row.scope.startswith("team:")]
    return {row.scope.removeprefix("team:"): (row.value or 0) / 100 for row in rows}


def test_a_roster_changed_twice_and_corrected_once() -> None:
    office = Office(*WINS)
    assert revenue(office) == {"_none": 111}  # unrostered, yet counted
    office.tell(joins("2026-05-01 08:00", "north"))
    assert revenue(office) == {"north": 111}
    office.tell(joins("2026-05-09 12:00", "south"), joins("2026-05-18 18:00", "east"))
    assert revenue(office) == {"north": 100, "south": 10, "east": 1}  # the evening's version rules all of the 18th
    assert revenue(office, "2026-05-18 17:00") == {"north": 100, "south": 11}  # nobody knew yet
    # The change of the 9th should have been of the 12th: a revision of it, late.
    office.tell(joins("2026-05-12 12:00", "south"), id="e6", revision=1)
    assert revenue(office) == {"north": 110, "east": 1}
    office.tell(joins("2026-05-12 12:00", "south"), id="e6", revision=2, voided=True)
    assert revenue(office) == {"north": 110, "east": 1}


def test_what_a_later_word_leaves_out_stays_as_it_was() -> None:
    office = Office(joins("2026-05-01 08:00", "north"), *WINS)
    office.tell(("2026-05-09 08:00", "roster.changed", rep("ann", name="Ann", active=False)))
    office.tell(("2026-05-10 08:00", "roster.changed", rep("ann", territory="EU")))
    assert revenue(office) == {"north": 111}
    assert office.value("rep_stall", "rep:ann", "today", NIGHT).value is None  # still inactive


def test_a_late_rate_restates_its_days_and_no_others() -> None:
    office = Office(
        ("2026-05-01 08:00", "rate.set", {"currency": "USD", "base_per_unit": "0.5"}),
        ("2026-05-04 10:00", "deal.won", win("ann", "D-1", 100, "USD")),
        ("2026-05-11 10:00", "deal.won", win("ann", "D-2", 100, "USD")),
    )
    assert revenue(office) == {"_none": 100}
    office.tell(("2026-05-11 20:00", "rate.set", {"currency": "USD", "base_per_unit": "0.75"}))
    assert revenue(office) == {"_none": 125}
    assert revenue(office, "2026-05-11 12:00") == {"_none": 100}


def test_holidays_that_come_late_change_the_pace_of_the_days_they_are_about() -> None:
    hours = {"calendar": "office", "shifts": OFFICE_HOURS}
    office = Office(
        ("2026-01-01 08:00", "calendar.changed", hours),
        ("2026-01-01 08:01", "tenant.configured", {"calendar": "office"}),
        ("2026-05-01 08:00", "target.set", target("Q-1", "company", "2026-05-01", "2026-06-01", 100)),
        *WINS[:1],
    )

    def elapsed(at: str) -> float:
        return office.value("quota_attainment", "company", "mtd", at).facets["elapsed"]

    assert elapsed("2026-05-16 00:00") == 11 / 21
    office.tell(("2026-01-02 08:00", "calendar.changed", {"calendar": "office", "holidays": ["2026-05-14"]}))
    assert elapsed("2026-05-16 00:00") == 10 / 20
    # A version of the 18th rules the days from the 18th on: what it forgets was a holiday all the same.
    office.tell(("2026-05-18 08:00", "calendar.changed", {"calendar": "office", "holidays": []}))
    assert elapsed("2026-05-19 00:00") == 11 / 20


def test_a_change_of_the_organisation_touches_no_number_it_isn_t_about() -> None:
    office = Office(joins("2026-05-01 08:00", "north"), *WINS, ("2026-05-19 10:00", "touch.logged", call("ann")))

    def rows() -> dict[tuple[str, str, str], KpiValue]:
        found = [row for kpi in ("revenue", "activity_count", "leaderboard") for row in office.rows(kpi, NIGHT)]
        return {(row.kpi, row.scope, row.window): row for row in found}

    before = rows()
    office.tell(
        ("2026-05-18 09:00", "roster.changed", rep("bob", team="south", active=False)),
        ("2026-05-18 09:00", "product.configured", {"product": "X"}),
        ("2026-05-18 09:00", "rate.set", {"currency": "USD", "base_per_unit": "2"}),
        ("2026-05-18 09:00", "absence.recorded", {"rep": "ann", "from": "2026-05-01", "to": "2026-05-09"}),
        ("2026-06-01 09:00", "roster.changed", rep("ann", team="west")),
    )
    after = rows()
    assert after == before


def test_territories_follow_the_roster_too() -> None:
    office = Office(*WINS, ("2026-05-01 08:00", "roster.changed", rep("ann", territory="EU")))
    office.tell(("2026-05-10 08:00", "roster.changed", rep("ann", territory="US")))
    new_leads = office.value("new_leads", "territory:EU", "mtd", NIGHT)
    assert new_leads.value == 0
    leads: tuple[Line, ...] = tuple(
        (when, "lead.created", {"lead": f"L-{n}", "rep": "ann"})
        for n, when in enumerate(("2026-05-04 10:00", "2026-05-11 10:00", "2026-05-12 10:00"))
    )
    office.tell(*leads)
    found = {row.scope: row.value for row in office.rows("new_leads", NIGHT) if row.window == "mtd"}
    assert (found["territory:EU"], found["territory:US"]) == (1, 2)
