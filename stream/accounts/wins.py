"""What a deal adds at its close: a win its revenue, itself, the touches it took and how long it took; a loss itself."""

from __future__ import annotations

from stream.accounts.account import Account, Deal
from stream.accounts.attaching import count_up
from stream.accounts.cycles import cycle_starts, put_cycles
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import (
    NOBODY,
    contenders,
    earliest_deal,
    is_post_sale,
    lead_field,
    lead_of,
    linked_leads,
    owner_before,
)
from stream.accounts.kinds import CLOSES, DEAL_WON
from stream.accounts.standing import Cells, Standing, changes, known_at
from stream.panes import minute_of

FULL_SHARE_BP = 10_000


def close_cells(account: Account, deal_id: str) -> Cells:
    """A closed deal: the loss, or the win and its money, at the minute of the close."""
    deal = account.deals.get(deal_id)
    if deal is None or not deal.closes:
        return {}
    moments = deal_moments(account, deal)
    if len(moments) == 1:
        return known_at(moments[0], _close_at(account, deal, moments[0]))
    return changes(moments, lambda time_ms: _close_at(account, deal, time_ms))


def effort_cells(account: Account, deal_id: str) -> Cells:
    """What a win took: its touches by kind, and its cycles, at the minute of the close."""
    deal = account.deals.get(deal_id)
    if deal is None or not deal.closes or not was_won(deal):
        return {}
    moments = deal_moments(account, deal) + _rival_moments(account, deal)
    if len(moments) == 1:
        return known_at(moments[0], _effort_at(account, deal, moments[0]))
    return changes(moments, lambda time_ms: _effort_at(account, deal, time_ms))


def was_won(deal: Deal) -> bool:
    """Whether a deal was ever won; perhaps that no longer stands."""
    return any(entry.kind == DEAL_WON for entry in deal.events)


def deal_moments(account: Account, deal: Deal) -> list[int]:
    """When something about a close may change: from the first close on, the deal's own events and its leads'."""
    if not deal.closes:
        return []
    first_close = next(entry.time_ms for entry in deal.events if entry.kind in CLOSES)
    moments = [entry.time_ms for entry in deal.events if entry.time_ms >= first_close]
    for lead_id in linked_leads(deal):
        lead = account.leads.get(lead_id)
        if lead is not None:
            moments += [entry.time_ms for entry in lead.created if entry.time_ms > first_close]
    return moments


def _rival_moments(account: Account, deal: Deal) -> list[int]:
    """When another deal of the same lead may come first, and take the lead's own touches."""
    moments: list[int] = []
    for lead_id in linked_leads(deal):
        lead = account.leads.get(lead_id)
        if lead is not None and lead.touches:
            rivals = [rival for _, rival in contenders(account, lead_id)]
            if len(rivals) > 1 and any(rival is deal for rival in rivals):
                first_close = next(entry.time_ms for entry in deal.events if entry.kind in CLOSES)
                for rival in rivals:
                    moments += [entry.time_ms for entry in rival.events if entry.time_ms > first_close]
    return moments


def _close_at(account: Account, deal: Deal, time_ms: int) -> Standing:
    """What a deal's close adds at a moment."""
    close = deal.close_at(time_ms)
    if close is None:
        return {}
    lead_source = lead_field(account, lead_of(deal, time_ms), "source", time_ms)
    if close.kind != DEAL_WON:
        return lost_at(deal, close, lead_source or NOBODY)
    pane, data = minute_of(close.time_ms), close.data
    rep, source = win_rep(deal, close), data.source or lead_source or NOBODY
    amounts = win_amounts(deal, close)
    standing: Standing = {
        ("deals_won", "rep", rep, "", pane): 1,
        ("deals_won", "source", source, "", pane): 1,
        ("revenue", "source", source, data.currency, pane): data.amount_minor,
    }
    for who, amount in amounts.items():
        standing["revenue", "rep", who, data.currency, pane] = amount
    put_won_amount(standing, amounts, source, data.currency, pane)
    return standing


def put_won_amount(standing: Standing, amounts: dict[str, int], source: str, currency: str, pane: int) -> None:
    """Count a win's money once more, apart from that of orders."""
    for who, amount in amounts.items():
        standing["won_amount", "rep", who, currency, pane] = amount
    standing["won_amount", "source", source, currency, pane] = sum(amounts.values())


def lost_at(deal: Deal, close: Entry, source: str) -> Standing:
    """A loss, for whoever owned the deal then."""
    pane, rep = minute_of(close.time_ms), owner_before(deal, entry_key(close)) or NOBODY
    return {("deals_lost", "rep", rep, "", pane): 1, ("deals_lost", "source", source, "", pane): 1}


def _effort_at(account: Account, deal: Deal, time_ms: int) -> Standing:
    """What a win took, as known at a moment: nothing unless the deal stands won."""
    close = deal.close_at(time_ms)
    if close is None or close.kind != DEAL_WON:
        return {}
    pane, lead_id, rep = minute_of(close.time_ms), lead_of(deal, time_ms), win_rep(deal, close)
    source = close.data.source or lead_field(account, lead_id, "source", time_ms) or NOBODY
    touches = touches_until_close(account, deal, close, lead_id, time_ms)
    by_kind: dict[str, int] = {}
    for touch in touches:
        count_up(by_kind, touch.data.kind)
    standing: Standing = {}
    for kind, count in by_kind.items():
        standing["touches_on_won", "rep", rep, kind, pane] = count
        standing["touches_on_won", "source", source, kind, pane] = count
    put_cycles(standing, cycle_starts(account, deal, lead_id, touches, time_ms), close, rep, pane)
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


def touches_until_close(account: Account, deal: Deal, close: Entry, lead_id: str | None, time_ms: int) -> list[Entry]:
    """Touches at or before the close that aren't post-sale: those that name the deal, and its lead's own if it is that
    lead's earliest deal.
    """
    touches = deal.touches
    lead = account.leads.get(lead_id) if lead_id is not None else None
    if lead_id is not None and lead is not None and lead.touches and earliest_deal(account, lead_id, time_ms) is deal:
        touches = touches + lead.touches
    is_simple = len(touches) == len(deal.touches) and deal.closes == 1
    # A touch that names the deal and comes before its only close names an open deal.
    return [
        touch
        for touch in touches
        if touch.time_ms <= close.time_ms
        and touch.data.phase != "post_sale"
        and (is_simple or touch.data.phase is not None or not is_post_sale(account, touch))
    ]
