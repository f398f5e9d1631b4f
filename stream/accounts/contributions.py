"""What an account contributes: a pure function of the set of its valid events.

Each entity is asked what it adds at each moment something about it changes; a cell's ``known`` is the minute of that
moment, and what stood before is taken back under the same ``known``. So the cells known before T are those of the
events before T.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from schemas.cells import Cell
from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import (
    NOBODY,
    candidate_deals,
    earliest_deal,
    is_post_sale,
    lead_field,
    lead_of,
    owner_before,
)
from stream.accounts.kinds import CLOSES, DEAL_WON, LINKING
from stream.panes import minute_of

Cells = dict[Cell, int]
Address = tuple[str, str, str, str, int]
"""A cell without its ``known``: (measure, dimension, value, facet, pane)."""
Standing = dict[Address, int]
"""What an entity adds at one moment."""

PROMOTER_FROM, PASSIVE_FROM = 9, 7
NPS_SCALE = (0, 10)
FULL_SHARE_BP = 10_000


def add(cells: Cells, more: Cells, sign: int = 1) -> None:
    """Add ``more``, times ``sign``, to ``cells`` in place; what comes to zero is dropped."""
    for cell, amount in more.items():
        total = cells.get(cell, 0) + sign * amount
        if total:
            cells[cell] = total
        else:
            cells.pop(cell, None)


def changes(moments: Iterable[int], standing_at: Callable[[int], Standing]) -> Cells:
    """Two-time cells of an entity from what it adds at each of ``moments`` (epoch milliseconds)."""
    at = sorted(set(moments))
    if len(at) == 1:
        return known_at(at[0], standing_at(at[0]))
    cells: Cells = {}
    before: Standing = {}
    for time_ms in at:
        now = standing_at(time_ms)
        if now == before:
            continue
        add(cells, known_at(time_ms, now))
        add(cells, known_at(time_ms, before), -1)
        before = now
    return cells


def known_at(time_ms: int, standing: Standing) -> Cells:
    """What stands, as known from a moment on."""
    known = (minute_of(time_ms),)
    return {address + known: amount for address, amount in standing.items() if amount}


def contributions(account: Account) -> Cells:
    """Everything the account adds to cells."""
    cells: Cells = {}
    for part in _parts(account):
        add(cells, part)
    return cells


def _parts(account: Account) -> Iterator[Cells]:
    for lead_id in account.leads:
        yield lead_cells(account, lead_id)
    for deal_id in account.deals:
        yield deal_cells(account, deal_id)
    for order_id in account.orders:
        yield order_cells(account, order_id)
    yield from (touch_cells(entry) for entry in account.touches())
    previous: Entry | None = None
    for entry in account.answers:
        if is_nps(entry):
            yield answer_cells(previous, entry)
            previous = entry


# -- touches, leads, answers


def touch_cells(touch: Entry) -> Cells:
    """Activity: one touch by rep and kind."""
    pane = minute_of(touch.time_ms)
    return {("touches", "rep", touch.data.rep or NOBODY, touch.data.kind, pane, pane): 1}


def lead_cells(account: Account, lead_id: str) -> Cells:
    """A new lead, on the day it was first created, under the rep and source it has at each moment."""
    created = account.leads[lead_id].created
    if not created:
        return {}
    pane = minute_of(created[0].time_ms)
    if len(created) == 1:
        data = created[0].data
        return {
            ("new_leads", "rep", data.rep or NOBODY, "", pane, pane): 1,
            ("new_leads", "source", data.source or NOBODY, "", pane, pane): 1,
        }

    def standing_at(time_ms: int) -> Standing:
        rep = lead_field(account, lead_id, "rep", time_ms) or NOBODY
        source = lead_field(account, lead_id, "source", time_ms) or NOBODY
        return {("new_leads", "rep", rep, "", pane): 1, ("new_leads", "source", source, "", pane): 1}

    return changes((entry.time_ms for entry in created), standing_at)


def is_nps(answer: Entry) -> bool:
    """Whether an answer counts for the customer NPS: its kind, on the scale 0-10."""
    scale = answer.data.scale
    return bool(answer.data.kind == "nps" and (scale.min, scale.max) == NPS_SCALE)


def answer_cells(previous: Entry | None, answer: Entry) -> Cells:
    """An answer takes the place of the customer's previous one, known when it comes (Reichheld's classes: 9-10, 7-8,
    0-6).
    """
    known = minute_of(answer.time_ms)
    cells = {_answer_cell(answer, known): 1}
    if previous is not None:
        add(cells, {_answer_cell(previous, known): 1}, -1)
    return cells


def _answer_cell(answer: Entry, known: int) -> Cell:
    score = answer.data.score
    kind = "promoter" if score >= PROMOTER_FROM else "passive" if score >= PASSIVE_FROM else "detractor"
    return ("nps_answers", "rep", answer.data.rep or NOBODY, kind, minute_of(answer.time_ms), known)


# -- orders


def order_cells(account: Account, order_id: str) -> Cells:
    """An order's revenue at its day, its refunds each at their own."""
    order = account.orders[order_id]
    if len(order.placed) == 1 and not order.refunds and order.placed[0].data.deal is None:
        return _plain_order_cells(order.placed[0])
    moments = [entry.time_ms for entry in order.placed] + [entry.time_ms for entry in order.refunds]
    if order.refunds and order.placed:
        for deal_id in {entry.data.deal for entry in order.placed if entry.data.deal is not None}:
            moments += _deal_moments(account, account.deals[deal_id]) if deal_id in account.deals else ()

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        placed = [entry for entry in order.placed if entry.time_ms <= time_ms]
        deal_id = next((e.data.deal for e in reversed(placed) if e.data.deal is not None), None)
        rep = next((e.data.rep for e in reversed(placed) if e.data.rep is not None), None)
        if placed and deal_id is None:
            pane = minute_of(placed[0].time_ms)
            amount = sum(line.qty * line.unit_price_minor for line in placed[-1].data.lines)
            _put(standing, "revenue", {rep or NOBODY: amount}, NOBODY, placed[-1].data.currency, pane)
            _put(standing, "revenue_orders", {rep or NOBODY: 1}, NOBODY, "", pane)
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
                _put(standing, "revenue", {who: -refund_amount(refund)}, source, currency, pane)
                _put(standing, "refunds", {who: 1}, source, "", pane)
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


