"""How an event comes to count in its account, and ceases to: `attach` and `detach` are opposites, in any order."""

from __future__ import annotations

from bisect import bisect_left

from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, OrderKey, entry_key, insert_sorted
from stream.accounts.kinds import (
    APPOINTMENT_HELD,
    CLOSES,
    CUSTOMER_KINDS,
    DEAL_KINDS,
    DEAL_OPENED,
    DEAL_REOPENED,
    DEAL_WON,
    LEAD_CREATED,
    LINKING,
    ORDER_KINDS,
    ORDER_PLACED,
    ORDER_REFUNDED,
    SURVEY_ANSWERED,
    TOUCH,
)


def named_lead(entry: Entry) -> str | None:
    """The lead a deal's own event names, if any."""
    lead: str | None = entry.data.lead if entry.kind in LINKING else None
    return lead


def attach(account: Account, entry: Entry) -> None:
    """Let an event that isn't voided count."""
    kind = entry.kind
    if kind == TOUCH:
        _attach_touch(account, entry)
    elif kind in DEAL_KINDS:
        deal = account.deal(entry.data.deal)
        insert_sorted(deal.events, entry)
        if kind in CLOSES:
            deal.closes += 1
            account.last_close_ms = max(account.last_close_ms, entry.time_ms)
            account.calm_after_ms = max(account.calm_after_ms, entry.time_ms)
        if kind == DEAL_WON:
            account.wins = _with(account.wins, entry)
        if kind == DEAL_REOPENED or deal.closes > 1:
            account.reclosed = account.reclosed or {}
            account.reclosed[entry.data.deal] = deal
        _link(account, entry, deal)
    elif kind == LEAD_CREATED:
        insert_sorted(account.lead(entry.data.lead).created, entry)
        account.created = _with(account.created, entry)
        _imply_after(account, entry)
    elif kind in ORDER_KINDS:
        _attach_order(account, entry)
    elif kind == SURVEY_ANSWERED:
        account.answers = _with(account.answers, entry)
    elif kind in CUSTOMER_KINDS:
        account.customer = _with(account.customer, entry)
    elif kind == APPOINTMENT_HELD and entry.data.deal is not None:
        deal = account.deal(entry.data.deal)
        deal.held = _with(deal.held, entry)


def detach(account: Account, entry: Entry) -> None:
    """Let an event that `attach` took no longer count."""
    kind = entry.kind
    if kind == TOUCH:
        _detach_touch(account, entry)
    elif kind in DEAL_KINDS:
        deal = account.deals[entry.data.deal]
        _remove(deal.events, entry)
        deal.closes -= kind in CLOSES
        if kind == DEAL_WON:
            _remove(account.wins, entry)
        _unlink(account, entry, deal)
    elif kind == LEAD_CREATED:
        _remove(account.leads[entry.data.lead].created, entry)
        _remove(account.created, entry)
        _imply_after(account, entry)
    elif kind == ORDER_PLACED:
        _remove(account.orders[entry.data.order].placed, entry)
        _remove(account.placed, entry)
        if entry.data.deal is not None:
            count_down(account.fulfilling[entry.data.deal], entry.data.order)
    elif kind == ORDER_REFUNDED:
        _remove(account.orders[entry.data.order].refunds, entry)
    elif kind == SURVEY_ANSWERED:
        _remove(account.answers, entry)
    elif kind in CUSTOMER_KINDS:
        _remove(account.customer, entry)
    elif kind == APPOINTMENT_HELD and entry.data.deal is not None:
        _remove_unordered(account.deals[entry.data.deal].held, entry)


def _with(entries: list[Entry], entry: Entry) -> list[Entry]:
    """The sorted list with one more; a list of its own where there was none."""
    if not entries:
        return [entry]
    insert_sorted(entries, entry)
    return entries


