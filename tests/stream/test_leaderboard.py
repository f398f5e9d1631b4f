"""Ranks: dense, by the ranked KPI, as far as the policy shows them."""

from __future__ import annotations

import pytest

from config.catalogue import load_definitions
from schemas.kpi import KpiValue
from stream.board.values import value_of
from stream.catalogue.catalogue import Catalogue, UnknownRanking
from tests.stream.office import Line, Office, at_ms, rep, win

ROSTER: tuple[Line, ...] = tuple(
    ("2026-01-02 08:00", "roster.changed", rep(name, team=team))
    for name, team in (("ann", "north"), ("bob", "north"), ("cem", "south"), ("dee", "south"))
)
SALES: tuple[Line, ...] = (
    ("2026-05-04 10:00", "deal.won", win("ann", "D-1", 900)),
    ("2026-05-04 11:00", "deal.won", win("cem", "D-2", 500)),
    ("2026-05-04 12:00", "deal.won", win("bob", "D-3", 400)),
    ("2026-05-05 10:00", "deal.won", win("bob", "D-4", 100)),
)
NOON = "2026-05-05 12:00"


def policy(ranking: str) -> Line:
    """What the tenant wants shown."""
    return ("2026-01-02 08:00", "tenant.configured", {"ranking": ranking})


def ranks(office: Office, at: str = NOON, window: str = "mtd") -> dict[str, int | float | None]:
    """Who is where."""
    names = ("ann", "bob", "cem", "dee")
    return {name: office.value("leaderboard", f"rep:{name}", window, at).value for name in names}


def test_equals_share_a_rank_and_none_is_left_out_after_them() -> None:
    office = Office(*ROSTER, *SALES)
    assert ranks(office) == {"ann": 1, "bob": 2, "cem": 2, "dee": 3}
    bob = office.value("leaderboard", "rep:bob", "mtd", NOON)
    assert bob.facets == {"change": 1, "gap_to_next": 40_000, "of": 4, "value": 50_000}  # third as the day began
    assert (bob.n, bob.unit, bob.numerator, bob.denominator, bob.status) == (2, "rank", None, None, "live")
    ann = office.value("leaderboard", "rep:ann", "mtd", NOON)
    assert ann.facets == {"change": 0, "gap_to_next": 0, "of": 4, "value": 90_000}


def test_teams_are_ranked_too_and_nobody_is_not() -> None:
    office = Office(*ROSTER, *SALES, ("2026-05-05 10:00", "deal.won", win("eve", "D-9", 5_000)))
    found = {row.scope: row.value for row in office.rows("leaderboard", NOON) if row.window == "mtd"}
    assert found == {
        "rep:eve": 1,
        "rep:ann": 2,
        "rep:bob": 3,
        "rep:cem": 3,
        "rep:dee": 4,
        "team:north": 1,
        "team:south": 2,
    }


def test_a_change_is_seen_by_asking_for_the_end_of_yesterday() -> None:
    office = Office(*ROSTER, *SALES, ("2026-05-05 11:00", "deal.won", win("dee", "D-5", 2_000)))
    midnight = office.value("leaderboard", "rep:dee", "mtd", "2026-05-05 00:00")
    now = office.value("leaderboard", "rep:dee", "mtd", NOON)
    assert (midnight.value, now.value, now.facets["change"]) == (4, 1, 3)
    today = office.value("leaderboard", "rep:dee", "today", NOON)
    yesterday = office.value("leaderboard", "rep:dee", "today", "2026-05-05 00:00")
    assert (yesterday.value, today.value, today.facets["change"]) == (4, 1, 3)


@pytest.mark.parametrize(
    ("ranking", "shown"),
    [
        ("full", {"ann": 1, "bob": 2, "cem": 2, "dee": 3}),
        ("top_n", {"ann": 1, "bob": 2, "cem": 2, "dee": 3}),
        ("team_only", {"ann": None, "bob": None, "cem": None, "dee": None}),
        ("personal_best", {"ann": None, "bob": None, "cem": None, "dee": None}),
        ("off", {"ann": None, "bob": None, "cem": None, "dee": None}),
    ],
)
def test_a_policy_shows_what_it_wants(ranking: str, shown: dict[str, int | None]) -> None:
    office = Office(policy(ranking), *ROSTER, *SALES)
    assert ranks(office) == shown
    team = office.value("leaderboard", "team:north", "mtd", NOON)
    assert (team.value, team.status) == ((None, "suppressed") if ranking == "off" else (1, "live"))
    ann = office.value("leaderboard", "rep:ann", "mtd", NOON)
    assert ann.status == ("live" if shown["ann"] else "suppressed")
    assert ann.n == 1


def test_top_n_ends_after_the_third_rank() -> None:
    office = Office(policy("top_n"), *ROSTER, *SALES[:3])
    assert ranks(office) == {"ann": 1, "cem": 2, "bob": 3, "dee": None}
    assert office.value("leaderboard", "rep:dee", "mtd", NOON).facets == {}


def test_a_personal_best_is_one_s_own_best_closed_period() -> None:
    office = Office(policy("personal_best"), *ROSTER, ("2026-03-10 10:00", "deal.won", win("bob", "D-0", 700)), *SALES)
    bob = office.value("leaderboard", "rep:bob", "mtd", NOON)
    assert (bob.value, bob.facets, bob.status) == (None, {"best": 70_000, "value": 50_000}, "suppressed")
    assert office.value("leaderboard", "rep:bob", "7d", NOON).facets == {"value": 50_000}


def ranked_by(office: Office, kpi: str, scope: str, window: str = "mtd", **changes: object) -> KpiValue:
    """A rank by another KPI."""
    shipped = load_definitions()
    ranked = next(each for each in shipped if each.slug == kpi).model_copy(update=changes)
    board = next(each for each in shipped if each.slug == "leaderboard").model_copy(update={"ranks": kpi})
    catalogue = Catalogue([ranked, board])
    return value_of(office.board, catalogue, kpi="leaderboard", scope=scope, window=window, as_of_ms=at_ms(NOON) - 1)


def test_less_is_better_where_the_definition_says_so_and_too_few_get_no_rank() -> None:
    office = Office(*ROSTER, *SALES)
    office.tell(
        ("2026-05-04 09:00", "touch.logged", {"rep": "ann", "kind": "call", "direction": "outbound", "deal": "D-1"}),
        ("2026-05-04 09:00", "touch.logged", {"rep": "cem", "kind": "call", "direction": "outbound", "deal": "D-2"}),
        ("2026-05-04 09:01", "touch.logged", {"rep": "cem", "kind": "call", "direction": "outbound", "deal": "D-2"}),
    )
    found = {name: ranked_by(office, "touches_per_won_deal", f"rep:{name}") for name in ("ann", "bob", "cem", "dee")}
    assert {name: value.value for name, value in found.items()} == {"bob": 1, "ann": 2, "cem": 3, "dee": None}
    assert found["cem"].facets["gap_to_next"] == 1
    few = ranked_by(office, "touches_per_won_deal", "rep:ann", min_n=2)
    assert (few.value, few.n, few.status) == (None, 1, "insufficient")
    assert ranked_by(office, "touches_per_won_deal", "rep:bob", min_n=2).value == 1


def test_a_leaderboard_of_nothing_is_refused() -> None:
    board = next(each for each in load_definitions() if each.slug == "leaderboard")
    with pytest.raises(UnknownRanking, match="leaderboard ranks 'rep_stall'"):
        Catalogue([board.model_copy(update={"ranks": "rep_stall"})])
