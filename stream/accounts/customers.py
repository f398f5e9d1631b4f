"""What an account adds as a customer: one, at its first purchase."""

from __future__ import annotations

from stream.accounts.account import Account
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY, lead_field, lead_of, linked_leads
from stream.accounts.kinds import ORDER_PLACED
from stream.accounts.standing import Cells, Standing, changes, known_at
from stream.accounts.wins import win_rep
from stream.panes import minute_of


def customer_cells(account: Account, _: str = "") -> Cells:
    """A customer won, at the minute of the first order or of the first win that stands: an order for its rep, a win
    for the win's rep and its lead's source.
    """
    purchases = first_purchases(account)
    if not purchases:
        return {}
    moments = [time_ms for purchase in purchases for time_ms in _moments(account, purchase)]
    if len(moments) == 1:
        return known_at(moments[0], _customer_at(account, purchases, moments[0]))
    return changes(moments, lambda time_ms: _customer_at(account, purchases, time_ms))


def first_purchases(account: Account) -> list[Entry]:
    """The purchases that may be an account's first, in order, up to the first that nothing takes back."""
    found: list[Entry] = []
    order = account.placed[0] if account.placed else None
    for win in account.wins:
        if order is not None and entry_key(order) < entry_key(win):
            break
        found.append(win)
        if win.data.deal not in account.reclosed:
            return found
    return [*found, order] if order is not None else found


def may_be_first(account: Account, purchase: Entry) -> bool:
    """Whether a purchase may be an account's first at some moment, or is one of those: unless one came before it that
    nothing takes back.
    """
    firsts = first_purchases(account)
    if not firsts or entry_key(purchase) <= entry_key(firsts[-1]):
        return True
    return firsts[-1].kind != ORDER_PLACED and firsts[-1].data.deal in account.reclosed


def _moments(account: Account, purchase: Entry) -> list[int]:
    """When something about a purchase as an account's first may change."""
    if purchase.kind == ORDER_PLACED:
        return [placed.time_ms for placed in account.orders[purchase.data.order].placed]
    deal = account.deals[purchase.data.deal]
    moments = [entry.time_ms for entry in deal.events if entry.time_ms >= purchase.time_ms]
    for lead_id in linked_leads(deal):
        lead = account.leads.get(lead_id)
        if lead is not None:
            moments += [entry.time_ms for entry in lead.created if entry.time_ms > purchase.time_ms]
    return moments


def _customer_at(account: Account, purchases: list[Entry], time_ms: int) -> Standing:
    """The customer, as known at a moment."""
    for purchase in purchases:
        if purchase.time_ms > time_ms:
            break
        source = None
        if purchase.kind == ORDER_PLACED:
            placed = [entry for entry in account.orders[purchase.data.order].placed if entry.time_ms <= time_ms]
            rep = next((entry.data.rep for entry in reversed(placed) if entry.data.rep is not None), NOBODY)
        else:
            deal = account.deals[purchase.data.deal]
            if deal.close_at(time_ms) is not purchase:
                continue
            rep = win_rep(deal, purchase)
            source = lead_field(account, lead_of(deal, time_ms), "source", time_ms)
        pane = minute_of(purchase.time_ms)
        return {
            ("customers_won", "rep", rep, "", pane): 1,
            ("customers_won", "source", source or NOBODY, "", pane): 1,
        }
    return {}
