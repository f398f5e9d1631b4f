"""An account: what its valid events say about leads, deals, orders and answers, indexed so that one event finds what
it touches.

Everything here is derived from the entries of the ledger: `attach` and `detach` are exact opposites, in any order.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from schemas.event import Kind
from stream.accounts.entry import Entry, OrderKey, entry_key

CLOSES = (Kind.DEAL_WON, Kind.DEAL_LOST)
DEAL_KINDS = frozenset({Kind.DEAL_OPENED, Kind.OWNER_CHANGED, Kind.DEAL_WON, Kind.DEAL_LOST, Kind.DEAL_REOPENED})
CUSTOMER_KINDS = frozenset({Kind.CUSTOMER_ONBOARDED, Kind.CUSTOMER_CHURNED})
ORDER_KINDS = frozenset({Kind.ORDER_PLACED, Kind.ORDER_REFUNDED})


class Deal:
    """A deal's own events in order, and the touches that name it (in no order)."""

    __slots__ = ("closes", "events", "touches")

    def __init__(self) -> None:
        self.events: list[Entry] = []
        self.touches: list[Entry] = []
        self.closes = 0  # won and lost events among `events`

    @property
    def first_key(self) -> OrderKey | None:
        """The key of its first own event; touches that name it don't open it."""
        return entry_key(self.events[0]) if self.events else None

    def close_at(self, time_ms: int) -> Entry | None:
        """The close that stands once every event up to and including ``time_ms`` is in, or None while it is open."""
        standing = None
        for entry in self.events:
            if entry.time_ms > time_ms:
                break
            if entry.kind in CLOSES:
                standing = entry
            elif entry.kind == Kind.DEAL_REOPENED:
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
            elif entry.kind == Kind.DEAL_REOPENED:
                standing = None
        return standing


class Lead:
    """A lead's `created` events in order, and the touches that name it but no deal."""

    __slots__ = ("created", "touches")

    def __init__(self) -> None:
        self.created: list[Entry] = []
        self.touches: list[Entry] = []


class Order:
    """An order's `placed` events and its refunds, each in order."""

    __slots__ = ("placed", "refunds")

    def __init__(self) -> None:
        self.placed: list[Entry] = []
        self.refunds: list[Entry] = []


class Account:
    """One account's entities.

    ``index`` finds every remembered event by identity; voided ones are in it and nowhere else.
    """

    __slots__ = (
        "answers", "chunks", "created", "customer", "deals", "dirty_chunks", "first_touch", "forgotten", "fulfilling", "index",
        "lead_deals", "leads", "loose_deals", "newest_first_key", "newest_phaseless_ms", "orders", "reclosed",
        "settled", "subject", "tenant", "touched_leads", "unsettled",
    )  # fmt: skip

    def __init__(self, tenant: str, subject: str) -> None:
        self.tenant = tenant
        self.subject = subject
        self.index: dict[str, Entry] = {}
        self.deals: dict[str, Deal] = {}
        self.leads: dict[str, Lead] = {}
        self.orders: dict[str, Order] = {}
        self.created: list[Entry] = []  # every lead's `created` events together, in order
        self.fulfilling: dict[str, int] = {}  # orders whose `placed` events name a deal, with how many do
        self.answers: list[Entry] = []
        self.customer: list[Entry] = []
        self.lead_deals: dict[str, dict[str, int]] = {}  # lead → deals whose own events name it, with how many do
        self.loose_deals: dict[str, Deal] = {}  # deals of which some own event names no lead
        self.reclosed: dict[str, Deal] = {}  # deals that were reopened, or closed more than once, at some time
        self.touched_leads: dict[str, Lead] = {}  # leads that some touch named instead of a deal
        self.newest_first_key: OrderKey | None = None  # no deal begins after it
        self.newest_phaseless_ms = -(2**62)  # no touch without a phase is newer
        self.settled: OrderKey | None = None  # touches up to here have settled
        self.forgotten: dict[int, int] = {}  # fingerprint of a settled touch's identity → the chunk that keeps it
        self.first_touch: Entry | None = None  # the first touch that hasn't
        self.unsettled: list[Entry] | None = None  # those touches in order, kept from the first settling on
        self.chunks: list[list[Entry]] = []
        self.dirty_chunks = 0  # a bit for each chunk that has changed since it was written

    def deal(self, deal_id: str) -> Deal:
        """The deal of that id, made where it is new."""
        found = self.deals.get(deal_id)
        if found is None:
            found = self.deals[deal_id] = Deal()
        return found

    def lead(self, lead_id: str) -> Lead:
        """The lead of that id, made where it is new."""
        found = self.leads.get(lead_id)
        if found is None:
            found = self.leads[lead_id] = Lead()
        return found

    def order(self, order_id: str) -> Order:
        """The order of that id, made where it is new."""
        found = self.orders.get(order_id)
        if found is None:
            found = self.orders[order_id] = Order()
        return found

    def touches(self) -> Iterator[Entry]:
        """Touches that are still in the ledger with their identity."""
        return (entry for entry in self.index.values() if entry.kind == Kind.TOUCH and not entry.voided)