def _attach_order(account: Account, entry: Entry) -> None:
    order = account.order(entry.data.order)
    if entry.kind == ORDER_REFUNDED:
        insert_sorted(order.refunds, entry)
        return
    insert_sorted(order.placed, entry)
    account.placed = _with(account.placed, entry)
    if entry.data.deal is not None:
        account.fulfilling = account.fulfilling or {}
        count_up(account.fulfilling.setdefault(entry.data.deal, {}), entry.data.order)


def _attach_touch(account: Account, entry: Entry) -> None:
    touch = entry.data
    if touch.deal is not None:
        account.deal(touch.deal).touches.append(entry)
    elif touch.lead is not None:
        attach_to_lead(account, entry)


def attach_to_lead(account: Account, entry: Entry) -> None:
    """Let a touch count for the lead it names instead of a deal."""
    account.touch_lead(entry.data.lead).touches.append(entry)
    if entry.data.phase is None:
        account.phaseless = _with(account.phaseless, entry)


def _detach_touch(account: Account, entry: Entry) -> None:
    touch = entry.data
    if touch.deal is not None:
        _remove_unordered(account.deals[touch.deal].touches, entry)
    elif touch.lead is not None:
        _remove_unordered(account.leads[touch.lead].touches, entry)
        if touch.phase is None:
            _remove_unordered(account.phaseless, entry)


def _link(account: Account, entry: Entry, deal: Deal) -> None:
    lead_id = named_lead(entry)
    if lead_id is not None:
        account.lead_deals = account.lead_deals or {}
        count_up(account.lead_deals.setdefault(lead_id, {}), entry.data.deal)
    if deal.events[0] is entry:
        _note_first(account, entry.data.deal, deal)


def _unlink(account: Account, entry: Entry, deal: Deal) -> None:
    lead_id = named_lead(entry)
    if lead_id is not None:
        count_down(account.lead_deals[lead_id], entry.data.deal)
    _note_first(account, entry.data.deal, deal)


def count_up(counts: dict[str, int], key: str) -> None:
    """One more."""
    counts[key] = counts.get(key, 0) + 1


def count_down(counts: dict[str, int], key: str) -> None:
    """One less; none is not kept."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


def _note_first(account: Account, deal_id: str, deal: Deal) -> None:
    """Keep what is known of a deal's beginning in step with its events."""
    first = deal.events[0] if deal.events else None
    if first is None or (first.kind == DEAL_OPENED and first.data.lead is not None):
        if deal_id in account.loose_deals:
            del account.loose_deals[deal_id]
    else:
        account.loose_deals = account.loose_deals or {}
        account.loose_deals[deal_id] = deal
    _imply(account, deal_id, deal)
    if first is not None:
        key = entry_key(first)
        if account.newest_first_key is None or key > account.newest_first_key:
            account.newest_first_key = key


def _imply_after(account: Account, lead_entry: Entry) -> None:
    """A lead came or went: look again at the loose deals that begin after it."""
    key = entry_key(lead_entry)
    if account.newest_first_key is not None and key < account.newest_first_key:
        for deal_id, deal in account.loose_deals.items():
            if entry_key(deal.events[0]) > key:
                _imply(account, deal_id, deal)


def _imply(account: Account, deal_id: str, deal: Deal) -> None:
    """Note a deal's lead, if it begins without naming one."""
    lead_id: str | None = None
    if deal_id in account.loose_deals:  # else it begins with an `opened` that names a lead, and needs none
        lead_id = lead_before(account, entry_key(deal.events[0]))
    if deal.implied_lead is not None:
        account.implied_deals.get(deal.implied_lead, {}).pop(deal_id, None)
    deal.implied_lead = lead_id
    if lead_id is not None:
        account.implied_deals = account.implied_deals or {}
        account.implied_deals.setdefault(lead_id, {})[deal_id] = deal


def lead_before(account: Account, key: OrderKey) -> str | None:
    """The account's latest lead that was first created before ``key``."""
    at = bisect_left(account.created, key, key=entry_key) if account.created else 0
    while at:
        at -= 1
        lead_id: str = account.created[at].data.lead
        if account.leads[lead_id].created[0] is account.created[at]:
            return lead_id
    return None


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