def _put(standing: Standing, measure: str, by_rep: dict[str, int], source: str, facet: str, pane: int) -> None:
    """Count for each rep, and the total for the source."""
    for rep, amount in by_rep.items():
        address = (measure, "rep", rep, facet, pane)
        standing[address] = standing.get(address, 0) + amount
    address = (measure, "source", source, facet, pane)
    standing[address] = standing.get(address, 0) + sum(by_rep.values())


# -- deals


def deal_cells(account: Account, deal_id: str) -> Cells:
    """A won deal: revenue, the win, and the touches it took, at the minute of its close."""
    deal = account.deals[deal_id]
    if not deal.closes:
        return {}
    moments = _deal_moments(account, deal)
    if len(moments) == 1:
        return known_at(moments[0], _win_at(account, deal, moments[0]))
    return changes(moments, lambda time_ms: _win_at(account, deal, time_ms))


def _deal_moments(account: Account, deal: Deal) -> list[int]:
    """When something about a closed deal may change: from its first close on, its own events and those of its leads."""
    if not deal.closes:
        return []
    first_close = next(entry.time_ms for entry in deal.events if entry.kind in CLOSES)
    moments = [entry.time_ms for entry in deal.events if entry.time_ms >= first_close]
    lead_ids = {entry.data.lead for entry in deal.events if entry.kind in LINKING and entry.data.lead is not None}
    if deal.implied_lead is not None:
        lead_ids.add(deal.implied_lead)
    for lead_id in lead_ids:
        lead = account.leads.get(lead_id)
        if lead is None:
            continue
        moments += [entry.time_ms for entry in lead.created if entry.time_ms > first_close]
        if lead.touches:
            for _, rival in candidate_deals(account, lead_id):
                if rival is not deal:
                    moments += [entry.time_ms for entry in rival.events if entry.time_ms > first_close]
    return moments


