"""Stalled deals: how many open ones nobody has done anything about for some working days of their stage."""

from __future__ import annotations

from schemas.kpi import KpiValue
from tests.stream.office import OFFICE_HOURS, Line, Office, call, rep

HOURS = ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS,
         "holidays": ["2026-05-14"]})  # fmt: skip
TENANT = ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"})
ANN = ("2026-01-04 08:00", "roster.changed", rep("R-1", team="T-1"))
BOB = ("2026-01-04 08:00", "roster.changed", rep("R-2", team="T-1"))
START = (HOURS, TENANT, ANN, BOB)


def opened(when: str, deal: str, owner: str, stage: str, euros: int, **more: str) -> Line:
    """A deal, in an account of its own."""
    said = {"deal": deal, "rep": owner, "stage": stage, "amount_minor": euros * 100, "currency": "EUR"}
    return (when, "deal.opened", said | {"account": deal} | more)


def touched(when: str, deal: str, by: str, **more: object) -> Line:
    """A touch that names the deal."""
    return (when, "touch.logged", call(by, deal=deal, account=deal, **more))


def read(office: Office, scope: str, at: str) -> KpiValue:
    return office.value("stalled_deals", scope, "today", at)


def test_deals_that_nobody_touched_for_working_days_of_their_stage() -> None:
    """The example of the page, in Berlin; three working days before Monday 12:30 is Wednesday 12:30."""
    office = Office(
        *START,
        opened("2026-03-01 10:00", "D-D", "R-1", "negotiation", 7),
        opened("2026-03-02 09:00", "D-A", "R-1", "negotiation", 5),
        opened("2026-03-02 09:00", "D-B", "R-2", "negotiation", 9),
        opened("2026-03-04 10:00", "D-C", "R-1", "qualification", 2),
        touched("2026-03-10 09:00", "D-A", "R-1"),
        touched("2026-03-11 13:00", "D-B", "R-1"),
        touched("2026-03-12 10:00", "D-C", "R-1", kind="sms", automated=True),
        ("2026-03-12 10:00", "deal.lost", {"deal": "D-D", "account": "D-D"}),
    )
    company = read(office, "company", "2026-03-16 12:30")
    assert (company.value, company.n) == (2, 3)
    assert company.facets == {"amount": 700, "oldest": 12, "stage:negotiation": 1, "stage:qualification": 1}
    assert [read(office, f"rep:R-{n}", "2026-03-16 12:30").value for n in (1, 2)] == [2, 0]
    # On the 11th nobody had touched B yet; A was touched on the 10th.
    assert read(office, "company", "2026-03-11 12:00").facets["stage:negotiation"] == 2
    assert read(office, "rep:R-2", "2026-03-16 13:59").value == 0
    assert read(office, "rep:R-2", "2026-03-16 14:00").value == 1  # the hour that began at 13:00 lies three days back


def test_a_holiday_a_weekend_and_an_absence_stop_the_clock() -> None:
    office = Office(*START, opened("2026-05-12 10:30", "D-1", "R-1", "negotiation", 5))
    # Tuesday, Wednesday, Friday; the 14th is Ascension Day, then comes the weekend.
    assert read(office, "rep:R-1", "2026-05-18 10:59").value == 0
    assert read(office, "rep:R-1", "2026-05-18 11:01").value == 1
    away = {"rep": "R-1", "from": "2026-05-13", "to": "2026-05-14", "reason": "ill"}
    office.tell(("2026-05-13 08:00", "absence.recorded", away))
    assert read(office, "rep:R-1", "2026-05-18 11:01").value == 0
    assert read(office, "rep:R-1", "2026-05-19 11:01").value == 1


def test_a_pipeline_says_how_long_its_stages_may_rest() -> None:
    stages = {"pipeline": "fast", "stages": [{"stage": "demo", "stall_after_d": 1}]}
    office = Office(
        *START,
        ("2026-01-05 00:00", "pipeline.configured", stages),
        opened("2026-05-11 10:30", "D-1", "R-1", "demo", 5, pipeline="fast"),
        opened("2026-05-11 10:30", "D-2", "R-1", "demo", 5),
        opened("2026-05-11 10:30", "D-3", "R-1", "demo", 5, pipeline="slow"),
        opened("2026-05-11 10:30", "D-4", "R-1", "closing", 5, pipeline="fast"),
        ("2026-01-05 00:00", "pipeline.configured", {"pipeline": "calm", "stages": [{"stage": "demo"}]}),
        opened("2026-05-11 10:30", "D-5", "R-1", "demo", 5, pipeline="calm"),  # one day in another pipeline is not its
    )
    found = read(office, "rep:R-1", "2026-05-12 11:01")
    assert {name: count for name, count in found.facets.items() if name.startswith("stage:")} == {
        "stage:demo": 1,
        "stage:fast|demo": 1,
        "stage:slow|demo": 1,  # of a pipeline nobody has configured
    }


def test_deals_go_with_their_owner_and_owners_with_their_team() -> None:
    office = Office(
        *START,
        opened("2026-05-04 10:30", "D-1", "R-1", "negotiation", 5),
        ("2026-05-11 10:00", "deal.owner_changed", {"deal": "D-1", "rep": "R-2", "account": "D-1"}),
        ("2026-05-12 08:00", "roster.changed", rep("R-2", team="T-2")),
    )
    assert [row.scope for row in office.rows("stalled_deals", "2026-05-11 09:00")] == ["company", "rep:R-1", "team:T-1"]
    assert [row.scope for row in office.rows("stalled_deals", "2026-05-12 09:00")] == ["company", "rep:R-2", "team:T-2"]
    assert read(office, "team:T-2", "2026-05-12 09:00").value == 1  # an owner's change is nothing done about it
    office.tell(("2026-05-13 08:00", "roster.changed", rep("R-2", active=False)))
    assert read(office, "team:T-2", "2026-05-13 09:00").value == 1  # and nobody's deals don't vanish
    late = touched("2026-05-11 09:00", "D-1", "R-1")
    office.tell(late)
    assert read(office, "team:T-2", "2026-05-13 09:00").value == 0
