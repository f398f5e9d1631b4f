"""The decoded event, its kinds, and what can be said about events without reading bytes."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from schemas.data import AnyData
from schemas.verdicts import Code, Refusal

FIRST_ORGANISATION_KIND = 64
AHEAD_MS = 5 * 60_000
AGE_MS = 35 * 86_400_000


class Kind(IntEnum):
    """One number per event type. State rows hold them: never renumber, never reuse. 64 and up: organisation topic."""

    LEAD_CREATED = 1
    DEAL_OPENED = 2
    OWNER_CHANGED = 3
    DEAL_WON = 4
    DEAL_LOST = 5
    DEAL_REOPENED = 6
    TOUCH = 7
    ORDER_PLACED = 8
    ORDER_REFUNDED = 9
    SURVEY_ANSWERED = 10
    CUSTOMER_ONBOARDED = 11
    CUSTOMER_CHURNED = 12
    LEAD_QUALIFIED = 13
    LEAD_DISQUALIFIED = 14
    STAGE_CHANGED = 15
    AMOUNT_CHANGED = 16
    APPOINTMENT_SET = 17
    APPOINTMENT_HELD = 18
    APPOINTMENT_NO_SHOW = 19
    FOLLOW_UP_DUE = 20
    FOLLOW_UP_DONE = 21
    EMAIL_SENT = 22
    EMAIL_DELIVERED = 23
    EMAIL_OPENED = 24
    CUSTOMER_REACTIVATED = 25
    CUSTOMER_OWNER_CHANGED = 26
    MRR_CHANGED = 27
    RENEWAL_DUE = 28
    RENEWED = 29
    SURVEY_SENT = 30
    FEEDBACK_RECEIVED = 31
    SUPPORT_OPENED = 32
    SUPPORT_FIRST_RESPONSE = 33
    SUPPORT_RESOLVED = 34
    REFERRAL_CREATED = 35
    TENANT_CONFIGURED = 64
    ROSTER_CHANGED = 65
    RATE_SET = 66
    PIPELINE_CONFIGURED = 67
    PRODUCT_CONFIGURED = 68
    CALENDAR_CHANGED = 69
    ABSENCE_RECORDED = 70
    TARGET_SET = 71
    COST_RECORDED = 72
    PROMOTION_STARTED = 73
    PROMOTION_ENDED = 74
    COMPETITOR_PRICE_OBSERVED = 75
    ONE_ON_ONE_HELD = 76
    TRAINING_COMPLETED = 77
    REVIEW_RECORDED = 78
    STAFF_SURVEY_SENT = 79
    STAFF_SURVEY_ANSWERED = 80
    BENCHMARK_SET = 81
    CONTEST_SET = 82
    BONUS_PLAN_SET = 83
    SOURCE_HEARTBEAT = 84


class Event(msgspec.Struct, gc=False):
    """An event that keeps the contract. Times: UTC milliseconds since 1970, floored. `data` is None only if voided.

    `subject` is the account; of an organisation event without one it is the tenant.
    """

    kind: int
    time_ms: int
    source: str
    id: str
    revision: int
    voided: bool
    backfill: bool
    tenant: str
    subject: str
    receivedat_ms: int | None
    data: AnyData | None


def is_activity(kind: int) -> bool:
    """Whether events of this kind belong to an account (key tenant/subject), not to the organisation (key tenant)."""
    return kind < FIRST_ORGANISATION_KIND


def same_content(a: Event, b: Event) -> bool:
    """Whether two events of one identity and revision say the same; two voids of a kind always do."""
    if a.voided or b.voided:
        return a.voided and b.voided and a.kind == b.kind
    return a.kind == b.kind and a.time_ms == b.time_ms and a.data == b.data


def judge_time(event: Event, received_ms: int, *, may_backfill: bool) -> Refusal | None:
    """The event's time against its receipt: None, or a refusal `too_far_ahead` or `too_old`. Activity only.

    Backfill excuses age, never the future. A void or a revision of a kind that never settles has no age; that of a
    touch is judged by the ledger of its account, which knows what has settled.
    """
    if event.kind >= FIRST_ORGANISATION_KIND:
        return None
    age_ms = received_ms - event.time_ms
    if -AHEAD_MS <= age_ms <= AGE_MS:
        return None
    if age_ms < 0:
        return _refuse_time(
            event, Code.TOO_FAR_AHEAD, f"{said(-age_ms)} after its receipt; must be at most {said(AHEAD_MS)}"
        )
    if event.backfill and may_backfill:
        return None
    if event.voided or event.revision > 0:
        return None
    excuse = "; this publisher may not backfill" if event.backfill else ", or carry backfill: true"
    text = f"{said(age_ms)} before its receipt; must be at most {said(AGE_MS)}{excuse}"
    return _refuse_time(event, Code.TOO_OLD, text)


def said(span_ms: int) -> str:
    """A span as people say it, to the millisecond: ``35 d 2 h 0.001 s``."""
    parts = []
    for unit, unit_ms in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        count, span_ms = divmod(span_ms, unit_ms)
        parts += [f"{count} {unit}"] if count else []
    return " ".join([*parts, f"{span_ms / 1000:g} s"] if span_ms or not parts else parts)


def _refuse_time(event: Event, code: Code, text: str) -> Refusal:
    detail = f"event {event.source}#{event.id}: time is {text} (docs/publishing.md#time)"
    return Refusal(code, detail, event.source, event.id, event.tenant, event.subject)
