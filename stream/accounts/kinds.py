"""Kinds of activity as plain ints and what they have in common: an enum's member costs seven times an int to name."""

from __future__ import annotations

from schemas.event import Kind

LEAD_CREATED = int(Kind.LEAD_CREATED)
DEAL_OPENED = int(Kind.DEAL_OPENED)
OWNER_CHANGED = int(Kind.OWNER_CHANGED)
DEAL_WON = int(Kind.DEAL_WON)
DEAL_LOST = int(Kind.DEAL_LOST)
DEAL_REOPENED = int(Kind.DEAL_REOPENED)
TOUCH = int(Kind.TOUCH)
ORDER_PLACED = int(Kind.ORDER_PLACED)
ORDER_REFUNDED = int(Kind.ORDER_REFUNDED)
SURVEY_ANSWERED = int(Kind.SURVEY_ANSWERED)
CUSTOMER_ONBOARDED = int(Kind.CUSTOMER_ONBOARDED)
CUSTOMER_CHURNED = int(Kind.CUSTOMER_CHURNED)

CLOSES = frozenset({DEAL_WON, DEAL_LOST})
LINKING = CLOSES | {DEAL_OPENED}
"""Kinds of a deal's events that can name its lead."""
DEAL_KINDS = frozenset({DEAL_OPENED, OWNER_CHANGED, DEAL_WON, DEAL_LOST, DEAL_REOPENED})
CUSTOMER_KINDS = frozenset({CUSTOMER_ONBOARDED, CUSTOMER_CHURNED})
ORDER_KINDS = frozenset({ORDER_PLACED, ORDER_REFUNDED})
PHASE_KINDS = frozenset({ORDER_PLACED, DEAL_WON, DEAL_LOST, DEAL_REOPENED}) | CUSTOMER_KINDS
"""Kinds that may decide whether the account is a customer, and so the phase of later touches that give none."""
