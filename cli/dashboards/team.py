"""One team: its month, its day, its people."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from cli.dashboards.boards import board, choice, describe, trust_strip
from cli.dashboards.look import GOOD, INFO, STACKED, TRIO, WARN, steps
from cli.dashboards.panels import Panel, Place, Query, bars, rows, tile
from cli.dashboards.queries import REPS, TEAM, TENANT, Gauges, major, of_team, or_zero
from cli.dashboards.sales_lead import revenue_tile, target_tile
from views.kpi_families import metric_name

SHOWN = {
    "mtd": ["revenue", "quota_attainment"],
    "today": ["deals_won", "activity_count", "rep_stall", "stalled_deals"],
    "30d": ["win_rate"],
}


def team(gauges: Gauges) -> Dashboard:
    """A team's month and day, and a row for each of its reps."""
    revenue = metric_name(gauges.definitions["revenue"])
    known = f'label_values({revenue}{{{TENANT},scope_kind="team",window="mtd",scope!="_none"}}, scope)'
    made = board(
        "team",
        "Team",
        "One team: revenue against target, wins, touches, who stands still; a row for each rep.",
        since="now-24h",
        panels=[
            revenue_tile(gauges, TEAM, Place(0, 0, 9, 9)),
            target_tile(gauges, TEAM, Place(9, 0, 7, 9)),
            _today(gauges, Place(16, 0, 8, 9)),
            _reps(gauges, Place(0, 9, 18, 12)),
            _touches(gauges, Place(18, 9, 6, 12)),
            _win_rate_and_stalls(gauges, Place(0, 21, 12, 6)),
            trust_strip(gauges, TEAM, SHOWN, Place(12, 21, 12, 6)),
        ],
    )
    return made.with_variable(choice("team", "Team", known))


def _today(gauges: Gauges, place: Place) -> Panel:
    won = gauges.trusted("deals_won", "today", TEAM, or_zero(gauges.value("deals_won", "today", TEAM)))
    touches = gauges.trusted("activity_count", "today", TEAM, or_zero(gauges.value("activity_count", "today", TEAM)))
    return tile(
        "Today",
        describe(gauges.definitions["activity_count"]),
        place,
        Query(won, "won today{{trust}}", "deals", GOOD),
        Query(touches, "touches today{{trust}}", "touches", INFO),
        sizes=STACKED,
    )


def _touches(gauges: Gauges, place: Place) -> Panel:
    definition = gauges.definitions["activity_count"]
    query = Query(of_team(gauges.value("activity_count", "today", REPS), zero=True), "{{name}}", definition.unit)
    return bars("Touches of today by rep", describe(definition), place, query)


def _win_rate_and_stalls(gauges: Gauges, place: Place) -> Panel:
    rate = gauges.trusted("win_rate", "30d", TEAM, gauges.value("win_rate", "30d", TEAM))
    stalled = gauges.facet("rep_stall", "stalled", "today", TEAM)
    minutes = gauges.definitions["rep_stall"].threshold
    deals = gauges.trusted("stalled_deals", "today", TEAM, or_zero(gauges.value("stalled_deals", "today", TEAM)))
    about = f"A rep is stalled after more than {minutes} minutes without activity in which it should have worked."
    return tile(
        "Win rate, and who stands still",
        f"{about} {' '.join(describe(gauges.definitions[slug]) for slug in ('win_rate', 'stalled_deals'))}",
        place,
        Query(rate, "win rate, 30 d{{trust}}", "ratio"),
        Query(stalled, "reps stalled", "none", steps(GOOD, (1, WARN))),
        Query(deals, "deals stalled{{trust}}", "none", steps(GOOD, (1, WARN))),
        sizes=TRIO,
        across=True,
    )


def _reps(gauges: Gauges, place: Place) -> Panel:
    def of(slug: str, window: str, *, zero: bool = False) -> str:
        return of_team(gauges.value(slug, window, REPS), zero=zero)

    stall_min = float(gauges.definitions["rep_stall"].threshold or 0)
    revenue = f"({of('revenue', 'mtd', zero=True)})"
    return rows(
        "Reps",
        "Who belongs to the team now, by name. The rank is the engine's, by revenue of the month, as far as the "
        "tenant's policy shows it.",
        place,
        {"name": "Name", "scope": "Rep"},
        Query(major(revenue, named=False), "Revenue, month", "money"),
        Query(of("deals_won", "mtd", zero=True), "Won, month", "deals"),
        Query(of("leaderboard", "mtd"), "Rank, month", "rank"),
        Query(of("win_rate", "30d"), "Win rate, 30 d", "ratio"),
        Query(of_team(gauges.value("win_rate", "30d", REPS, "n")), "Closed, 30 d", "deals"),
        Query(of("rep_stall", "today"), "Idle", "minutes", steps(GOOD, (stall_min + 1, WARN))),
        Query(of("stalled_deals", "today", zero=True), "Deals stalled", "deals", steps(GOOD, (1, WARN))),
    )
