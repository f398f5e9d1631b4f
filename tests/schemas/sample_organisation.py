"""The data of each organisation type with every field."""

from __future__ import annotations

from typing import Any

MONTH = {"from": "2026-11-01", "to": "2026-12-01"}
SCALE = {"min": 1, "max": 10}
PROMOTION = {"promotion": "PR-1", "tactic": "coupon", "products": ["P-1", "P-2"], "locations": ["S-1"]}
TALK = {"rep": "R-4", "manager": "R-1", "topic": "objections"}

ORGANISATION_DATA: dict[str, dict[str, Any]] = {
    "sales.tenant.configured": {
        "time_zone": "Europe/Berlin",
        "base_currency": "EUR",
        "week_starts_on": "Monday",
        "fiscal_year_starts_in": 4,
        "calendar": "office",
        "ranking": "top_n",
        "min_n": 5,
    },
    "sales.roster.changed": {
        "rep": "R-4",
        "name": "Zoë",
        "team": "T-1",
        "manager": "R-1",
        "territory": "East",
        "active": True,
        "calendar": "office",
        "ramp": {"starts_on": "2026-11-01", "months": 3},
    },
    "sales.rate.set": {"currency": "USD", "base_per_unit": "0.9213"},
    "sales.pipeline.configured": {
        "pipeline": "main",
        "stages": [{"stage": "qualified", "stall_after_d": 5}, {"stage": "proposal", "stall_after_d": 7.5}],
    },
    "sales.product.configured": {"product": "P-1", "type": "software", "tier": "gold"},
    "sales.calendar.changed": {
        "calendar": "office",
        "time_zone": "Europe/Berlin",
        "shifts": {"mon": [["08:00", "12:00"], ["13:00", "17:00"]], "sat": [["22:00", "24:00"]]},
        "holidays": ["2026-12-25", "2026-12-26"],
    },
    "sales.absence.recorded": {"rep": "R-4", "from": "2026-12-21", "to": "2027-01-02", "reason": "vacation"},
    "sales.target.set": {
        "target": "T-2026-11",
        "kpi": "revenue",
        "scope": "team:T-1",
        "period": MONTH,
        "value": 5000000,
        "parent": "T-2026",
        "unit": "money",
        "currency": "EUR",
        "curve": [0.2, 0.5, 1],
        "weight": 0.5,
        "rollup": "weighted",
        "primary": True,
        "actions": ["call the ten largest"],
    },
    "sales.cost.recorded": {
        "amount_minor": 300000,
        "currency": "EUR",
        "category": "advertising",
        "period": MONTH,
        "channel": "online",
        "motion": "inbound",
        "campaign": "autumn",
    },
    "sales.promotion.started": PROMOTION,
    "sales.promotion.ended": PROMOTION,
    "sales.competitor.price_observed": {
        "product": "P-1",
        "competitor": "C-1",
        "price_minor": 1190,
        "currency": "EUR",
    },
    "sales.one_on_one.held": TALK,
    "sales.training.completed": TALK,
    "sales.review.recorded": TALK | {"aspect": "technique", "score": 4, "scale": SCALE},
    "sales.staff_survey.sent": {
        "survey": "SS-1",
        "kind": "enps",
        "team": "T-1",
        "invited": 12,
        "closes_at": "2026-11-30T16:00:00Z",
    },
    "sales.staff_survey.answered": {
        "survey": "SS-1",
        "kind": "pulse",
        "team": "T-1",
        "score": 8,
        "scale": SCALE,
        "question": "tools",
    },
    "sales.benchmark.set": {"kpi": "win_rate", "value": 0.27, "scope": "company", "period": MONTH},
    "sales.contest.set": {
        "contest": "CT-1",
        "kpi": "deals_won",
        "from": "2026-12-01T08:00:00Z",
        "to": "2026-12-24T18:00:00Z",
        "participants": ["R-4", "R-5"],
        "handicap": {"R-4": 12, "R-5": 8.5},
    },
    "sales.bonus_plan.set": {
        "plan": "B-1",
        "kpi": "quota_attainment",
        "period": MONTH,
        "tiers": [{"from": 0.8, "rate": 0.01}, {"from": 1, "rate": 0.02}],
        "cap": 1.5,
    },
    "sales.source.heartbeat": {"interval_s": 60},
}
