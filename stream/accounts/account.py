"""An account: what its valid events say about leads, deals, orders and answers, indexed so that one event finds what
it touches.
"""

from __future__ import annotations

from typing import Any

from mypy_extensions import i64, mypyc_attr

from stream.accounts.course import Course
from stream.accounts.entry import Entry, OrderKey, entry_key
from stream.accounts.kinds import CLOSES, DEAL_REOPENED

BEGINNING_MS = -(2**61)
FOREVER_MS = 2**61
NONE_YET: dict[str, Any] = {}
NONE_FORGOTTEN: dict[int, int] = {}
NO_ENTRIES: list[Entry] = []
"""What an account holds of a sort it has none of, shared and never written: most accounts have few sorts."""


@mypyc_attr(acyclic=True)
class Deal:
    """A deal's own events in order, the touches that name it and its appointments held (both in no order).

    ``course`` is where all of them have brought it, None where that has to be taken anew. A touch of a person from
    ``quiet_from_ms`` on and before ``quiet_until_ms`` doesn't move it, whether it is attached already or not.
    """

    __slots__ = ("closes", "course", "events", "held", "implied_lead", "quiet_from_ms", "quiet_until_ms", "touches")

    def __init__(self) -> None:
        self.implied_lead: str | None = None  # the account's latest lead created before the first own event
        self.events: list[Entry] = []
        self.touches: list[Entry] = []
        self.held: list[Entry] = NO_ENTRIES
        self.closes = 0  # won and lost events among `events`
        self.course: Course | None = None
        self.quiet_from_ms: i64 = FOREVER_MS
        self.quiet_until_ms: i64 = BEGINNING_MS

    def close_at(self, time_ms: int) -> Entry | None:
        """The close that stands once every event up to and including ``time_ms`` is in, or None while it is open."""
        standing = None
        for entry in self.events:
            if entry.time_ms > time_ms:
                break
            if entry.kind in CLOSES:
                standing = entry
            elif entry.kind == DEAL_REOPENED:
                standing = None
        return standing

    def close_before(self, key: OrderKey) -> Entry | None:
        """The close that stands just before ``key``."""
        standing = None
        for entry in self.events:
            if entry_key(entry) >= key:
                break
            if entry.kind in CLOSES:
                standing = entry
            elif entry.kind == DEAL_REOPENED:
                standing = None
        return standing


@mypyc_attr(acyclic=True)
class Lead:
    """A lead's `created` events in order, and the touches that name it but no deal."""

    __slots__ = ("created", "touches")

    def __init__(self) -> None:
        self.created: list[Entry] = []
        self.touches: list[Entry] = []


@mypyc_attr(acyclic=True)
class Order:
    """An order's `placed` events and its refunds, each in order."""

    __slots__ = ("placed", "refunds")

    def __init__(self) -> None:
        self.placed: list[Entry] = []
        self.refunds: list[Entry] = []


