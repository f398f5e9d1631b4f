"""Questions about an account at a moment: whose lead a deal is, who owns it, whether a touch is post-sale.

"At ``time_ms``" means: knowing every event up to and including that instant. Nothing later changes an answer.
"""

from __future__ import annotations

from collections.abc import Iterator

from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, OrderKey, entry_key
from stream.accounts.kinds import CLOSES, CUSTOMER_CHURNED, DEAL_OPENED, DEAL_REOPENED, LINKING, OWNER_CHANGED

NOBODY = "_none"
"""The id under which what names no rep, source or team is counted."""


def lead_of(deal: Deal, time_ms: int) -> str | None:
    """A deal's lead at a moment: the standing close's, else the latest that an `opened` gave, else the implied one."""
    named: str | None = None
    closed: str | None = None
    for entry in deal.events:
        if entry.time_ms > time_ms:
            break
        if entry.kind in CLOSES:
            closed = entry.data.lead
        elif entry.kind == DEAL_REOPENED:
            closed = None
        elif entry.kind == DEAL_OPENED and entry.data.lead is not None:
            named = entry.data.lead
    return closed or named or deal.implied_lead


def linked_leads(deal: Deal) -> set[str]:
    """Every lead that may be a deal's at some moment."""
    leads = {entry.data.lead for entry in deal.events if entry.kind in LINKING and entry.data.lead is not None}
    if deal.implied_lead is not None:
        leads.add(deal.implied_lead)
    return leads


def lead_field(account: Account, lead_id: str | None, field: str, time_ms: int) -> str | None:
    """A field of a lead at a moment: the latest `created` up to then that gives it."""
    found: str | None = None
    lead = account.leads.get(lead_id) if lead_id is not None else None
    for entry in lead.created if lead is not None else ():
        if entry.time_ms > time_ms:
            break
        value = getattr(entry.data, field)
        found = value if value is not None else found
    return found


def owner_before(deal: Deal, key: OrderKey) -> str | None:
    """Who owned a deal just before ``key``: the latest rep that an `opened` or an `owner_changed` names."""
    owner: str | None = None
    for entry in deal.events:
        if entry_key(entry) >= key:
            break
        if entry.kind in (DEAL_OPENED, OWNER_CHANGED):
            owner = entry.data.rep
    return owner


def candidate_deals(account: Account, lead_id: str) -> Iterator[tuple[str, Deal]]:
    """Every deal whose lead this may be at some moment, with its id; a few may turn out not to be."""
    named = account.lead_deals.get(lead_id, {})
    for deal_id in named:
        yield deal_id, account.deals[deal_id]
    for deal_id, deal in account.implied_deals.get(lead_id, {}).items():
        if deal_id not in named:
            yield deal_id, deal


def earliest_deal(account: Account, lead_id: str, time_ms: int) -> Deal | None:
    """The earliest deal (by its first own event) whose lead this is at a moment: the one that the lead's own touches
    count for.
    """
    first: Deal | None = None
    for _, deal in candidate_deals(account, lead_id):
        if not deal.events or deal.events[0].time_ms > time_ms or lead_of(deal, time_ms) != lead_id:
            continue
        if first is None or entry_key(deal.events[0]) < entry_key(first.events[0]):
            first = deal
    return first


def contenders(account: Account, lead_id: str) -> list[tuple[str, Deal]]:
    """The deals that may be a lead's earliest at some moment, with their ids: none that begin after one that is the
    lead's from its beginning on and for ever.
    """
    begun = [(deal_id, deal) for deal_id, deal in candidate_deals(account, lead_id) if deal.events]
    if len(begun) < 2:
        return begun
    settled = [entry_key(deal.events[0]) for _, deal in begun if _is_always_of(deal, lead_id)]
    if not settled:
        return begun
    first = min(settled)
    return [(deal_id, deal) for deal_id, deal in begun if entry_key(deal.events[0]) <= first]


def _is_always_of(deal: Deal, lead_id: str) -> bool:
    """Whether a deal has one lead from its beginning on, and no other at any moment."""
    opening = deal.events[0]
    base = (opening.data.lead if opening.kind == DEAL_OPENED else None) or deal.implied_lead
    return base == lead_id and linked_leads(deal) == {lead_id}


def is_post_sale(account: Account, touch: Entry) -> bool:
    """Whether a touch is post-sale: its phase says so, or it has none, the account is a customer and it names no open
    deal.
    """
    phase = touch.data.phase
    if phase is not None:
        return bool(phase == "post_sale")
    key = entry_key(touch)
    if touch.data.deal is not None and account.deals[touch.data.deal].close_before(key) is None:
        return False
    return is_customer_before(account, key)


def is_customer_before(account: Account, key: OrderKey) -> bool:
    """Whether the account is a customer just before ``key``.

    From onboarded or reactivated, else from the first purchase (an order, or a deal that stands won), until churned.
    """
    first = first_purchase_before(account, key)
    active = ever = False
    for entry in account.customer:
        if entry_key(entry) >= key:
            break
        if first is not None and not ever and first < entry_key(entry):
            active = ever = True
        if entry.kind == CUSTOMER_CHURNED:
            active = False
        else:
            active = ever = True
    return active or (first is not None and not ever)


def first_purchase_before(account: Account, key: OrderKey) -> OrderKey | None:
    """The key of the first order, or win that still stands, before ``key``."""
    first: OrderKey | None = None
    if account.placed and entry_key(account.placed[0]) < key:
        first = entry_key(account.placed[0])
    for win in account.wins:
        won = entry_key(win)
        if won >= key or (first is not None and won > first):
            break
        if account.deals[win.data.deal].close_before(key) is win:
            return won
    return first
