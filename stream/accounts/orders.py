"""What an order adds: its revenue on its day, its refunds each on their own."""

from __future__ import annotations

from stream.accounts.account import Account
from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY
from stream.accounts.kinds import DEAL_WON
from stream.accounts.standing import Cells, Standing, changes, put
from stream.accounts.wins import deal_moments, win_rep, win_source
from stream.panes import minute_of


def order_cells(account: Account, order_id: str) -> Cells:
    """An order's revenue at its day, its refunds each at their own."""
    order = account.orders.get(order_id)
    if order is None:
        return {}
    if len(order.placed) == 1 and not order.refunds and order.placed[0].data.deal is None:
        return _plain_order_cells(order.placed[0])
    moments = [entry.time_ms for entry in order.placed] + [entry.time_ms for entry in order.refunds]
    if order.refunds and order.placed:
        for deal_id in {entry.data.deal for entry in order.placed if entry.data.deal is not None}:
            moments += deal_moments(account, account.deals[deal_id]) if deal_id in account.deals else ()

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        placed = [entry for entry in order.placed if entry.time_ms <= time_ms]
        deal_id = next((e.data.deal for e in reversed(placed) if e.data.deal is not None), None)
        rep = next((e.data.rep for e in reversed(placed) if e.data.rep is not None), None)
        if placed and deal_id is None:
            pane = minute_of(placed[0].time_ms)
            amount = sum(line.qty * line.unit_price_minor for line in placed[-1].data.lines)
            put(standing, "revenue", {rep or NOBODY: amount}, NOBODY, placed[-1].data.currency, pane)
            put(standing, "revenue_orders", {rep or NOBODY: 1}, NOBODY, "", pane)
        deal = account.deals.get(deal_id) if deal_id is not None else None
        close = deal.close_at(time_ms) if deal is not None else None
        source = NOBODY
        if deal is not None and close is not None and close.kind == DEAL_WON:
            source = win_source(account, deal, close, time_ms)
            rep = rep or win_rep(deal, close)
        for refund in order.refunds:
            currency = refund.data.currency or (placed[-1].data.currency if placed else None)
            if refund.time_ms <= time_ms and currency is not None:
                pane = minute_of(refund.time_ms)
                who = refund.data.rep or rep or NOBODY
                put(standing, "revenue", {who: -refund_amount(refund)}, source, currency, pane)
                put(standing, "refunds", {who: 1}, source, "", pane)
        return standing

    return changes(moments, standing_at)


def _plain_order_cells(placed: Entry) -> Cells:
    """An order that was placed once, fulfils no deal and was not refunded."""
    data, pane = placed.data, minute_of(placed.time_ms)
    amount = sum([line.qty * line.unit_price_minor for line in data.lines])
    rep = data.rep or NOBODY
    cells: Cells = {
        ("revenue_orders", "rep", rep, "", pane, pane): 1,
        ("revenue_orders", "source", NOBODY, "", pane, pane): 1,
    }
    if amount:
        cells["revenue", "rep", rep, data.currency, pane, pane] = amount
        cells["revenue", "source", NOBODY, data.currency, pane, pane] = amount
    return cells


def refund_amount(refund: Entry) -> int:
    """What a refund gives back, in minor units: its amount, else the sum of its lines."""
    if refund.data.amount_minor is not None:
        return int(refund.data.amount_minor)
    return sum(line.qty * line.unit_price_minor for line in refund.data.lines)
