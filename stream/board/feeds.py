"""Which kinds of event a measure is computed from, and for which reps a publisher sends them."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.event import Kind
from stream.board.reference.roster import NOBODY

DEAL_KINDS = frozenset(
    {
        *(Kind.DEAL_OPENED, Kind.OWNER_CHANGED, Kind.STAGE_CHANGED, Kind.AMOUNT_CHANGED),
        *(Kind.DEAL_WON, Kind.DEAL_LOST, Kind.DEAL_REOPENED),
    }
)
ORDER_KINDS = frozenset({Kind.ORDER_PLACED, Kind.ORDER_REFUNDED})

_CLOSES = (Kind.DEAL_WON, Kind.DEAL_LOST, Kind.DEAL_REOPENED)
_CYCLE = (*_CLOSES, Kind.TOUCH, Kind.LEAD_CREATED, Kind.DEAL_OPENED)
_COURSE = (*_CLOSES, Kind.DEAL_OPENED, Kind.STAGE_CHANGED, Kind.TOUCH, Kind.APPOINTMENT_HELD)
_CONVERSION = (*_CLOSES, Kind.LEAD_CREATED)

FEEDS: dict[str, tuple[Kind, ...]] = {
    "touches": (Kind.TOUCH,),
    "touches_automated": (Kind.TOUCH,),
    "stage_changes": (Kind.STAGE_CHANGED,),
    "appointments_held": (Kind.APPOINTMENT_HELD,),
    "engaged": (Kind.TOUCH,),
    "planned": (Kind.APPOINTMENT_SET,),
    "new_leads": (Kind.LEAD_CREATED,),
    "deals_opened": (Kind.DEAL_OPENED,),
    "deals_won": _CLOSES,
    "deals_lost": _CLOSES,
    "won_amount": _CLOSES,
    "customers_won": (*_CLOSES, Kind.ORDER_PLACED),
    "touches_on_won": (*_CLOSES, Kind.TOUCH),
    "revenue": (*_CLOSES, Kind.ORDER_PLACED, Kind.ORDER_REFUNDED),
    "revenue_orders": (Kind.ORDER_PLACED,),
    "refunds": (Kind.ORDER_REFUNDED,),
    "nps_answers": (Kind.SURVEY_ANSWERED,),
    "cohort_won": _CONVERSION,
    "cycle_ms": _CYCLE,
    "cycle_deals": _CYCLE,
    "cycle_bucket": _CYCLE,
    "open_deals": _COURSE,
    "open_amount": (*_COURSE, Kind.AMOUNT_CHANGED),
    "convert_ms": _CONVERSION,
    "converted": _CONVERSION,
    "convert_bucket": _CONVERSION,
}
"""Measure → the kinds whose events add to it or take from it. Who decides only whose it is (an owner's change, a lead's
source) doesn't feed it.
"""

FAMILY: dict[int, frozenset[Kind]] = {
    Kind.DEAL_WON: DEAL_KINDS,
    Kind.DEAL_LOST: DEAL_KINDS,
    Kind.DEAL_REOPENED: DEAL_KINDS,
    Kind.STAGE_CHANGED: DEAL_KINDS,
    Kind.ORDER_REFUNDED: ORDER_KINDS,
}
"""Kinds that count for the rep of their deal or order when they name none; and what else speaks of the same things."""

Speaking = dict[int, set[str]]
"""Kind → the reps a publisher named with it, NOBODY where it named none."""


def kinds_of(measures: Iterable[str]) -> set[int]:
    """The kinds that feed any of some measures."""
    return {int(kind) for measure in measures for kind in FEEDS[measure]}


def reps_fed(speaking: Speaking, kinds: Iterable[int]) -> set[str] | None:
    """The reps for whom a publisher feeds what these kinds feed; None: any rep there is.

    Where its events name nobody, those count whom it names with others of the family; if it never names anybody, it
    may be speaking for everybody.
    """
    reps: set[str] = set()
    for kind in kinds:
        named = speaking.get(kind, set())
        if NOBODY in named and kind in FAMILY:
            family = {rep for other in FAMILY[kind] for rep in speaking.get(other, ())} - {NOBODY}
            if not family:
                return None
            reps |= family
        else:
            reps |= named
    return reps
