"""Kinds of activity as plain ints and what they have in common: an enum's member costs seven times an int to name."""

from __future__ import annotations

from schemas.event import Kind
from schemas.types import ACTIVITY_TYPES

LEAD_CREATED = int(Kind.LEAD_CREATED)
DEAL_OPENED = int(Kind.DEAL_OPENED)
OWNER_CHANGED = int(Kind.OWNER_CHANGED)
STAGE_CHANGED = int(Kind.STAGE_CHANGED)
AMOUNT_CHANGED = int(Kind.AMOUNT_CHANGED)
DEAL_WON = int(Kind.DEAL_WON)
DEAL_LOST = int(Kind.DEAL_LOST)
DEAL_REOPENED = int(Kind.DEAL_REOPENED)
TOUCH = int(Kind.TOUCH)
APPOINTMENT_HELD = int(Kind.APPOINTMENT_HELD)
APPOINTMENT_SET = int(Kind.APPOINTMENT_SET)
ORDER_PLACED = int(Kind.ORDER_PLACED)
ORDER_REFUNDED = int(Kind.ORDER_REFUNDED)
SURVEY_ANSWERED = int(Kind.SURVEY_ANSWERED)
CUSTOMER_ONBOARDED = int(Kind.CUSTOMER_ONBOARDED)
CUSTOMER_REACTIVATED = int(Kind.CUSTOMER_REACTIVATED)
CUSTOMER_CHURNED = int(Kind.CUSTOMER_CHURNED)

CLOSES = frozenset({DEAL_WON, DEAL_LOST})
LINKING = CLOSES | {DEAL_OPENED}
"""Kinds of a deal's events that can name its lead."""
OWNING = frozenset({DEAL_OPENED, OWNER_CHANGED, STAGE_CHANGED})
"""Kinds of a deal's events on which the reps of its changes of stage depend."""
DEAL_KINDS = CLOSES | {DEAL_OPENED, OWNER_CHANGED, STAGE_CHANGED, AMOUNT_CHANGED, DEAL_REOPENED}
CUSTOMER_KINDS = frozenset({CUSTOMER_ONBOARDED, CUSTOMER_REACTIVATED, CUSTOMER_CHURNED})
"""Kinds that make a customer, or unmake one."""
ORDER_KINDS = frozenset({ORDER_PLACED, ORDER_REFUNDED})
PHASE_KINDS = frozenset({ORDER_PLACED, DEAL_WON, DEAL_LOST, DEAL_REOPENED}) | CUSTOMER_KINDS
"""Kinds that may decide whether the account is a customer, and so the phase of later touches that give none."""

KEPT_KINDS = frozenset({TOUCH, APPOINTMENT_HELD, APPOINTMENT_SET})
"""Kinds that settle and contribute: settled, they keep what they contribute by, and lose their identity."""
SETTLING_KINDS = KEPT_KINDS | {
    int(kind)
    for kind in (
        *(Kind.APPOINTMENT_NO_SHOW, Kind.FOLLOW_UP_DUE, Kind.FOLLOW_UP_DONE),
        *(Kind.EMAIL_SENT, Kind.EMAIL_DELIVERED, Kind.EMAIL_OPENED, Kind.FEEDBACK_RECEIVED),
        *(Kind.SUPPORT_OPENED, Kind.SUPPORT_FIRST_RESPONSE, Kind.SUPPORT_RESOLVED),
    )
}
"""Kinds of which there are many and which open, price or close nothing; all others are remembered for ever."""


def _giving(*fields: str) -> frozenset[int]:
    """Kinds whose data has one of some fields: asking for one that isn't there costs more than a look at the kind."""
    return frozenset(int(row.kind) for row in ACTIVITY_TYPES if set(fields) & set(row.struct.__struct_fields__))


GIVING_REP = _giving("rep")
GIVING_SPLITS = _giving("splits")
LONG_KINDS = _giving("lines", "splits")
"""Kinds with lists of their own, so that one may be as long as many others."""

_BY_RANK: tuple[tuple[Kind, ...], ...] = (
    (Kind.LEAD_CREATED, Kind.REFERRAL_CREATED),
    (Kind.DEAL_OPENED,),
    (
        *(Kind.LEAD_QUALIFIED, Kind.LEAD_DISQUALIFIED),
        *(Kind.OWNER_CHANGED, Kind.STAGE_CHANGED, Kind.AMOUNT_CHANGED),
    ),
    (
        *(Kind.TOUCH, Kind.APPOINTMENT_SET, Kind.APPOINTMENT_HELD, Kind.APPOINTMENT_NO_SHOW),
        *(Kind.FOLLOW_UP_DUE, Kind.FOLLOW_UP_DONE, Kind.EMAIL_SENT, Kind.EMAIL_DELIVERED, Kind.EMAIL_OPENED),
        *(Kind.SURVEY_SENT, Kind.SURVEY_ANSWERED, Kind.FEEDBACK_RECEIVED),
        *(Kind.SUPPORT_OPENED, Kind.SUPPORT_FIRST_RESPONSE, Kind.SUPPORT_RESOLVED),
    ),
    (
        *(Kind.DEAL_WON, Kind.DEAL_LOST, Kind.ORDER_PLACED),
        *(Kind.CUSTOMER_ONBOARDED, Kind.CUSTOMER_CHURNED, Kind.CUSTOMER_REACTIVATED, Kind.CUSTOMER_OWNER_CHANGED),
        *(Kind.MRR_CHANGED, Kind.RENEWAL_DUE, Kind.RENEWED),
    ),
    (Kind.DEAL_REOPENED, Kind.ORDER_REFUNDED),
)
RANK = {int(kind): rank for rank, kinds in enumerate(_BY_RANK) for kind in kinds}
"""The order of events at one time."""
