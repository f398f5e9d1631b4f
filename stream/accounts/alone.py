"""Which events change nothing but what they add themselves, so that no entity has to be looked at before and after."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from stream.accounts.account import Account, Deal
from stream.accounts.attaching import lead_before, named_lead
from stream.accounts.cohorts import is_won_for_good
from stream.accounts.customers import may_be_first
from stream.accounts.entry import Entry, entry_key, time_of
from stream.accounts.history import candidate_deals, contenders, lead_of
from stream.accounts.kinds import (
    CUSTOMER_KINDS,
    DEAL_KINDS,
    DEAL_LOST,
    DEAL_OPENED,
    DEAL_WON,
    LEAD_CREATED,
    ORDER_PLACED,
    ORDER_REFUNDED,
    PHASE_KINDS,
)
from stream.accounts.standing import CUSTOMER, Part
from stream.accounts.wins import was_won


def counts_for_no_close(account: Account, touch: Entry) -> bool:
    """Whether a touch comes after every win it could count for, or names nothing at all."""
    time_ms = touch.time_ms
    if time_ms > account.last_close_ms:
        return True
    if touch.data.deal is not None:
        deal = account.deals.get(touch.data.deal)
        return deal is None or is_past(deal, time_ms)
    if touch.data.lead is None:
        return True
    return all(is_past(deal, time_ms) for _, deal in contenders(account, touch.data.lead))


def is_past(deal: Deal, time_ms: int) -> bool:
    """Whether a deal was never won up to any moment from ``time_ms`` on."""
    return not deal.closes or time_ms > deal.events[-1].time_ms or not was_won(deal)


def parts_alone(account: Account, entry: Entry) -> tuple[Part, ...] | None:
    """The parts that a new event brings into being, if it changes nothing else but what it adds itself; else None.

    An event later than every close comes after every touch that counts for a win, after the first event of every
    closed deal and after every purchase by a close; an earlier one needs a closer look.
    """
    kind, data = entry.kind, entry.data
    if kind == LEAD_CREATED:
        return (("lead", data.lead),) if _lead_alone(account, entry) else None
    if kind not in PHASE_KINDS and kind not in DEAL_KINDS:
        return () if kind != ORDER_REFUNDED else None
    is_last = entry.time_ms > account.last_close_ms
    if not is_last and kind in PHASE_KINDS and phases_after(account, entry):
        return None
    if kind == ORDER_PLACED:
        return _order_alone(account, entry)
    if kind in DEAL_KINDS:
        return _deal_alone(account, entry, is_last)
    return ()


def _lead_alone(account: Account, entry: Entry) -> bool:
    """Whether a lead is new, and no deal's: none names it, none that names no lead begins after it."""
    lead = account.leads.get(entry.data.lead)
    if (lead is not None and lead.created) or entry.data.lead in account.lead_deals:
        return False
    if not account.loose_deals or account.newest_first_key is None:
        return True
    return entry_key(entry) > account.newest_first_key


def _order_alone(account: Account, entry: Entry) -> tuple[Part, ...] | None:
    """The parts of a new order; one that fulfils a deal adds nothing itself until it is refunded."""
    if entry.data.order in account.orders:
        return None
    parts: tuple[Part, ...] = () if entry.data.deal is not None else (("order", entry.data.order),)
    if not account.placed and not account.wins:
        return (*parts, CUSTOMER)
    return None if may_be_first(account, entry) else parts


def _deal_alone(account: Account, entry: Entry, is_last: bool) -> tuple[Part, ...] | None:
    """The parts that an event of a deal that never closed adds, if every other deal's lead and touches stay where they
    are.
    """
    kind, deal_id, lead_id = entry.kind, entry.data.deal, named_lead(entry)
    deal = account.deals.get(deal_id)
    if deal is not None and deal.events:
        if deal.closes or deal_id in account.reclosed or entry.time_ms <= deal.events[-1].time_ms:
            return None
        if kind == DEAL_OPENED or (lead_id is not None and lead_id != lead_of(deal, entry.time_ms)):
            return None
    elif not is_last and account.touched_leads and not (kind == DEAL_OPENED and _is_untouched(account, lead_id)):
        return None
    if kind == DEAL_WON:
        return _win_alone(account, entry, deal)
    if kind == DEAL_OPENED:
        return (("opened", deal_id),)
    return (("close", deal_id),) if kind == DEAL_LOST else ()


def _is_untouched(account: Account, lead_id: str | None) -> bool:
    """Whether a lead is named, and by no touch instead of a deal."""
    return lead_id is not None and lead_id not in account.touched_leads


def _win_alone(account: Account, entry: Entry, deal: Deal | None) -> tuple[Part, ...] | None:
    """The parts of a deal's first win, its last event: itself, its lead's conversion, the customer."""
    deal_id, lead_id = entry.data.deal, entry.data.lead
    parts: tuple[Part, ...] = (("close", deal_id), ("effort", deal_id))
    if deal_id in account.fulfilling:
        return None
    if lead_id is None:
        if deal is not None and deal.events:
            lead_id = lead_of(deal, entry.time_ms)
        else:
            lead_id = lead_before(account, entry_key(entry))
    if lead_id is not None and not _was_won_before(account, lead_id, entry):
        if any(other.closes and was_won(other) for _, other in candidate_deals(account, lead_id)):
            return None
        parts = (*parts, ("conversion", lead_id))
    if not account.placed and not account.wins:
        return (*parts, CUSTOMER)
    return None if may_be_first(account, entry) else parts


def _was_won_before(account: Account, lead_id: str, win: Entry) -> bool:
    """Whether a lead was won for good before another win of it."""
    key = entry_key(win)
    for _, deal in candidate_deals(account, lead_id):
        if deal.closes and is_won_for_good(deal, lead_id) and entry_key(deal.events[-1]) < key:
            return True
    return False


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
