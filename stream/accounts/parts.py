"""The parts of an account's contributions, and which of them an event can change.

A part is what one entity adds in one respect, a function of the account as it stands. `fold` evaluates those that an
event can affect before and after it counts, and nothing else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from stream.accounts.account import Account
from stream.accounts.alone import phaseless_after, phases_after
from stream.accounts.answers import answer_cells, is_nps
from stream.accounts.cohorts import conversion_cells, lead_cells
from stream.accounts.customers import customer_cells, first_purchases, may_be_first
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import candidate_deals, contenders, linked_leads
from stream.accounts.kinds import (
    APPOINTMENT_HELD,
    APPOINTMENT_SET,
    CLOSES,
    DEAL_KINDS,
    DEAL_WON,
    LEAD_CREATED,
    LINKING,
    ORDER_KINDS,
    ORDER_PLACED,
    OWNING,
    PHASE_KINDS,
    STAGE_CHANGED,
    SURVEY_ANSWERED,
    TOUCH,
)
from stream.accounts.open_deals import open_cells
from stream.accounts.opportunities import opened_cells, stage_cells, stage_change
from stream.accounts.orders import order_cells
from stream.accounts.standing import CUSTOMER, Cells, Part, add
from stream.accounts.touches import appointment_cells, plan_cells, touch_cells
from stream.accounts.wins import close_cells, effort_cells, was_won

PART_CELLS: dict[str, Callable[[Account, str], Cells]] = {
    "lead": lead_cells,
    "conversion": conversion_cells,
    "opened": opened_cells,
    "open": open_cells,
    "stages": stage_cells,
    "close": close_cells,
    "effort": effort_cells,
    "order": order_cells,
    "customer": customer_cells,
}


def cells_of(account: Account, part: Part) -> Cells:
    """What a part adds as the account stands; nothing for an entity that isn't there."""
    return PART_CELLS[part[0]](account, part[1])


def added(account: Account, entry: Entry, parts: tuple[Part, ...]) -> Cells:
    """What an attached event adds that stands alone: the parts it brought into being, and itself."""
    if entry.kind == STAGE_CHANGED:
        return stage_change(account.deals[entry.data.deal], entry)
    if not parts:
        return own_cells(account, entry, 1)
    cells = cells_of(account, parts[0])
    for part in parts[1:]:
        cells.update(cells_of(account, part))
    return cells


def own_cells(account: Account, entry: Entry | None, sign: int) -> Cells:
    """What a touch or an appointment adds by itself, or an answer with its neighbours, while it is attached."""
    cells: Cells = {}
    if entry is None:
        return cells
    if entry.kind == TOUCH:
        add(cells, touch_cells(entry), sign)
    elif entry.kind == APPOINTMENT_HELD:
        add(cells, appointment_cells(entry), sign)
    elif entry.kind == APPOINTMENT_SET:
        add(cells, plan_cells(entry), sign)
    elif entry.kind == SURVEY_ANSWERED and is_nps(entry):
        previous, following = _neighbours(account.answers, entry)
        add(cells, answer_cells(previous, entry), sign)
        if following is not None:
            add(cells, answer_cells(entry, following), sign)
            add(cells, answer_cells(previous, following), -sign)
    return cells


def _neighbours(answers: list[Entry], entry: Entry) -> tuple[Entry | None, Entry | None]:
    """The customer's NPS answers just before and just after one that is in the list."""
    before = bisect_left(answers, entry_key(entry), key=entry_key) - 1
    after = before + 2
    while before >= 0 and not is_nps(answers[before]):
        before -= 1
    while after < len(answers) and not is_nps(answers[after]):
        after += 1
    return (answers[before] if before >= 0 else None), (answers[after] if after < len(answers) else None)


def affected(account: Account, entry: Entry | None) -> set[Part]:
    """The parts that may change when this event comes or goes, as the account stands now."""
    parts = set[Part]()
    if entry is None:
        return parts
    kind = entry.kind
    if kind == TOUCH:
        if entry.data.deal is not None:
            _effort_of(account, entry.data.deal, parts)
        elif entry.data.lead is not None:
            _efforts_for(account, entry.data.lead, parts)
    elif kind == LEAD_CREATED:
        _lead_affects(account, entry, parts)
    elif kind in DEAL_KINDS:
        _deal_affects(account, entry, parts)
    elif kind in ORDER_KINDS:
        parts.add(("order", entry.data.order))
        if kind == ORDER_PLACED and (may_be_first(account, entry) or _was_first(account, entry.data.order)):
            parts.add(CUSTOMER)
    if kind in PHASE_KINDS:
        _customer_affects(account, entry, parts)
    return parts


