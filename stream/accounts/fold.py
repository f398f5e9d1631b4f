"""The fold: one event into one account, and what that adds to cells.

`fold` equals the difference of `contributions` before and after. The ordinary case (a touch on a deal that is open)
adds its one cell and looks at nothing else; everything else takes the difference over the entities that the event can
affect.
"""

from __future__ import annotations

from bisect import bisect_left

from schemas.event import Event
from schemas.verdicts import Code
from stream.accounts.account import Account
from stream.accounts.alone import counts_for_no_close, phaseless_after, phases_after, stands_alone
from stream.accounts.attaching import attach, detach, named_lead
from stream.accounts.contributions import answer_cells, is_nps, lead_cells, touch_cells
from stream.accounts.entry import Entry, entry_key, entry_of, same_as
from stream.accounts.history import candidate_deals
from stream.accounts.kinds import (
    DEAL_KINDS,
    DEAL_WON,
    LEAD_CREATED,
    ORDER_KINDS,
    ORDER_PLACED,
    PHASE_KINDS,
    SURVEY_ANSWERED,
    TOUCH,
)
from stream.accounts.ledger import is_settled, remember, replace, settle
from stream.accounts.orders import order_cells
from stream.accounts.standing import Cells, add
from stream.accounts.wins import deal_cells

ACCEPTED, DUPLICATE, SUPERSEDED = Code.ACCEPTED, Code.DUPLICATE, Code.SUPERSEDED
CONFLICT, TOO_OLD = Code.CONFLICT, Code.TOO_OLD

Part = tuple[str, str]
"""An entity of an account: ("deal" | "lead" | "order", its id)."""

PART_CELLS = {"deal": deal_cells, "lead": lead_cells, "order": order_cells}


def fold(account: Account, event: Event, received_ms: int, *, settle_before_ms: int) -> tuple[Code, Cells]:
    """Settle what is older than ``settle_before_ms``, judge an event that is valid by itself, and let it count.

    Returns the verdict (accepted, duplicate, superseded, conflict or too_old) and what it adds to cells.
    """
    first = account.first_touch
    if first is not None and first.time_ms < settle_before_ms:
        settle(account, settle_before_ms)
    held = account.index.get(f"{event.source}\0{event.id}")
    if held is not None:
        if event.revision < held.revision:
            return SUPERSEDED, {}
        if event.revision == held.revision:
            return (DUPLICATE if same_as(held, event) else CONFLICT), {}
    entry = entry_of(event, received_ms)
    if account.settled is not None and is_settled(account, entry):
        return TOO_OLD, {}
    if held is not None:
        cells = revise(account, held, entry)
        replace(account, held, entry)
        return ACCEPTED, cells
    cells = {} if entry.voided else insert(account, entry)
    remember(account, entry)
    return ACCEPTED, cells


def insert(account: Account, entry: Entry) -> Cells:
    """Let a new event count; what that adds."""
    if entry.kind == TOUCH:
        if counts_for_no_close(account, entry):
            attach(account, entry)
            return touch_cells(entry)
    elif stands_alone(account, entry):
        attach(account, entry)
        return _added(account, entry)
    return difference(account, None, entry)


def _added(account: Account, entry: Entry) -> Cells:
    """What an attached event that stands alone adds."""
    kind = entry.kind
    if kind == LEAD_CREATED:
        return lead_cells(account, entry.data.lead)
    if kind == DEAL_WON:
        return deal_cells(account, entry.data.deal)
    if kind == ORDER_PLACED:
        return order_cells(account, entry.data.order)
    return _own_cells(account, entry, 1) if kind == SURVEY_ANSWERED else {}


def revise(account: Account, old: Entry, new: Entry) -> Cells:
    """Let a higher revision count in the place of the one that is held; what that adds."""
    if old.kind == new.kind == TOUCH and not old.voided and counts_for_no_close(account, old):
        if new.voided:
            detach(account, old)
            return {cell: -amount for cell, amount in touch_cells(old).items()}
        if counts_for_no_close(account, new):
            detach(account, old)
            attach(account, new)
            cells = touch_cells(new)
            add(cells, touch_cells(old), -1)
            return cells
    return difference(account, old, new)


