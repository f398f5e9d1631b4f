"""Which events change nothing but what they add themselves, so that no entity has to be looked at before and after."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from stream.accounts.account import Account
from stream.accounts.attaching import named_lead
from stream.accounts.entry import Entry, entry_key, time_of
from stream.accounts.history import candidate_deals, lead_of
from stream.accounts.kinds import (
    CUSTOMER_KINDS,
    DEAL_KINDS,
    DEAL_OPENED,
    DEAL_WON,
    LEAD_CREATED,
    ORDER_PLACED,
    PHASE_KINDS,
    SURVEY_ANSWERED,
)


def counts_for_no_close(account: Account, touch: Entry) -> bool:
    """Whether a touch comes after every close it could count for, or names nothing at all."""
    time_ms = touch.time_ms
    if time_ms > account.last_close_ms:
        return True
    if touch.data.deal is not None:
        deal = account.deals.get(touch.data.deal)
        return deal is None or not deal.closes or time_ms > deal.events[-1].time_ms
    if touch.data.lead is None:
        return True
    deals = candidate_deals(account, touch.data.lead)
    return all(not deal.closes or time_ms > deal.events[-1].time_ms for _, deal in deals)


def stands_alone(account: Account, entry: Entry) -> bool:
    """Whether an event can change nothing but what it adds itself.

    An event later than every close comes after every touch that counts for a win, after the first event of every
    closed deal and after every purchase by a close; an earlier one needs a closer look.
    """
    kind, data = entry.kind, entry.data
    is_last = entry.time_ms > account.last_close_ms
    if kind == SURVEY_ANSWERED:
        return True
    if kind == LEAD_CREATED:
        lead = account.leads.get(data.lead)
        is_new = lead is None or not lead.created
        return is_new and data.lead not in account.lead_deals and (is_last or not account.loose_deals)
    if not is_last and kind in PHASE_KINDS and phases_after(account, entry):
        return False
    if kind == ORDER_PLACED:
        return data.deal is None and data.order not in account.orders
    if kind in DEAL_KINDS:
        return not (kind == DEAL_WON and data.deal in account.fulfilling) and _deal_alone(account, entry, is_last)
    return kind in CUSTOMER_KINDS


def _deal_alone(account: Account, entry: Entry, is_last: bool) -> bool:
    """Whether an event of a deal that never closed leaves every other deal's lead and touches where they are."""
    deal = account.deals.get(entry.data.deal)
    lead_id = named_lead(entry)
    if deal is None or not deal.events:
        if is_last or not account.touched_leads:
            return True
        return entry.kind == DEAL_OPENED and lead_id is not None and lead_id not in account.touched_leads
    if deal.closes or entry.data.deal in account.reclosed or entry.time_ms <= deal.events[0].time_ms:
        return False
    return lead_id is None or not account.touched_leads or lead_id == lead_of(deal, entry.time_ms)


def phases_after(account: Account, entry: Entry) -> bool:
    """Whether some later touch up to the last close may change its phase when this event comes or goes."""
    if entry.time_ms > account.last_close_ms:
        return False
    if not phaseless_after(account, entry) and not account.reclosed:
        return False
    return not _was_customer_anyway(account, entry)


def phaseless_after(account: Account, entry: Entry) -> list[Entry]:
    """Touches of leads that give no phase, from the event's time to the last close."""
    touches = account.phaseless
    low = bisect_left(touches, entry.time_ms, key=time_of)
    return touches[low : bisect_right(touches, account.last_close_ms, key=time_of)]


def _was_customer_anyway(account: Account, entry: Entry) -> bool:
    """Whether another purchase that nothing takes back came before this one, so that this one isn't the first."""
    if entry.kind in CUSTOMER_KINDS:
        return False
    key = entry_key(entry)
    order_id = entry.data.order if entry.kind == ORDER_PLACED else None
    for placed in account.placed:
        if entry_key(placed) >= key:
            break
        if placed.data.order != order_id:
            return True
    deal_id = entry.data.deal if order_id is None else None
    for win in account.wins:
        if entry_key(win) >= key:
            break
        if win.data.deal != deal_id and win.data.deal not in account.reclosed:
            return True
    return False
