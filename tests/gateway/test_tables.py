"""What is known of the organisation and who is first, over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.gateway.test_http import Desk
from tests.stream.office import OFFICE_HOURS, Office, rep, target, win

DEMO = {"stage": "demo", "stall_after_d": 5}
MAY_5 = "2026-05-05T10:00:00Z"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An office of two."""
    office = Office(
        ("2026-01-02 08:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS}),
        ("2026-01-02 08:01", "tenant.configured", {"calendar": "office", "min_n": 3}),
        ("2026-01-02 08:02", "roster.changed", rep("ann", name="Ann", team="north", territory="EU")),
        ("2026-01-02 08:03", "roster.changed", rep("bob", ramp={"starts_on": "2026-01-02", "months": 3})),
        ("2026-05-05 18:00", "roster.changed", rep("ann", team="south")),
        ("2026-01-02 08:04", "rate.set", {"currency": "USD", "base_per_unit": "0.9"}),
        (
            "2026-01-02 08:05",
            "pipeline.configured",
            {"pipeline": "p", "stages": [{"stage": "demo", "stall_after_d": 5}]},
        ),
        ("2026-01-02 08:06", "product.configured", {"product": "X", "tier": "gold"}),
        ("2026-04-30 08:07", "absence.recorded", {"rep": "ann", "from": "2026-05-18", "to": "2026-05-20"}),
        ("2026-04-30 08:08", "target.set", target("Q-1", "company", "2026-05-01", "2026-06-01", 10_000)),
        (
            *("2026-04-30 08:09", "cost.recorded"),
            {
                "amount_minor": 310_05,
                "currency": "EUR",
                "category": "marketing",
                "period": {"from": "2026-05-01", "to": "2026-06-01"},
            },
        ),
        ("2026-05-04 10:00", "deal.won", win("ann", "D-1", 900)),
        ("2026-05-04 11:00", "deal.won", win("bob", "D-2", 1_000)),
    )
    made = Desk({}, {"acme": office.board})
    yield made
    await made.http.aclose()


async def rows(desk: Desk, path: str, **asked: str) -> list[dict[str, Any]]:
    """The rows of an answer."""
    answer = await desk.http.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_each_table_is_shown_as_it_was_in_force(desk: Desk) -> None:
    ann, bob = await rows(desk, "/v1/reference", table="roster", as_of=MAY_5)
    assert ann == {
        "rep": "ann",
        "name": "Ann",
        "team": "north",
        "manager": None,
        "territory": "EU",
        "active": True,
        "calendar": None,
        "ramp": None,
        "since": "2026-01-02",
    }
    assert bob["ramp"] == {"starts_on": "2026-01-02", "months": 3}
    (moved, _) = await rows(desk, "/v1/reference", table="roster", as_of="2026-05-06T10:00:00Z")
    assert (moved["team"], moved["name"], moved["since"]) == ("south", "Ann", "2026-05-05")
    (tenant,) = await rows(desk, "/v1/reference", table="tenant", as_of=MAY_5)
    assert tenant == {
        "time_zone": "Europe/Berlin",
        "base_currency": "EUR",
        "week_starts_on": 1,
        "fiscal_year_starts_in": 1,
        "calendar": "office",
        "ranking": "full",
        "min_n": 3,
    }
    (calendar,) = await rows(desk, "/v1/reference", table="calendars", as_of=MAY_5)
    assert (calendar["calendar"], calendar["shifts"], calendar["since"]) == ("office", OFFICE_HOURS, "2026-01-02")
    assert await rows(desk, "/v1/reference", table="rates", as_of=MAY_5) == [
        {"currency": "USD", "base_per_unit": "0.9", "since": "2026-01-02"}
    ]
    assert await rows(desk, "/v1/reference", table="pipelines", as_of=MAY_5) == [
        {"pipeline": "p", "stages": [{"stage": "demo", "stall_after_d": 5.0}], "since": "2026-01-02"}
    ]
    assert await rows(desk, "/v1/reference", table="products", as_of=MAY_5) == [
        {"product": "X", "type": None, "tier": "gold", "since": "2026-01-02"}
    ]
    assert await rows(desk, "/v1/reference", table="absences", as_of=MAY_5) == [
        {"rep": "ann", "from": "2026-05-18", "to": "2026-05-20", "reason": None}
    ]
    assert await rows(desk, "/v1/reference", table="absences", as_of="2026-04-01T10:00:00Z") == []


async def test_plans_are_shown_with_their_days(desk: Desk) -> None:
    (wanted,) = await rows(desk, "/v1/reference", table="targets", as_of=MAY_5)
    assert {name: part for name, part in wanted.items() if part is not None} == {
        "target": "Q-1",
        "kpi": "revenue",
        "scope": "company",
        "value": 1_000_000,
        "unit": "money",
        "currency": "EUR",
        "primary": False,
        "from": "2026-05-01",
        "to": "2026-06-01",
    }
    (cost,) = await rows(desk, "/v1/reference", table="costs", as_of=MAY_5)
    assert (cost["from"], cost["to"], cost["days"], cost["per_day_minor"]) == (
        "2026-05-01",
        "2026-06-01",
        31,
        31005 / 31,
    )


async def test_a_table_must_be_named(desk: Desk) -> None:
    for asked, wrong in (({}, "table is missing"), ({"table": "people"}, "table is 'people'")):
        answer = await desk.http.get("/v1/reference", params=asked)
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(f"{wrong}; allowed are tenant, roster, calendars")
    answer = await desk.http.get("/v1/reference", params={"table": "roster", "kpi": "revenue"})
    assert answer.json()["detail"] == 'parameter "kpi" is unknown; allowed are table, as_of, tenant'


async def test_anybody_can_be_ranked_by_any_kpi(desk: Desk) -> None:
    found = await rows(desk, "/v1/leaderboard", kpi="revenue", as_of=MAY_5)
    assert [(row["ranks"], row["kpi"], row["scope"], row["window"], row["value"]) for row in found] == [
        ("revenue", "leaderboard", "rep:bob", "mtd", 1),
        ("revenue", "leaderboard", "rep:ann", "mtd", 2),
    ]
    assert found[1]["facets"] == {"change": 0, "gap_to_next": 10_000, "of": 2, "value": 90_000}
    teams = await rows(desk, "/v1/leaderboard", kpi="deals_won", window="all", scope="team", as_of=MAY_5)
    assert [(row["scope"], row["value"]) for row in teams] == [("team:north", 1)]
    assert await rows(desk, "/v1/leaderboard", kpi="revenue", window="15m", as_of="2026-03-05T10:00:00Z") == []


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({}, "kpi is missing; give one"),
        ({"kpi": "revenue,nps"}, "kpi is revenue, nps; give one"),
        ({"kpi": "rep_stall"}, "kpi 'rep_stall' can't be ranked; allowed: "),
        ({"kpi": "revenue", "scope": "company"}, 'scope is "company"; allowed are rep, team'),
        ({"kpi": "revenue", "window": "2d"}, "window '2d' is not known"),
    ],
)
async def test_a_ranking_that_makes_no_sense_is_refused(desk: Desk, asked: dict[str, str], wrong: str) -> None:
    answer = await desk.http.get("/v1/leaderboard", params=asked)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(wrong)
