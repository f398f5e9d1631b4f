"""Measures: what ACCOUNTS says, and how BOARD has to read it."""

from __future__ import annotations

MONEY = frozenset({"revenue"})
"""Amounts in minor units whose facet is their currency."""

LATEST = frozenset({"nps_answers"})
"""A customer's latest: a window selects what is known before its own end, all others what is known before the cut."""

MEASURES = frozenset(
    {"touches", "new_leads", "revenue", "revenue_orders", "refunds", "deals_won", "touches_on_won", "nps_answers"}
)
"""Every measure that a KPI definition may name."""
