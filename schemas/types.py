"""The table of event types: one row each. A new type is a struct, a model and a row here, nothing else."""

from __future__ import annotations

from typing import NamedTuple

from schemas import data as structs
from schemas import models, models_organisation
from schemas.envelope import FIRST_ORGANISATION_KIND, Kind
from schemas.rules import Model


class EventType(NamedTuple):
    """A type as publishers spell it, its number, the decoded shape of its data and the contract of its data."""

    name: str
    kind: Kind
    struct: type[structs.Data]
    model: type[Model]


TYPES = (
    EventType("sales.lead.created", Kind.LEAD_CREATED, structs.LeadCreated, models.LeadCreated),
    EventType("sales.deal.opened", Kind.DEAL_OPENED, structs.DealOpened, models.DealOpened),
    EventType("sales.deal.owner_changed", Kind.OWNER_CHANGED, structs.OwnerChanged, models.OwnerChanged),
    EventType("sales.deal.won", Kind.DEAL_WON, structs.DealWon, models.DealWon),
    EventType("sales.deal.lost", Kind.DEAL_LOST, structs.DealLost, models.DealLost),
    EventType("sales.deal.reopened", Kind.DEAL_REOPENED, structs.DealReopened, models.DealReopened),
    EventType("sales.touch.logged", Kind.TOUCH, structs.Touch, models.Touch),
    EventType("sales.order.placed", Kind.ORDER_PLACED, structs.OrderPlaced, models.OrderPlaced),
    EventType("sales.order.refunded", Kind.ORDER_REFUNDED, structs.OrderRefunded, models.OrderRefunded),
    EventType("sales.survey.answered", Kind.SURVEY_ANSWERED, structs.SurveyAnswered, models.SurveyAnswered),
    EventType("sales.customer.onboarded", Kind.CUSTOMER_ONBOARDED, structs.CustomerOnboarded, models.CustomerFacts),
    EventType("sales.customer.churned", Kind.CUSTOMER_CHURNED, structs.CustomerChurned, models.CustomerFacts),
    EventType(
        "sales.tenant.configured",
        Kind.TENANT_CONFIGURED,
        structs.TenantConfigured,
        models_organisation.TenantConfigured,
    ),
    EventType("sales.roster.changed", Kind.ROSTER_CHANGED, structs.RosterChanged, models_organisation.RosterChanged),
    EventType("sales.rate.set", Kind.RATE_SET, structs.RateSet, models_organisation.RateSet),
)
BY_NAME = {row.name: row for row in TYPES}
NAME_OF = {int(row.kind): row.name for row in TYPES}
ACTIVITY_TYPES = tuple(row for row in TYPES if row.kind < FIRST_ORGANISATION_KIND)

_LATER = """
    lead.qualified lead.disqualified deal.stage_changed deal.amount_changed appointment.set appointment.held
    appointment.no_show follow_up.due follow_up.done email.sent email.delivered email.opened customer.reactivated
    customer.owner_changed customer.mrr_changed customer.renewal_due customer.renewed survey.sent feedback.received
    support.opened support.first_response support.resolved referral.created pipeline.configured product.configured
    calendar.changed absence.recorded target.set cost.recorded promotion.started promotion.ended
    competitor.price_observed one_on_one.held training.completed review.recorded staff_survey.sent
    staff_survey.answered benchmark.set contest.set bonus_plan.set source.heartbeat
"""

LATER_TYPES = frozenset(f"sales.{name}" for name in _LATER.split())
"""Types the contract names that this version does not take: refused as `unknown_type` with a detail that says so."""
