"""The one order of an account's events: time, then what happens first at equal times, then source and id."""

from __future__ import annotations

from schemas.event import Event, Kind

SortKey = tuple[int, int, str, str]

# The page ranks lead < opened < changes < touch < won, lost < reopened. What it doesn't name stands where it
# surprises least: an answer beside the touches, purchases and words about the customer beside the closes, refunds last.
RANK = {
    Kind.LEAD_CREATED: 0,
    Kind.DEAL_OPENED: 1,
    Kind.OWNER_CHANGED: 2,
    Kind.STAGE_CHANGED: 2,
    Kind.AMOUNT_CHANGED: 2,
    Kind.LEAD_QUALIFIED: 2,
    Kind.LEAD_DISQUALIFIED: 2,
    Kind.TOUCH: 3,
    Kind.SURVEY_ANSWERED: 3,
    Kind.SURVEY_SENT: 3,
    Kind.APPOINTMENT_SET: 3,
    Kind.APPOINTMENT_HELD: 3,
    Kind.APPOINTMENT_NO_SHOW: 3,
    Kind.FOLLOW_UP_DUE: 3,
    Kind.FOLLOW_UP_DONE: 3,
    Kind.EMAIL_SENT: 3,
    Kind.EMAIL_DELIVERED: 3,
    Kind.EMAIL_OPENED: 3,
    Kind.FEEDBACK_RECEIVED: 3,
    Kind.SUPPORT_OPENED: 3,
    Kind.SUPPORT_FIRST_RESPONSE: 3,
    Kind.SUPPORT_RESOLVED: 3,
    Kind.DEAL_WON: 4,
    Kind.DEAL_LOST: 4,
    Kind.ORDER_PLACED: 4,
    Kind.CUSTOMER_ONBOARDED: 4,
    Kind.CUSTOMER_CHURNED: 4,
    Kind.CUSTOMER_REACTIVATED: 4,
    Kind.CUSTOMER_OWNER_CHANGED: 4,
    Kind.MRR_CHANGED: 4,
    Kind.RENEWAL_DUE: 4,
    Kind.RENEWED: 4,
    Kind.DEAL_REOPENED: 5,
    Kind.ORDER_REFUNDED: 5,
}


def sort_key(event: Event) -> SortKey:
    """Where an event stands in its account."""
    return (event.time_ms, RANK.get(Kind(event.kind), 0), event.source, event.id)