@mypyc_attr(acyclic=True)
class Account:
    """One account's entities, and the chunks of its ledger.

    ``index`` finds every remembered event by identity; voided ones are in it and nowhere else. Neither it nor the
    entities are kept up with every touch: the last ``unindexed`` entries of the chunks are still to be indexed, the
    last ``unattached`` of those, all of them touches, still to be attached (`stream.accounts.tail`).
    """

    __slots__ = (
        "answers", "calm_after_ms", "chunks", "counted", "created", "customer", "deals", "dirty_chunks", "dirty_tail",
        "first_touch", "forgotten", "fulfilling", "implied_deals", "index", "last_close_ms", "last_weight",
        "lead_deals", "leads", "loose_deals", "newest_first_key", "orders", "phaseless", "placed", "reclosed", "seen",
        "settle_from_ms", "settled", "settled_ms", "subject", "tenant", "touched_leads", "twins", "unattached",
        "unindexed", "unsettled", "wins",
    )  # fmt: skip

    def __init__(self, tenant: str, subject: str) -> None:
        self.tenant = tenant
        self.subject = subject
        self.seen: i64 = 0  # a bit for each identity, by its hash: one whose bit is not set is new
        self.calm_after_ms = BEGINNING_MS  # a touch after it comes after every close and every settled touch
        self.settled_ms = BEGINNING_MS  # no settled touch is newer
        self.settle_from_ms = FOREVER_MS  # nothing settles before the horizon lies after it
        self.unindexed = 0
        self.unattached = 0
        self.chunks: list[list[Entry]] = []
        self.counted = 0  # entries when they were last counted (`stream.accounts.shelf`)
        self.last_weight = 0  # of the last chunk
        self.dirty_chunks = 0  # a bit for each chunk that has changed since it was written
        self.dirty_tail = -1  # one of them, of which that is known at a glance
        self.index: dict[str, Entry] = NONE_YET  # by id; an id that several sources gave: of the first
        self.twins: dict[str, Entry] = NONE_YET  # by identity, those of further sources
        self.deals: dict[str, Deal] = NONE_YET
        self.leads: dict[str, Lead] = NONE_YET
        self.orders: dict[str, Order] = NONE_YET
        self.created: list[Entry] = NO_ENTRIES  # every lead's `created` events together, in order
        self.fulfilling: dict[str, dict[str, int]] = NONE_YET  # deal → orders that name it, and how often
        self.answers: list[Entry] = NO_ENTRIES
        self.customer: list[Entry] = NO_ENTRIES
        self.wins: list[Entry] = NO_ENTRIES  # every deal's won events together, in order
        self.placed: list[Entry] = NO_ENTRIES  # every order's `placed` events together, in order
        self.phaseless: list[Entry] = NO_ENTRIES  # touches without a phase that name a lead and no deal, in order
        self.lead_deals: dict[str, dict[str, int]] = NONE_YET  # lead → deals whose own events name it, how many do
        self.loose_deals: dict[str, Deal] = NONE_YET  # deals that don't begin with an `opened` that names a lead
        self.implied_deals: dict[str, dict[str, Deal]] = NONE_YET  # lead → loose deals that it is implied for
        self.reclosed: dict[str, Deal] = NONE_YET  # deals that were reopened, or closed more than once, at some time
        self.touched_leads: dict[str, Lead] = NONE_YET  # leads that some touch named instead of a deal
        self.last_close_ms = BEGINNING_MS  # no won or lost event is newer
        self.newest_first_key: OrderKey | None = None  # no deal begins after it
        self.settled: OrderKey | None = None  # what settles has settled up to here
        self.forgotten: dict[int, int] = NONE_FORGOTTEN  # fingerprint of a settled identity → its chunk
        self.first_touch: Entry | None = None  # the first event that settles and hasn't, mostly a touch
        self.unsettled: list[Entry] | None = None  # all of those in order, kept from the first settling on

    def deal(self, deal_id: str) -> Deal:
        """The deal of that id, made where it is new."""
        found = self.deals.get(deal_id)
        if found is None:
            if self.deals is NONE_YET:
                self.deals = {}
            found = self.deals[deal_id] = Deal()
        return found

    def lead(self, lead_id: str) -> Lead:
        """The lead of that id, made where it is new."""
        found = self.leads.get(lead_id)
        if found is None:
            if self.leads is NONE_YET:
                self.leads = {}
            found = self.leads[lead_id] = Lead()
        return found

    def touch_lead(self, lead_id: str) -> Lead:
        """The lead of that id, noted as one that touches name."""
        found = self.touched_leads.get(lead_id)
        if found is None:
            self.touched_leads = self.touched_leads or {}
            found = self.touched_leads[lead_id] = self.lead(lead_id)
        return found

    def order(self, order_id: str) -> Order:
        """The order of that id, made where it is new."""
        found = self.orders.get(order_id)
        if found is None:
            if self.orders is NONE_YET:
                self.orders = {}
            found = self.orders[order_id] = Order()
        return found

    def take_dirty(self) -> list[int]:
        """Numbers of the chunks that have changed since they were written; from now on none has."""
        dirty, self.dirty_chunks, self.dirty_tail = self.dirty_chunks, 0, -1
        chunks = []
        while dirty:
            lowest = dirty & -dirty
            chunks.append(lowest.bit_length() - 1)
            dirty ^= lowest
        return chunks
