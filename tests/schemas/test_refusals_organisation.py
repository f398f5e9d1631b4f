"""What each fault of the organisation's types reads like, and what the contract mends in them."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.data import AbsenceRecorded, AppointmentSet, CalendarChanged, ContestSet, DealOpened, TargetSet
from schemas.event import Event, same_content
from schemas.verdicts import Code
from tests.schemas.samples import DATA, Literally, envelope, written
from tests.schemas.test_refusals import judged, refused, with_data

CALENDAR, ABSENCE, TARGET = "sales.calendar.changed", "sales.absence.recorded", "sales.target.set"
PIPELINE, CONTEST, BONUS, BEAT = (
    "sales.pipeline.configured",
    "sales.contest.set",
    "sales.bonus_plan.set",
    "sales.source.heartbeat",
)
REVIEW, WAVE, TENANT, COST = (
    "sales.review.recorded",
    "sales.staff_survey.sent",
    "sales.tenant.configured",
    "sales.cost.recorded",
)
APPOINTMENT = "sales.appointment.set"
SHIFT = '["HH:MM", "HH:MM"], the first before the second, at most "24:00" (docs/publishing.md#calendars)'


@pytest.mark.parametrize(
    ("type_name", "fields", "text"),
    [
        (CALENDAR, {"shifts": {"monday": []}}, 'data.shifts is an object with "monday"; must be an object of mon, tue'),
        (
            CALENDAR,
            {"shifts": {"mon": [["9:00", "12:00"]]}},
            f'data.shifts.mon[0] is ["9:00", "12:00"]; must be {SHIFT}',
        ),
        (
            CALENDAR,
            {"shifts": {"mon": [["12:00", "09:00"]]}},
            f'data.shifts.mon[0] is ["12:00", "09:00"]; must be {SHIFT}',
        ),
        (CALENDAR, {"shifts": {"mon": [["22:00", "06:00"]]}}, "data.shifts.mon[0] is"),
        (CALENDAR, {"shifts": {"mon": [["24:00", "24:00"]]}}, "data.shifts.mon[0] is"),
        (
            CALENDAR,
            {"shifts": {"tue": "09:00-17:00"}},
            'data.shifts.tue is "09:00-17:00"; must be an array of at most 20',
        ),
        (
            CALENDAR,
            {"shifts": {"fri": [["13:00", "17:00"], ["09:00", "13:01"]]}},
            "data.shifts.fri is shifts that overlap at 13:00; must be shifts that don't overlap",
        ),
        (CALENDAR, {"shifts": []}, "data.shifts is []; must be an object of weekdays, such as"),
        (CALENDAR, {"holidays": ["2026-02-29"]}, 'data.holidays[0] is "2026-02-29"; must be a date (2026-12-31), from'),
        (CALENDAR, {"holidays": ["2026-12-25T00:00:00Z"]}, "data.holidays[0] is"),
        (CALENDAR, {"time_zone": "Berlin"}, 'data.time_zone is "Berlin"; must be a name of the IANA'),
        (ABSENCE, {"from": None}, "data.from is null; must be a date (2026-12-31) or an RFC 3339 instant"),
        (ABSENCE, {"to": "2026-12-21"}, 'data.to is "2026-12-21"; must be after from, which is "2026-12-21"'),
        (
            ABSENCE,
            {"to": "2027-01-02T00:00:00Z"},
            'data.to is "2027-01-02T00:00:00Z"; must be of the form of from, which is "2026-12-21"',
        ),
        (TARGET, {"period": {"from": "2026-11-01"}}, "data.period.to is missing; must be a date"),
        (
            TARGET,
            {"period": {"from": "2026-12-01", "to": "2026-11-01"}},
            'data.period.to is "2026-11-01"; must be after from',
        ),
        (TARGET, {"period": "2026-11"}, 'data.period is "2026-11"; must be an object {from, to}, from before to'),
        (TARGET, {"value": 1000.5}, "data.value is 1000.5; must be an integer ≥ 0 in minor units, since unit is money"),
        (TARGET, {"value": -1}, "data.value is -1; must be an integer ≥ 0 in minor units"),
        (TARGET, {"value": "5"}, 'data.value is "5"; must be a number from -1000000000000000 to'),
        (TARGET, {"value": True}, "data.value is true; must be a number"),
        (TARGET, {"value": Literally("1e999")}, "data.value is 1e999; must be a number"),
        (TARGET, {"value": 10**15 + 1}, "data.value is 1000000000000001; must be a number"),
        (TARGET, {"kpi": "Revenue!"}, 'data.kpi is "Revenue!"; must be a KPI: a-z, 0-9 and _'),
        (TARGET, {"scope": "team:"}, 'data.scope is "team:"; must be "company", or a dimension and an id such as'),
        (TARGET, {"curve": [0.5, 0.4, 1]}, "data.curve[1] is 0.4 after 0.5; must be at least the share before it"),
        (TARGET, {"curve": [0.5, 0.9]}, "data.curve is a curve that ends in 0.9; must be a curve that ends in 1"),
        (TARGET, {"curve": [0.5, 2]}, "data.curve[1] is 2; must be a number from 0 to 1"),
        (TARGET, {"curve": []}, "data.curve is []; must be an array of 1 to 1000 numbers that never fall"),
        (TARGET, {"unit": "EUR"}, 'data.unit is "EUR"; must be one of money, quantity, accounts, ratio'),
        (TARGET, {"weight": -0.1}, "data.weight is -0.1; must be a number from 0 to"),
        (TARGET, {"primary": "yes"}, 'data.primary is "yes"; must be true or false'),
        (PIPELINE, {"stages": []}, "data.stages is []; must be an array of 1 to 100 stages"),
        (PIPELINE, {"stages": [{"stage": "a"}, {"stage": "a"}]}, "data.stages is a list that names a stage twice"),
        (PIPELINE, {"stages": [{"stage": "a", "stall_after_d": -1}]}, "data.stages[0].stall_after_d is -1; must be"),
        (CONTEST, {"handicap": {"R-4": -1}}, "data.handicap.R-4 is -1; must be a number from 0 to"),
        (CONTEST, {"handicap": {"": 1}}, 'data.handicap is an object with ""; must be an object of reps'),
        (CONTEST, {"participants": ["R-4", 5]}, "data.participants[1] is 5; must be a non-empty string"),
        (
            CONTEST,
            {"to": "2026-12-01T09:00:00+01:00"},
            'data.to is "2026-12-01T08:00:00Z"; must be after from, which is',
        ),
        (
            BONUS,
            {"tiers": [{"from": 1, "rate": 1}, {"from": 0.5, "rate": 2}]},
            "data.tiers is a tier from 0.5 after one from 1; must be tiers by rising from",
        ),
        (BONUS, {"tiers": [{"from": -1, "rate": 1}]}, "data.tiers[0].from is -1; must be a number from 0 to"),
        (BEAT, {"interval_s": 0}, "data.interval_s is 0; must be an integer ≥ 1 (seconds), below 2^63"),
        (BEAT, {"interval_s": 0.5}, "data.interval_s is 0.5; must be an integer ≥ 1"),
        (REVIEW, {"scale": None}, "data.scale is missing; must be there, since score is"),
        (REVIEW, {"score": None}, "data.score is missing; must be there, since scale is"),
        (REVIEW, {"score": 11}, "data.score is 11; must be within its scale, 1 to 10"),
        (WAVE, {"kind": "nps"}, 'data.kind is "nps"; must be one of enps, pulse, satisfaction'),
        (WAVE, {"closes_at": "2026-11-30"}, 'data.closes_at is "2026-11-30"; must be an RFC 3339 instant with offset'),
        (
            TENANT,
            {"ranking": "best"},
            'data.ranking is "best"; must be one of full, top_n, team_only, personal_best, off',
        ),
        (COST, {"category": "rent"}, 'data.category is "rent"; must be one of marketing, advertising, salary, hidden'),
        (APPOINTMENT, {"starts_at": "tomorrow"}, 'data.starts_at is "tomorrow"; must be an RFC 3339 instant'),
    ],
)
def test_data(type_name: str, fields: dict[str, Any], text: str) -> None:
    verdict = refused(with_data(type_name, **fields))
    assert verdict.code is Code.INVALID_DATA
    assert verdict.detail.partition(": ")[2].startswith(text)


def data_of(type_name: str, **fields: Any) -> Any:
    event = judged(with_data(type_name, **fields))
    assert isinstance(event, Event), event
    return event.data


def test_a_calendar_comes_in_order() -> None:
    shifts = {"mon": [["13:00", "24:00"], ["09:00", "13:00"]], "tue": [], "wed": None}
    changed = data_of(CALENDAR, shifts=shifts, holidays=["2026-12-26", "2026-12-25", "2026-12-26"])
    assert isinstance(changed, CalendarChanged)
    assert changed.shifts == {"mon": [["09:00", "13:00"], ["13:00", "24:00"]]}
    assert changed.holidays == ["2026-12-25", "2026-12-26"]


def test_instants_have_one_spelling() -> None:
    appointment = data_of(APPOINTMENT, starts_at="2026-11-24t10:00:00.0009+01:00")
    assert isinstance(appointment, AppointmentSet)
    assert appointment.starts_at == "2026-11-24T09:00:00Z"
    contest = data_of(CONTEST, **{"from": "2026-12-01 00:00:00.5+0100"})
    assert isinstance(contest, ContestSet)
    assert contest.from_ == "2026-11-30T23:00:00.500Z"
    deal = data_of("sales.deal.opened", expected_close="2026-12-31T24:00:00+01:00".replace("24:00:00", "23:59:59.9999"))
    assert isinstance(deal, DealOpened)
    assert deal.expected_close == "2026-12-31T22:59:59.999Z"
    absence = data_of(ABSENCE, **{"from": "1900-01-01", "to": "2999-12-31"})
    assert isinstance(absence, AbsenceRecorded)
    assert (absence.from_, absence.to) == ("1900-01-01", "2999-12-31")
    assert data_of(APPOINTMENT, starts_at="").starts_at is None


def test_the_same_instant_is_the_same_content() -> None:
    one, other = (
        judged(with_data(APPOINTMENT, starts_at=text))
        for text in ("2026-11-24T09:00:00.000Z", "2026-11-24T10:00:00+01:00")
    )
    assert isinstance(one, Event)
    assert isinstance(other, Event)
    assert same_content(one, other)


def test_numbers_keep_their_kind() -> None:
    assert repr(data_of(TARGET, value=5_000_000).value) == "5000000"
    ratio = data_of(TARGET, unit="ratio", value=0.25, curve=[0, 1])
    assert isinstance(ratio, TargetSet)
    assert (ratio.value, ratio.curve) == (0.25, [0.0, 1.0])
    assert data_of(TARGET, unit=None, value=-0.5).value == -0.5


def test_flags_may_be_left_out() -> None:
    assert data_of("sales.roster.changed", active=None).active is None
    assert data_of("sales.roster.changed", active=False).active is False
    assert data_of(TARGET, primary=None).primary is None


def test_what_a_customer_said_is_not_kept() -> None:
    event = judged(
        written(envelope("sales.feedback.received", data=DATA["sales.feedback.received"] | {"text": "slow!"}))
    )
    assert isinstance(event, Event)
    assert "slow!" not in repr(event)
