"""The table of event types: one row each. A new type is a struct, a model and a row here, nothing else."""

from __future__ import annotations

from typing import NamedTuple

from schemas import data as structs
from schemas import models_contacts as contacts
from schemas import models_customers as customers
from schemas import models_deals as deals
from schemas import models_organisation as organisation
from schemas import models_plans as plans
from schemas.envelope import FIRST_ORGANISATION_KIND, Kind
from schemas.rules import Model


class EventType(NamedTuple):
    """A type as publishers spell it, its number, the decoded shape of its data and the contract of its data."""

    name: str
    kind: Kind
    struct: type[structs.Data]
    model: type[Model]


TYPES = (
    EventType("sales.lead.created", Kind.LEAD_CREATED, structs.LeadCreated, deals.LeadCreated),
    EventType("sales.deal.opened", Kind.DEAL_OPENED, structs.DealOpened, deals.DealOpened),
    EventType("sales.deal.owner_changed", Kind.OWNER_CHANGED, structs.OwnerChanged, deals.OwnerChanged),
    EventType("sales.deal.won", Kind.DEAL_WON, structs.DealWon, deals.DealWon),
    EventType("sales.deal.lost", Kind.DEAL_LOST, structs.DealLost, deals.DealLost),
    EventType("sales.deal.reopened", Kind.DEAL_REOPENED, structs.DealReopened, deals.DealReopened),
    EventType("sales.touch.logged", Kind.TOUCH, structs.Touch, contacts.Touch),
    EventType("sales.order.placed", Kind.ORDER_PLACED, structs.OrderPlaced, deals.OrderPlaced),
    EventType("sales.order.refunded", Kind.ORDER_REFUNDED, structs.OrderRefunded, deals.OrderRefunded),
    EventType("sales.survey.answered", Kind.SURVEY_ANSWERED, structs.SurveyAnswered, customers.SurveyAnswered),
    EventType("sales.customer.onboarded", Kind.CUSTOMER_ONBOARDED, structs.CustomerOnboarded, customers.CustomerFacts),
    EventType("sales.customer.churned", Kind.CUSTOMER_CHURNED, structs.CustomerChurned, customers.CustomerFacts),
    EventType("sales.lead.qualified", Kind.LEAD_QUALIFIED, structs.LeadQualified, deals.LeadJudged),
    EventType("sales.lead.disqualified", Kind.LEAD_DISQUALIFIED, structs.LeadDisqualified, deals.LeadJudged),
    EventType("sales.deal.stage_changed", Kind.STAGE_CHANGED, structs.StageChanged, deals.StageChanged),
    EventType("sales.deal.amount_changed", Kind.AMOUNT_CHANGED, structs.AmountChanged, deals.AmountChanged),
    EventType("sales.appointment.set", Kind.APPOINTMENT_SET, structs.AppointmentSet, contacts.Appointment),
    EventType("sales.appointment.held", Kind.APPOINTMENT_HELD, structs.AppointmentHeld, contacts.Appointment),
    EventType("sales.appointment.no_show", Kind.APPOINTMENT_NO_SHOW, structs.AppointmentNoShow, contacts.Appointment),
    EventType("sales.follow_up.due", Kind.FOLLOW_UP_DUE, structs.FollowUpDue, contacts.FollowUp),
    EventType("sales.follow_up.done", Kind.FOLLOW_UP_DONE, structs.FollowUpDone, contacts.FollowUp),
    EventType("sales.email.sent", Kind.EMAIL_SENT, structs.EmailSent, contacts.Email),
    EventType("sales.email.delivered", Kind.EMAIL_DELIVERED, structs.EmailDelivered, contacts.Email),
    EventType("sales.email.opened", Kind.EMAIL_OPENED, structs.EmailOpened, contacts.Email),
    EventType(
        "sales.customer.reactivated", Kind.CUSTOMER_REACTIVATED, structs.CustomerReactivated, customers.CustomerFacts
    ),
    EventType(
        "sales.customer.owner_changed",
        Kind.CUSTOMER_OWNER_CHANGED,
        structs.CustomerOwnerChanged,
        customers.CustomerFacts,
    ),
    EventType("sales.customer.mrr_changed", Kind.MRR_CHANGED, structs.MrrChanged, customers.CustomerFacts),
    EventType("sales.customer.renewal_due", Kind.RENEWAL_DUE, structs.RenewalDue, customers.Renewal),
    EventType("sales.customer.renewed", Kind.RENEWED, structs.Renewed, customers.Renewal),
    EventType("sales.survey.sent", Kind.SURVEY_SENT, structs.SurveySent, customers.SurveySent),
    EventType("sales.feedback.received", Kind.FEEDBACK_RECEIVED, structs.FeedbackReceived, customers.FeedbackReceived),
    EventType("sales.support.opened", Kind.SUPPORT_OPENED, structs.SupportOpened, contacts.Support),
    EventType(
        "sales.support.first_response", Kind.SUPPORT_FIRST_RESPONSE, structs.SupportFirstResponse, contacts.Support
    ),
    EventType("sales.support.resolved", Kind.SUPPORT_RESOLVED, structs.SupportResolved, contacts.Support),
    EventType("sales.referral.created", Kind.REFERRAL_CREATED, structs.ReferralCreated, customers.ReferralCreated),
    EventType(
        "sales.tenant.configured", Kind.TENANT_CONFIGURED, structs.TenantConfigured, organisation.TenantConfigured
    ),
    EventType("sales.roster.changed", Kind.ROSTER_CHANGED, structs.RosterChanged, organisation.RosterChanged),
    EventType("sales.rate.set", Kind.RATE_SET, structs.RateSet, plans.RateSet),
    EventType(
        "sales.pipeline.configured",
        Kind.PIPELINE_CONFIGURED,
        structs.PipelineConfigured,
        organisation.PipelineConfigured,
    ),
    EventType(
        "sales.product.configured", Kind.PRODUCT_CONFIGURED, structs.ProductConfigured, organisation.ProductConfigured
    ),
    EventType("sales.calendar.changed", Kind.CALENDAR_CHANGED, structs.CalendarChanged, organisation.CalendarChanged),
    EventType("sales.absence.recorded", Kind.ABSENCE_RECORDED, structs.AbsenceRecorded, organisation.AbsenceRecorded),
    EventType("sales.target.set", Kind.TARGET_SET, structs.TargetSet, plans.TargetSet),
    EventType("sales.cost.recorded", Kind.COST_RECORDED, structs.CostRecorded, plans.CostRecorded),
    EventType("sales.promotion.started", Kind.PROMOTION_STARTED, structs.PromotionStarted, plans.Promotion),
    EventType("sales.promotion.ended", Kind.PROMOTION_ENDED, structs.PromotionEnded, plans.Promotion),
    EventType(
        "sales.competitor.price_observed",
        Kind.COMPETITOR_PRICE_OBSERVED,
        structs.CompetitorPriceObserved,
        plans.CompetitorPriceObserved,
    ),
    EventType("sales.one_on_one.held", Kind.ONE_ON_ONE_HELD, structs.OneOnOneHeld, organisation.Talk),
    EventType("sales.training.completed", Kind.TRAINING_COMPLETED, structs.TrainingCompleted, organisation.Talk),
    EventType("sales.review.recorded", Kind.REVIEW_RECORDED, structs.ReviewRecorded, organisation.ReviewRecorded),
    EventType("sales.staff_survey.sent", Kind.STAFF_SURVEY_SENT, structs.StaffSurveySent, organisation.StaffSurveySent),
    EventType(
        "sales.staff_survey.answered",
        Kind.STAFF_SURVEY_ANSWERED,
        structs.StaffSurveyAnswered,
        organisation.StaffSurveyAnswered,
    ),
    EventType("sales.benchmark.set", Kind.BENCHMARK_SET, structs.BenchmarkSet, plans.BenchmarkSet),
    EventType("sales.contest.set", Kind.CONTEST_SET, structs.ContestSet, plans.ContestSet),
    EventType("sales.bonus_plan.set", Kind.BONUS_PLAN_SET, structs.BonusPlanSet, plans.BonusPlanSet),
    EventType("sales.source.heartbeat", Kind.SOURCE_HEARTBEAT, structs.SourceHeartbeat, organisation.SourceHeartbeat),
)
BY_NAME = {row.name: row for row in TYPES}
NAME_OF = {int(row.kind): row.name for row in TYPES}
ACTIVITY_TYPES = tuple(row for row in TYPES if row.kind < FIRST_ORGANISATION_KIND)
