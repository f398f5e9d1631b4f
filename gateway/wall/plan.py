"""The wallboard's pages as plans: which numbers stand on which page, and what each is compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Before = Literal["week", "month", "span"]
"""What a number is compared with: the same weekday a week ago, the same day a month ago, the span of days before."""

TEAM_PAGES_MAX = 24
RANKED_ROWS = 7
GOAL_ROWS = 7
SPARK_DAYS = 14
SOURCE_ROWS = 6
ALERT_ROWS = 7
MEMBERS_MAX = 60
DOUBTS = 3


@dataclass(frozen=True, slots=True)
class TilePlan:
    """A number on a page. ``facet`` is shown in the value's place where the facet is what people ask for; ``before`` is
    None where a change means nothing. The hero of a page is drawn twice as large and may have a ``trend``; a wide tile
    stands under it. Others may have a ``spark``: the number of each of the last days.
    """

    kpi: str
    scope: str
    window: str
    title: str
    before: Before | None
    is_hero: bool = False
    is_wide: bool = False
    facet: str | None = None
    has_trend: bool = False
    has_spark: bool = False

    @property
    def key(self) -> str:
        """What names the tile's number."""
        return f"{self.kpi}|{self.scope}|{self.window}"


_COMPANY = (
    TilePlan("revenue", "company", "mtd", "Revenue this month", "month", is_hero=True, has_trend=True),
    TilePlan("deals_won", "company", "today", "Deals won today", "week", has_spark=True),
    TilePlan("new_leads", "company", "today", "Leads today", "week", has_spark=True),
    TilePlan("win_rate", "company", "30d", "Win rate 30 d", "span", has_spark=True),
    TilePlan("nps", "company", "90d", "NPS 90 d", "span", has_spark=True),
)
_TEAM = (
    TilePlan("revenue", "", "mtd", "Revenue this month", "month", is_hero=True, has_trend=True),
    TilePlan("stalled_deals", "", "today", "Deals stalled", "week", is_wide=True),
    TilePlan("deals_won", "", "today", "Deals won today", "week", has_spark=True),
    TilePlan("activity_count", "", "today", "Touches today", "week", has_spark=True),
    TilePlan("win_rate", "", "30d", "Win rate 30 d", "span", has_spark=True),
    TilePlan("rep_stall", "", "today", "Reps stalled now", None, facet="stalled"),
)
_ACTIVITY = (
    TilePlan("activity_count", "company", "today", "Touches today", "week", is_hero=True),
    TilePlan("touches_per_won_deal", "company", "30d", "Touches per deal", "span", has_spark=True),
    TilePlan("cycle_length", "company", "30d", "Sales cycle 30 d", "span", has_spark=True),
    TilePlan("average_deal_size", "company", "30d", "Deal size 30 d", "span", has_spark=True),
    TilePlan("acquisition_rate_30d", "company", "90d", "Leads won in 30 d", "span"),
)


def company_tiles() -> tuple[TilePlan, ...]:
    """The first page."""
    return _COMPANY


def team_tiles(team: str) -> tuple[TilePlan, ...]:
    """A team's page."""
    return tuple(replace(plan, scope=f"team:{team}") for plan in _TEAM)


def activity_tiles() -> tuple[TilePlan, ...]:
    """Activity, and what a deal costs in touches and days."""
    return _ACTIVITY


RANKINGS = (("revenue", "mtd", "Revenue this month"), ("win_rate", "30d", "Win rate 30 d"))
"""Leaderboards: (KPI, window, title)."""
GOAL_WINDOWS = ("mtd", "qtd", "ytd")
"""Where a scope has several targets, that of the shortest period is shown."""
