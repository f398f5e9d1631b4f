"""The company on one screen, for whoever leads sales."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from cli.dashboards.boards import board, describe, trust_strip
from cli.dashboards.look import BAD, GOOD, HERO, INFO, PLAIN, STACKED, TRIO, WARN, steps
from cli.dashboards.panels import Panel, Place, Query, bars, lines, tile
from cli.dashboards.queries import COMPANY, TEAMS, Gauges, Scope, major, or_zero, worded

PACE_WORDS = {" >= 0.99": "on track", " >= 0.81 < 0.99": "behind", " < 0.81": "at risk"}
PACE_STEPS = steps(BAD, (0.81, WARN), (0.99, GOOD))
MEANS_OF_PACE = (
    "Pace is what there is ÷ what the target expects by now: on track from 99 %, behind from 81 %, else at risk."
)
SHOWN = {
    "mtd": ["revenue", "quota_attainment"],
    "today": ["revenue", "deals_won", "stalled_deals"],
    "30d": ["win_rate", "nps"],
}


def sales_lead(gauges: Gauges) -> Dashboard:
    """Revenue against target, wins, win rate, teams; seven tiles that fill a screen of 1080p."""
    return board(
        "sales-lead",
        "Sales lead",
        "The company's month: revenue against target and pace, wins, win rate, teams.",
        since="now-24h",
        panels=[
            revenue_tile(gauges, COMPANY, Place(0, 0, 10, 9)),
            target_tile(gauges, COMPANY, Place(10, 0, 7, 9)),
            _today(gauges, Place(17, 0, 7, 9)),
            _teams(gauges, Place(0, 9, 12, 12)),
            _against_target(gauges, Place(12, 9, 12, 12)),
            _quality(gauges, Place(0, 21, 12, 6)),
            trust_strip(gauges, COMPANY, SHOWN, Place(12, 21, 12, 6)),
        ],
    )


def revenue_tile(gauges: Gauges, scope: Scope, place: Place) -> Panel:
    """Revenue of the month, in the currency's major unit."""
    value = gauges.trusted("revenue", "mtd", scope, major(or_zero(gauges.value("revenue", "mtd", scope))))
    query = Query(value, "{{currency}} this month{{trust}}", "money")
    return tile("Revenue of the month", describe(gauges.definitions["revenue"]), place, query, sizes=HERO)


def target_tile(gauges: Gauges, scope: Scope, place: Place) -> Panel:
    """How much of the month's target there is, and whether that is enough by now."""
    reached = gauges.trusted("quota_attainment", "mtd", scope, gauges.value("quota_attainment", "mtd", scope))
    pace = worded(gauges.facet("quota_attainment", "pace", "mtd", scope), PACE_WORDS)
    return tile(
        "Target of the month",
        describe(gauges.definitions["quota_attainment"], MEANS_OF_PACE),
        place,
        Query(reached, "of target{{trust}}", "ratio"),
        Query(pace, "pace: {{word}}", "ratio", PACE_STEPS),
        sizes=STACKED,
    )


def _quality(gauges: Gauges, place: Place) -> Panel:
    rate = gauges.trusted("win_rate", "30d", COMPANY, gauges.value("win_rate", "30d", COMPANY))
    promoters = gauges.trusted("nps", "30d", COMPANY, gauges.value("nps", "30d", COMPANY))
    counted = or_zero(gauges.value("stalled_deals", "today", COMPANY))
    stalled = gauges.trusted("stalled_deals", "today", COMPANY, counted)
    return tile(
        "Win rate, promoters, deals that stand still",
        " ".join(describe(gauges.definitions[slug]) for slug in ("win_rate", "nps", "stalled_deals")),
        place,
        Query(rate, "win rate, 30 d{{trust}}", "ratio"),
        Query(promoters, "NPS, 30 d{{trust}}", "points"),
        Query(stalled, "deals stalled{{trust}}", "none", steps(GOOD, (1, WARN))),
        sizes=TRIO,
        across=True,
    )


def _today(gauges: Gauges, place: Place) -> Panel:
    won = gauges.trusted("deals_won", "today", COMPANY, or_zero(gauges.value("deals_won", "today", COMPANY)))
    revenue = gauges.trusted("revenue", "today", COMPANY, major(or_zero(gauges.value("revenue", "today", COMPANY))))
    return tile(
        "Won today",
        describe(gauges.definitions["deals_won"]),
        place,
        Query(won, "won today{{trust}}", "deals", GOOD),
        Query(revenue, "{{currency}} today{{trust}}", "money", PLAIN),
        sizes=STACKED,
    )


def _teams(gauges: Gauges, place: Place) -> Panel:
    query = Query(major(gauges.value("revenue", "mtd", TEAMS)), "{{scope}}", "money")
    about = describe(gauges.definitions["revenue"], "A team is who belonged to it on the day of the sale.")
    return bars("Revenue of the month by team", about, place, query)


def _against_target(gauges: Gauges, place: Place) -> Panel:
    about = describe(gauges.definitions["quota_attainment"], "Both lines follow working time.")
    return lines(
        "Revenue of the month, and what its target expects by now",
        about,
        place,
        Query(major(gauges.value("revenue", "mtd", COMPANY)), "revenue, {{currency}}", "money", INFO),
        Query(major(gauges.facet("quota_attainment", "expected", "mtd", COMPANY)), "expected by now", "money", WARN),
        step_s=60,
    )