def _effort_of(account: Account, deal_id: str, parts: set[Part]) -> None:
    """What a win took, if the deal was ever won."""
    deal = account.deals.get(deal_id)
    if deal is not None and deal.closes and was_won(deal):
        parts.add(("effort", deal_id))


def _efforts_for(account: Account, lead_id: str, parts: set[Part]) -> None:
    """What those wins of a lead took that its own touches may count for."""
    for deal_id, _ in contenders(account, lead_id):
        _effort_of(account, deal_id, parts)


def _efforts_among(account: Account, lead_id: str, parts: set[Part]) -> None:
    """What every win of a lead took: whose its touches are may change with an event of a deal or of a lead."""
    for deal_id, _ in candidate_deals(account, lead_id):
        _effort_of(account, deal_id, parts)


def _lead_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """A lead gives its deals their source; one that comes between may become the lead of deals that name none."""
    lead_id = entry.data.lead
    parts |= {("lead", lead_id), ("conversion", lead_id)}
    changed = {deal_id for deal_id, _ in candidate_deals(account, lead_id)}
    key = entry_key(entry)
    if account.newest_first_key is not None and key < account.newest_first_key:
        for deal_id, deal in account.loose_deals.items():
            if deal.events and entry_key(deal.events[0]) > key:
                changed.add(deal_id)
                if deal.implied_lead is not None:
                    parts.add(("conversion", deal.implied_lead))
                    _efforts_among(account, deal.implied_lead, parts)
    for deal_id in changed:
        parts |= {("opened", deal_id), ("close", deal_id)}
        _effort_of(account, deal_id, parts)
        _orders_of(account, deal_id, parts)
    if any(purchase.kind != ORDER_PLACED and purchase.data.deal in changed for purchase in first_purchases(account)):
        parts.add(CUSTOMER)


def _deal_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """A deal's own event affects the deal, its lead, its rivals for the lead's touches, and refunds of its orders."""
    deal_id = entry.data.deal
    deal = account.deals.get(deal_id)
    parts.add(("opened", deal_id))
    if entry.kind in OWNING:
        parts.add(("stages", deal_id))
    leads = linked_leads(deal) if deal is not None else set()
    if entry.kind in LINKING and entry.data.lead is not None:
        leads.add(entry.data.lead)
    for lead_id in leads:
        lead = account.leads.get(lead_id)
        if lead is not None and lead.touches:
            _efforts_among(account, lead_id, parts)
    if entry.kind in CLOSES or (deal is not None and deal.closes):
        parts.add(("close", deal_id))
        _orders_of(account, deal_id, parts)
    if entry.kind == DEAL_WON or (deal is not None and deal.closes and was_won(deal)):
        parts.add(("effort", deal_id))
        parts |= {("conversion", lead_id) for lead_id in leads}
        if may_be_first(account, entry) or any(win.data.deal == deal_id for win in first_purchases(account)):
            parts.add(CUSTOMER)


def _orders_of(account: Account, deal_id: str, parts: set[Part]) -> None:
    """Orders that fulfil a deal: their refunds carry the win's rep and source."""
    parts |= {("order", order_id) for order_id in account.fulfilling.get(deal_id, ())}


def _was_first(account: Account, order_id: str) -> bool:
    """Whether an order is an account's first purchase, or may be."""
    return any(entry.kind == ORDER_PLACED and entry.data.order == order_id for entry in first_purchases(account))


def _customer_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """Whether the account is a customer decides the phase of later touches that give none."""
    if not phases_after(account, entry):
        return
    for lead_id in {touch.data.lead for touch in phaseless_after(account, entry)}:
        _efforts_for(account, lead_id, parts)
    for deal_id, deal in account.reclosed.items():
        if deal.events and deal.events[-1].time_ms >= entry.time_ms:
            _effort_of(account, deal_id, parts)