def _win_at(account: Account, deal: Deal, time_ms: int) -> Standing:
    """What a deal adds at a moment: nothing unless it stands won."""
    close = deal.close_at(time_ms)
    if close is None or close.kind != DEAL_WON:
        return {}
    pane, data = minute_of(close.time_ms), close.data
    rep, lead_id = win_rep(deal, close), lead_of(deal, time_ms)
    source = data.source or lead_field(account, lead_id, "source", time_ms) or NOBODY
    standing: Standing = {
        ("deals_won", "rep", rep, "", pane): 1,
        ("deals_won", "source", source, "", pane): 1,
        ("revenue", "source", source, data.currency, pane): data.amount_minor,
    }
    for who, amount in win_amounts(deal, close).items():
        standing["revenue", "rep", who, data.currency, pane] = amount
    for kind, count in touches_until_close(account, deal, close, lead_id, time_ms).items():
        standing["touches_on_won", "rep", rep, kind, pane] = count
        standing["touches_on_won", "source", source, kind, pane] = count
    return standing


def win_rep(deal: Deal, close: Entry) -> str:
    """Whose win it is, for counts: the largest share (a tie goes to the first listed), else the win's rep, else the
    owner then.
    """
    splits = close.data.splits
    if splits:
        return str(max(splits, key=lambda split: split.share_bp).rep)
    return close.data.rep or owner_before(deal, entry_key(close)) or NOBODY


def win_amounts(deal: Deal, close: Entry) -> dict[str, int]:
    """The won amount by rep, in minor units: basis points by largest remainder, ties to the first listed; they add up
    exactly.
    """
    amount: int = close.data.amount_minor
    splits = close.data.splits
    if not splits:
        return {win_rep(deal, close): amount}
    shares = [divmod(amount * split.share_bp, FULL_SHARE_BP) for split in splits]
    left = amount - sum(whole for whole, _ in shares)
    by_remainder = sorted(range(len(splits)), key=lambda n: -shares[n][1])
    extra = set(by_remainder[:left])
    return {split.rep: shares[n][0] + (n in extra) for n, split in enumerate(splits)}


def win_source(account: Account, deal: Deal, close: Entry, time_ms: int) -> str:
    """The source of a win: its own, else its lead's."""
    own: str | None = close.data.source
    return own or lead_field(account, lead_of(deal, time_ms), "source", time_ms) or NOBODY


def touches_until_close(
    account: Account, deal: Deal, close: Entry, lead_id: str | None, time_ms: int
) -> dict[str, int]:
    """Touches at or before the close, by kind, that aren't post-sale: those that name the deal, and its lead's own if
    it is that lead's earliest deal.
    """
    touches = deal.touches
    lead = account.leads.get(lead_id) if lead_id is not None else None
    if lead_id is not None and lead is not None and lead.touches and earliest_deal(account, lead_id, time_ms) is deal:
        touches = touches + lead.touches
    is_simple = len(touches) == len(deal.touches) and deal.closes == 1
    counts: dict[str, int] = {}
    for touch in touches:
        if touch.time_ms > close.time_ms or touch.data.phase == "post_sale":
            continue
        # A touch that names the deal and comes before its only close names an open deal.
        if is_simple or touch.data.phase is not None or not is_post_sale(account, touch):
            counts[touch.data.kind] = counts.get(touch.data.kind, 0) + 1
    return counts
