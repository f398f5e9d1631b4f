"""The `data` of each event type, as msgspec structs: decoded shape and, by their constraints, the hot path's checks.

Every struct forbids unknown fields: an event that has some takes the contract path (`schemas.contract`), which ignores
them. Amounts are minor units of the currency beside them, `*_s` seconds, `*_d` days, `share_bp` basis points. For
canonical instants see `schemas.canonical`. What the contract refuses, a struct and its check in `schemas.soundness`
refuse; what the contract mends (an empty label), they decline too.
"""

from __future__ import annotations

from schemas.data_contacts import (
    AppointmentHeld,
    AppointmentNoShow,
    AppointmentSet,
    EmailDelivered,
    EmailOpened,
    EmailSent,
    FollowUpDone,
    FollowUpDue,
    SupportFirstResponse,
    SupportOpened,
    SupportResolved,
    Touch,
)
from schemas.data_customers import (
    CustomerChurned,
    CustomerOnboarded,
    CustomerOwnerChanged,
    CustomerReactivated,
    FeedbackReceived,
    MrrChanged,
    ReferralCreated,
    RenewalDue,
    Renewed,
    Scale,
    SurveyAnswered,
    SurveySent,
)
from schemas.data_deals import (
    AmountChanged,
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    LeadCreated,
    LeadDisqualified,
    LeadQualified,
    Location,
    OrderLine,
    OrderPlaced,
    OrderRefunded,
    OwnerChanged,
    Split,
    StageChanged,
    WonLine,
)
from schemas.data_fields import (
    BASIS_POINTS,
    INT64_MAX,
    LINES_MAX,
    SCORE_MAX,
    SPLITS_MAX,
    TEXT_MAX,
    Data,
)
from schemas.data_organisation import (
    AbsenceRecorded,
    CalendarChanged,
    OneOnOneHeld,
    PipelineConfigured,
    ProductConfigured,
    Ramp,
    ReviewRecorded,
    RosterChanged,
    SourceHeartbeat,
    StaffSurveyAnswered,
    StaffSurveySent,
    Stage,
    TenantConfigured,
    TrainingCompleted,
)
from schemas.data_plans import (
    BenchmarkSet,
    BonusPlanSet,
    BonusTier,
    CompetitorPriceObserved,
    ContestSet,
    CostRecorded,
    Period,
    PromotionEnded,
    PromotionStarted,
    RateSet,
    TargetSet,
)

__all__ = [
    "BASIS_POINTS",
    "INT64_MAX",
    "LINES_MAX",
    "SCORE_MAX",
    "SPLITS_MAX",
    "TEXT_MAX",
    "AbsenceRecorded",
    "ActivityData",
    "AmountChanged",
    "AnyData",
    "AppointmentHeld",
    "AppointmentNoShow",
    "AppointmentSet",
    "BenchmarkSet",
    "BonusPlanSet",
    "BonusTier",
    "CalendarChanged",
    "CompetitorPriceObserved",
    "ContestSet",
    "CostRecorded",
    "CustomerChurned",
    "CustomerOnboarded",
    "CustomerOwnerChanged",
    "CustomerReactivated",
    "Data",
    "DealLost",
    "DealOpened",
    "DealReopened",
    "DealWon",
    "EmailDelivered",
    "EmailOpened",
    "EmailSent",
    "FeedbackReceived",
    "FollowUpDone",
    "FollowUpDue",
    "LeadCreated",
    "LeadDisqualified",
    "LeadQualified",
    "Location",
    "MrrChanged",
    "OneOnOneHeld",
    "OrderLine",
    "OrderPlaced",
    "OrderRefunded",
    "OrganisationData",
    "OwnerChanged",
    "Period",
    "PipelineConfigured",
    "ProductConfigured",
    "PromotionEnded",
    "PromotionStarted",
    "Ramp",
    "RateSet",
    "ReferralCreated",
    "RenewalDue",
    "Renewed",
    "ReviewRecorded",
    "RosterChanged",
    "Scale",
    "SourceHeartbeat",
    "Split",
    "StaffSurveyAnswered",
    "StaffSurveySent",
    "Stage",
    "StageChanged",
    "SupportFirstResponse",
    "SupportOpened",
    "SupportResolved",
    "SurveyAnswered",
    "SurveySent",
    "TargetSet",
    "TenantConfigured",
    "Touch",
    "TrainingCompleted",
    "WonLine",
]

ActivityData = (
    LeadCreated
    | LeadQualified
    | LeadDisqualified
    | DealOpened
    | StageChanged
    | AmountChanged
    | OwnerChanged
    | DealWon
    | DealLost
    | DealReopened
    | OrderPlaced
    | OrderRefunded
    | Touch
    | AppointmentSet
    | AppointmentHeld
    | AppointmentNoShow
    | FollowUpDue
    | FollowUpDone
    | EmailSent
    | EmailDelivered
    | EmailOpened
    | SupportOpened
    | SupportFirstResponse
    | SupportResolved
    | CustomerOnboarded
    | CustomerChurned
    | CustomerReactivated
    | CustomerOwnerChanged
    | MrrChanged
    | RenewalDue
    | Renewed
    | SurveySent
    | SurveyAnswered
    | FeedbackReceived
    | ReferralCreated
)
OrganisationData = (
    TenantConfigured
    | RosterChanged
    | PipelineConfigured
    | ProductConfigured
    | CalendarChanged
    | AbsenceRecorded
    | OneOnOneHeld
    | TrainingCompleted
    | ReviewRecorded
    | StaffSurveySent
    | StaffSurveyAnswered
    | SourceHeartbeat
    | TargetSet
    | CostRecorded
    | PromotionStarted
    | PromotionEnded
    | CompetitorPriceObserved
    | RateSet
    | BenchmarkSet
    | ContestSet
    | BonusPlanSet
)
AnyData = ActivityData | OrganisationData
