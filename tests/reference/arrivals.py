"""The naive ledger: what becomes of each record, and which events stand in the end. Lists and loops, no cleverness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas.event import Event, Kind, decode, encode_key, home_partition, judge_time, same_content
from schemas.verdicts import Code, Refusal
from tests.reference.order import SortKey, sort_key
from tests.reference.timeline import Timeline

DAY_MS = 86_400_000
SETTLING = (
    *(Kind.TOUCH, Kind.APPOINTMENT_SET, Kind.APPOINTMENT_HELD, Kind.APPOINTMENT_NO_SHOW),
    *(Kind.FOLLOW_UP_DUE, Kind.FOLLOW_UP_DONE, Kind.EMAIL_SENT, Kind.EMAIL_DELIVERED, Kind.EMAIL_OPENED),
    *(Kind.SUPPORT_OPENED, Kind.SUPPORT_FIRST_RESPONSE, Kind.SUPPORT_RESOLVED, Kind.FEEDBACK_RECEIVED),
)
"""Touches and the like: nothing is opened, priced or closed by them, so they settle one day."""


class Arrival(NamedTuple):
    """A record as a topic received it. ``key`` None stands for the key and the partition it should have."""

    raw: bytes
    received_ms: int
    key: bytes | None = None
    partition: int | None = None


class Standing(NamedTuple):
    """An event that stands, when its standing revision was received, and its place in the log."""

    event: Event
    received_ms: int
    place: int


@dataclass
class Account:
    """What the ledger knows of one account: every identity's standing revision, and how far it has settled."""

    standing: dict[tuple[str, str], Standing] = field(default_factory=dict)
    settled: set[tuple[str, str]] = field(default_factory=set)
    settled_mark: SortKey | None = None


@dataclass
class Judgement:
    """The verdict of each arrival in order (of those re-keyed: again at the end), and what stands by account."""

    verdicts: list[Code]
    accounts: dict[tuple[str, str], Account]
    newest_ms: dict[str, int]
    heard: dict[str, list[Event]] = field(default_factory=dict)
    """By tenant, every event that was accepted or came too late to count."""

    def tenants(self) -> set[str]:
        """Every tenant that has an account."""
        return {tenant for tenant, _ in self.accounts}

    def events_of(self, tenant: str) -> dict[str, list[Standing]]:
        """The effective events of a tenant by account: standing and not voided, in no particular order."""
        return {
            subject: [kept for kept in account.standing.values() if not kept.event.voided]
            for (owner, subject), account in self.accounts.items()
            if owner == tenant
        }


def judge(
    arrivals: Iterable[Arrival], *, may_backfill: bool, partitions: int = 8, settle_after_ms: int = 36 * DAY_MS
) -> Judgement:
    """Judge a topic's arrivals one after the other. Organisation and activity topics are judged apart."""
    judgement = Judgement([], {}, {})
    clocks: dict[int, int] = {}
    queue = list(arrivals)
    for place, arrival in enumerate(queue):  # the list grows while it is walked: a re-keyed record comes again, at home
        event = decode(arrival.raw)
        if isinstance(event, Refusal):
            judgement.verdicts.append(event.code)
            continue
        home_key = encode_key(event.tenant, event.subject)
        home = home_partition(home_key, partitions)
        if arrival.key is not None and arrival.key.partition(b"/")[0].decode() != event.tenant:
            judgement.verdicts.append(Code.NOT_ALLOWED)
            continue
        if arrival.key not in {None, home_key} or arrival.partition not in {None, home}:
            judgement.verdicts.append(Code.REKEYED)
            queue.append(Arrival(arrival.raw, arrival.received_ms))
            continue
        clocks[home] = max(clocks.get(home, arrival.received_ms), arrival.received_ms)
        refused = judge_time(event, arrival.received_ms, may_backfill=may_backfill)
        if refused is not None:
            judgement.verdicts.append(refused.code)
            continue
        account = judgement.accounts.setdefault((event.tenant, event.subject), Account())
        settle(account, before_ms=clocks[home] - settle_after_ms)
        verdict = enter(account, Standing(event, arrival.received_ms, place))
        judgement.verdicts.append(verdict)
        if verdict in (Code.ACCEPTED, Code.SUPERSEDED):  # so that it hangs on what came, not on its order
            judgement.heard.setdefault(event.tenant, []).append(event)
            judgement.newest_ms[event.tenant] = max(judgement.newest_ms.get(event.tenant, event.time_ms), event.time_ms)
    return judgement


def enter(account: Account, new: Standing) -> Code:
    """The verdict of an event by what its account already holds; an accepted one stands from now on."""
    event = new.event
    identity = (event.source, event.id)
    before = account.standing.get(identity)
    if before is not None and identity not in account.settled:
        if event.revision < before.event.revision:
            return Code.SUPERSEDED
        if event.revision == before.event.revision:
            return Code.DUPLICATE if same_content(before.event, event) else Code.CONFLICT
    mark = account.settled_mark
    if identity in account.settled or (event.kind in SETTLING and mark is not None and sort_key(event) <= mark):
        return Code.TOO_OLD
    account.standing[identity] = new
    return Code.ACCEPTED


def settle(account: Account, *, before_ms: int) -> None:
    """Settle touches in order, up to the first that is too young by time or receipt, or whose deal is open."""
    standing = [kept for kept in account.standing.values() if not kept.event.voided]
    touches = sorted((kept for kept in standing if kept.event.kind in SETTLING), key=lambda kept: sort_key(kept.event))
    if not touches or touches[0].event.time_ms >= before_ms:
        return
    timeline = Timeline(kept.event for kept in standing)
    for kept in touches:
        identity = (kept.event.source, kept.event.id)
        if identity in account.settled:
            continue
        if kept.event.time_ms >= before_ms or kept.received_ms >= before_ms:
            return
        deal = timeline.deal_of_touch(kept.event)
        if deal is not None and timeline.is_open(deal):
            return
        account.settled.add(identity)
        account.settled_mark = sort_key(kept.event)
