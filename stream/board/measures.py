"""Measures: what ACCOUNTS says, and how BOARD has to read it."""

from __future__ import annotations

MONEY = frozenset({"revenue", "won_amount"})
"""Amounts in minor units whose facet is their currency."""

LATEST = frozenset({"nps_answers"})
"""A customer's latest: a window selects what is known before its own end, all others what is known before the cut."""

MEASURES = frozenset(
    {
        *("touches", "touches_automated", "stage_changes", "appointments_held"),
        *("engaged", "planned"),
        *("new_leads", "deals_opened", "deals_lost", "deals_won", "won_amount", "customers_won", "touches_on_won"),
        *("revenue", "revenue_orders", "refunds", "nps_answers", "cohort_won"),
        *("open_deals", "open_amount"),
        *("cycle_ms", "cycle_deals", "cycle_bucket", "convert_ms", "converted", "convert_bucket"),
    }
)
"""Every measure that a KPI definition may name."""