def named_lead(entry: Entry) -> str | None:
    """The lead a deal's own event names, if any."""
    return getattr(entry.data, "lead", None)


def attach(account: Account, entry: Entry) -> None:
    """Let an event that isn't voided count."""
    kind = entry.kind
    if kind == Kind.TOUCH:
        _attach_touch(account, entry)
    elif kind in DEAL_KINDS:
        deal = account.deal(entry.data.deal)
        insort(deal.events, entry, key=entry_key)
        deal.closes += kind in CLOSES
        if kind == Kind.DEAL_REOPENED or deal.closes > 1:
            account.reclosed[entry.data.deal] = deal
        _link(account, entry, deal)
    elif kind == Kind.LEAD_CREATED:
        insort(account.lead(entry.data.lead).created, entry, key=entry_key)
        insort(account.created, entry, key=entry_key)
    elif kind == Kind.ORDER_PLACED:
        insort(account.order(entry.data.order).placed, entry, key=entry_key)
        if entry.data.deal is not None:
            account.fulfilling[entry.data.order] = account.fulfilling.get(entry.data.order, 0) + 1
    elif kind == Kind.ORDER_REFUNDED:
        insort(account.order(entry.data.order).refunds, entry, key=entry_key)
    elif kind == Kind.SURVEY_ANSWERED:
        insort(account.answers, entry, key=entry_key)
    else:
        insort(account.customer, entry, key=entry_key)


def detach(account: Account, entry: Entry) -> None:
    """Let an event that `attach` took no longer count."""
    kind = entry.kind
    if kind == Kind.TOUCH:
        _detach_touch(account, entry)
    elif kind in DEAL_KINDS:
        deal = account.deals[entry.data.deal]
        _remove(deal.events, entry)
        deal.closes -= kind in CLOSES
        _unlink(account, entry, deal)
    elif kind == Kind.LEAD_CREATED:
        _remove(account.leads[entry.data.lead].created, entry)
        _remove(account.created, entry)
    elif kind == Kind.ORDER_PLACED:
        _remove(account.orders[entry.data.order].placed, entry)
        if entry.data.deal is not None:
            account.fulfilling[entry.data.order] -= 1
            if not account.fulfilling[entry.data.order]:
                del account.fulfilling[entry.data.order]
    elif kind == Kind.ORDER_REFUNDED:
        _remove(account.orders[entry.data.order].refunds, entry)
    elif kind == Kind.SURVEY_ANSWERED:
        _remove(account.answers, entry)
    else:
        _remove(account.customer, entry)


def _attach_touch(account: Account, entry: Entry) -> None:
    touch = entry.data
    if touch.deal is not None:
        account.deal(touch.deal).touches.append(entry)
    elif touch.lead is not None:
        lead = account.touched_leads[touch.lead] = account.lead(touch.lead)
        lead.touches.append(entry)
    if touch.phase is None and entry.time_ms > account.newest_phaseless_ms:
        account.newest_phaseless_ms = entry.time_ms


def _detach_touch(account: Account, entry: Entry) -> None:
    touch = entry.data
    if touch.deal is not None:
        _remove_unordered(account.deals[touch.deal].touches, entry)
    elif touch.lead is not None:
        _remove_unordered(account.leads[touch.lead].touches, entry)


def _link(account: Account, entry: Entry, deal: Deal) -> None:
    lead_id = named_lead(entry)
    if lead_id is not None:
        namers = account.lead_deals.setdefault(lead_id, {})
        namers[entry.data.deal] = namers.get(entry.data.deal, 0) + 1
    _note_first(account, entry.data.deal, deal)


def _unlink(account: Account, entry: Entry, deal: Deal) -> None:
    lead_id = named_lead(entry)
    if lead_id is not None:
        namers = account.lead_deals[lead_id]
        namers[entry.data.deal] -= 1
        if not namers[entry.data.deal]:
            del namers[entry.data.deal]
    _note_first(account, entry.data.deal, deal)


def _note_first(account: Account, deal_id: str, deal: Deal) -> None:
    """Keep what is known of a deal's beginning in step with its events."""
    if not deal.events:
        account.loose_deals.pop(deal_id, None)
        return
    first = deal.events[0]
    if first.kind == Kind.DEAL_OPENED and first.data.lead is not None:
        account.loose_deals.pop(deal_id, None)
    else:
        account.loose_deals[deal_id] = deal
    key = entry_key(first)
    if account.newest_first_key is None or key > account.newest_first_key:
        account.newest_first_key = key


def _remove(entries: list[Entry], entry: Entry) -> None:
    """Take the very entry out of a sorted list."""
    at = bisect_left(entries, entry_key(entry), key=entry_key)
    while entries[at] is not entry:
        at += 1
    del entries[at]


def _remove_unordered(entries: list[Entry], entry: Entry) -> None:
    for at, candidate in enumerate(entries):
        if candidate is entry:
            del entries[at]
            return
    raise LookupError("the touch is not among those of its deal or lead")
