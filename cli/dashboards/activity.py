"""What effort brings: touches, touches per won deal, conversion, cycle."""

from __future__ import annotations

from grafana_foundation_sdk.builders.dashboard import Dashboard

from cli.dashboards.boards import board, describe, trust_strip
from cli.dashboards.look import INFO, NARROW_STRIP, PAIR, PLAIN
from cli.dashboards.panels import Panel, Place, Query, bars, lines, rows, tile
from cli.dashboards.queries import COMPANY, TEAMS, Gauges, major, or_zero

SHOWN = {"30d": ["touches_per_won_deal", "win_rate", "cycle_length"], "90d": ["acquisition_rate_30d"]}


def activity(gauges: Gauges) -> Dashboard:
    """Touches and what becomes of them, for the company and its teams."""
    return board(
        "activity",
        "Activity economics",
        "Touches, touches for each won deal by kind, conversion, sales cycle.",
        since="now-12h",
        panels=[
            _tile(gauges, "touches_per_won_deal", "30d", "per deal", Place(0, 0, 6, 7)),
            _tile(gauges, "win_rate", "30d", "win rate, 30 d", Place(6, 0, 6, 7)),
            _tile(gauges, "acquisition_rate_30d", "90d", "won in 30 d", Place(12, 0, 6, 7)),
            _cycle(gauges, Place(18, 0, 6, 7)),
            _by_kind(gauges, "touches_per_won_deal", "30d", "Touches per won deal by kind, 30 days", Place(0, 7, 9, 8)),
            _by_kind(gauges, "activity_count", "today", "Touches of today by kind", Place(9, 7, 8, 8)),
            _by_team(gauges, Place(17, 7, 7, 8)),
            _over_the_day(gauges, Place(0, 15, 9, 12)),
            _teams(gauges, Place(9, 15, 15, 8)),
            trust_strip(gauges, COMPANY, SHOWN, Place(9, 23, 15, 4), NARROW_STRIP),
        ],
    )


def _tile(gauges: Gauges, slug: str, window: str, name: str, place: Place) -> Panel:
    definition = gauges.definitions[slug]
    value = gauges.trusted(slug, window, COMPANY, gauges.value(slug, window, COMPANY))
    counted = gauges.value(slug, window, COMPANY, "n")
    return tile(
        definition.title,
        describe(definition, "n is what it rests on."),
        place,
        Query(value, f"{name}{{{{trust}}}}", definition.unit),
        Query(counted, "n", "deals"),
        sizes=PAIR,
        across=True,
    )


def _cycle(gauges: Gauges, place: Place) -> Panel:
    median, p90 = (gauges.facet("cycle_length", facet, "30d", COMPANY) for facet in ("median", "p90"))
    return tile(
        "Sales cycle, 30 days",
        describe(gauges.definitions["cycle_length"], "From the first touch to the win."),
        place,
        Query(gauges.trusted("cycle_length", "30d", COMPANY, median), "median{{trust}}", "days"),
        Query(p90, "90 % below", "days", PLAIN),
        sizes=PAIR,
        across=True,
    )


def _by_kind(gauges: Gauges, slug: str, window: str, title: str, place: Place) -> Panel:
    definition = gauges.definitions[slug]
    query = Query(gauges.facets(slug, window, COMPANY), "{{facet}}", definition.unit)
    return bars(title, describe(definition), place, query)


def _by_team(gauges: Gauges, place: Place) -> Panel:
    definition = gauges.definitions["touches_per_won_deal"]
    query = Query(gauges.value("touches_per_won_deal", "30d", TEAMS), "{{scope}}", definition.unit)
    return bars("Touches per won deal by team, 30 days", describe(definition), place, query)


def _over_the_day(gauges: Gauges, place: Place) -> Panel:
    touches = or_zero(gauges.value("activity_count", "today", COMPANY))
    leads = or_zero(gauges.value("new_leads", "today", COMPANY))
    return lines(
        "Touches and new leads, so far today",
        describe(gauges.definitions["activity_count"], "Both begin at zero with the tenant's day."),
        place,
        Query(touches, "touches", "touches", INFO),
        Query(leads, "new leads", "leads", PLAIN),
        step_s=60,
    )


def _teams(gauges: Gauges, place: Place) -> Panel:
    def of(slug: str, window: str, name: str) -> Query:
        return Query(gauges.value(slug, window, TEAMS), name, gauges.definitions[slug].unit)

    size = major(gauges.value("average_deal_size", "30d", TEAMS), named=False)
    median = gauges.facet("cycle_length", "median", "30d", TEAMS)
    return rows(
        "Teams, 30 days",
        "Effort and what comes of it, by team: those who need many touches for a deal, or long, or sell small.",
        place,
        {"scope": "Team"},
        Query(gauges.value("deals_won", "mtd", TEAMS), "Won, month", "deals"),
        of("touches_per_won_deal", "30d", "Touches/deal"),
        of("win_rate", "30d", "Win rate"),
        Query(median, "Median cycle", "days"),
        Query(size, "Deal size", "money/deal"),
        of("nps", "30d", "NPS"),
    )