def difference(account: Account, old: Entry | None, new: Entry | None) -> Cells:
    """Let ``new`` count in place of ``old``; the difference that makes over everything either can affect."""
    gone = old if old is not None and not old.voided else None
    come = new if new is not None and not new.voided else None
    before_parts = affected(account, gone) | affected(account, come)
    cells = _own_cells(account, gone, -1)
    before = {part: PART_CELLS[part[0]](account, part[1]) for part in before_parts if _known(account, part)}
    _exchange(account, gone, come)
    after_parts = before_parts | affected(account, gone) | affected(account, come)
    late_parts = after_parts - before_parts
    if late_parts:  # relations that only exist now: look at how these stood before
        _exchange(account, come, gone)
        before |= {part: PART_CELLS[part[0]](account, part[1]) for part in late_parts if _known(account, part)}
        _exchange(account, gone, come)
    for part in after_parts:
        add(cells, before.get(part, {}), -1)
        if _known(account, part):
            add(cells, PART_CELLS[part[0]](account, part[1]))
    add(cells, _own_cells(account, come, 1))
    return cells


def _exchange(account: Account, gone: Entry | None, come: Entry | None) -> None:
    if gone is not None:
        detach(account, gone)
    if come is not None:
        attach(account, come)


def _known(account: Account, part: Part) -> bool:
    kind, part_id = part
    return part_id in (account.deals if kind == "deal" else account.leads if kind == "lead" else account.orders)


def _own_cells(account: Account, entry: Entry | None, sign: int) -> Cells:
    """What a touch adds by itself, or an answer with its neighbours, while it is attached."""
    cells: Cells = {}
    if entry is None:
        return cells
    if entry.kind == TOUCH:
        add(cells, touch_cells(entry), sign)
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
    """The entities whose contributions may change when this event comes or goes, as the account stands now."""
    if entry is None:
        return set()
    kind, parts = entry.kind, set[Part]()
    if kind == TOUCH:
        if entry.data.deal is not None:
            _deal_parts(account, entry.data.deal, parts)
        elif entry.data.lead is not None:
            _family(account, entry.data.lead, parts)
    elif kind == LEAD_CREATED:
        parts.add(("lead", entry.data.lead))
        _lead_affects(account, entry, parts)
    elif kind in DEAL_KINDS:
        _deal_affects(account, entry, parts)
    elif kind in ORDER_KINDS:
        parts.add(("order", entry.data.order))
    if kind in PHASE_KINDS:
        _customer_affects(account, entry, parts)
    return parts


def _deal_parts(account: Account, deal_id: str, parts: set[Part]) -> None:
    """A closed deal, and the orders that fulfil it."""
    deal = account.deals.get(deal_id)
    if deal is not None and deal.closes:
        parts.add(("deal", deal_id))


def _family(account: Account, lead_id: str, parts: set[Part]) -> None:
    """Every closed deal of a lead."""
    for deal_id, _ in candidate_deals(account, lead_id):
        _deal_parts(account, deal_id, parts)


def _lead_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """A lead gives its deals their source; one that comes between may become the lead of deals that name none."""
    _family(account, entry.data.lead, parts)
    key = entry_key(entry)
    if account.newest_first_key is not None and key < account.newest_first_key:
        for deal_id, deal in account.loose_deals.items():
            if deal.events and entry_key(deal.events[0]) > key:
                _deal_parts(account, deal_id, parts)
                if deal.implied_lead is not None:
                    _family(account, deal.implied_lead, parts)
    _orders_of(account, parts)


def _deal_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """A deal's own event affects the deal, its rivals for a lead's touches, and refunds of orders that fulfil it."""
    deal_id = entry.data.deal
    _deal_parts(account, deal_id, parts)
    deal = account.deals.get(deal_id)
    lead_ids = {named_lead(entry)}
    if deal is not None:
        lead_ids |= {named_lead(other) for other in deal.events}
        lead_ids.add(deal.implied_lead)
    for lead_id in lead_ids:
        lead = account.leads.get(lead_id) if lead_id is not None else None
        if lead_id is not None and lead is not None and lead.touches:
            _family(account, lead_id, parts)
    parts.add(("deal", deal_id))
    _orders_of(account, parts)


def _orders_of(account: Account, parts: set[Part]) -> None:
    """Refunded orders that fulfil one of the deals in ``parts``: their refunds carry the win's rep and source."""
    for kind, part_id in list(parts):
        if kind == "deal":
            parts |= {("order", order_id) for order_id in account.fulfilling.get(part_id, ())}


def _customer_affects(account: Account, entry: Entry, parts: set[Part]) -> None:
    """Whether the account is a customer decides the phase of later touches that give none."""
    if not phases_after(account, entry):
        return
    for lead_id in {touch.data.lead for touch in phaseless_after(account, entry)}:
        _family(account, lead_id, parts)
    for deal_id, deal in account.reclosed.items():
        if deal.events and deal.events[-1].time_ms >= entry.time_ms:
            _deal_parts(account, deal_id, parts)
