"""What a deal adds once it is won: revenue, the win, and the touches it took, at the minute of its close."""

from __future__ import annotations

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
from stream.accounts.standing import Cells, Standing, changes, known_at
from stream.panes import minute_of

FULL_SHARE_BP = 10_000


def deal_cells(account: Account, deal_id: str) -> Cells:
    """A won deal: revenue, the win, and the touches it took, at the minute of its close."""
    deal = account.deals[deal_id]
    if not deal.closes:
        return {}
    moments = deal_moments(account, deal)
    if len(moments) == 1:
        return known_at(moments[0], _win_at(account, deal, moments[0]))
    return changes(moments, lambda time_ms: _win_at(account, deal, time_ms))


def deal_moments(account: Account, deal: Deal) -> list[int]:
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
