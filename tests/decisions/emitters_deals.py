"""Emitters of the KPIs about deals: K29, K30, K50, K63. Each asks every entity what it adds at every moment."""

from __future__ import annotations

from schemas.data import DealLost, DealOpened, DealWon
from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry
from stream.accounts.history import lead_of
from stream.accounts.standing import Cells, Standing, changes
from stream.accounts.wins import touches_until_close
from tests.decisions.reading import closer, moments, opened_field, put, standing_close

WON = "won"
EXPANSIONS = ("upsell", "cross_sell")


def visits(deal: Deal, time_ms: int) -> list[tuple[str, Entry]]:
    """The stages a deal has reached by a moment, each with the event that first did; a standing win is the last."""
    found: dict[str, Entry] = {}
    for entry in deal.events:
        if entry.time_ms <= time_ms and isinstance(entry.data, DealOpened) and entry.data.stage is not None:
            found.setdefault(entry.data.stage, entry)
    win = standing_close(deal, time_ms, DealWon)
    return [*found.items(), *([(WON, win)] if win is not None else [])]


def emit_funnel(account: Account) -> Cells:
    """K29: first entry into a stage; the facet also names those reached before, as only BOARD knows their order."""

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        for deal in account.deals.values():
            reached = sorted(visits(deal, time_ms), key=lambda visit: visit[1].time_ms)
            for n, (stage, entry) in enumerate(reached):
                earlier = "|".join(sorted(name for name, _ in reached[:n]))
                put(standing, "entered", f"{stage}<{earlier}", entry.time_ms)
            if deal.close_at(time_ms) is None and reached:
                stage, entry = reached[-1]
                amount = opened_field(deal, "amount_minor", time_ms)
                put(standing, "in_stage", "", entry.time_ms, value=("stage", stage))
                put(standing, "in_stage_amount", "", entry.time_ms, int(amount or 0), value=("stage", stage))
        return standing

    return changes(moments(account), standing_at)


def emit_closed_by_touches(account: Account) -> Cells:
    """K30: a standing close by outcome and the number of its touches, at the minute of the close."""

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        for deal in account.deals.values():
            close = deal.close_at(time_ms)
            if close is not None:
                outcome = "lost" if isinstance(close.data, DealLost) else WON
                touches = len(touches_until_close(account, deal, close, lead_of(deal, time_ms), time_ms))
                put(standing, "closed", f"{outcome}:{touches}", close.time_ms, value=("rep", closer(deal, close)))
        return standing

    return changes(moments(account), standing_at)


def emit_open_deals(account: Account) -> Cells:
    """K50: an open deal, its count and amount, at the minute of its last qualifying event; the next one moves it."""

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        for deal in account.deals.values():
            opened = [e.time_ms for e in deal.events if isinstance(e.data, DealOpened) and e.time_ms <= time_ms]
            stage = opened_field(deal, "stage", time_ms)
            if not opened or stage is None or deal.close_at(time_ms) is not None:
                continue
            held = [t.time_ms for t in deal.touches if t.time_ms <= time_ms and not t.data.automated]
            last_ms, amount = max(opened + held), int(opened_field(deal, "amount_minor", time_ms) or 0)
            put(standing, "open_deals", "", last_ms, value=("stage", str(stage)))
            put(standing, "open_amount", "EUR", last_ms, amount, value=("stage", str(stage)))
        return standing

    return changes(moments(account), standing_at)


def emit_expansion(account: Account) -> Cells:
    """K63: closed up- and cross-sells by vertical and tier; a win's lines say more than its opening."""

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        for deal in account.deals.values():
            close = deal.close_at(time_ms)
            if close is None:
                continue
            vertical = getattr(close.data, "vertical", None) or opened_field(deal, "vertical", time_ms)
            for tier in sorted(expansion_tiers(deal, close, time_ms)):
                put(standing, "expansion_closed", f"{vertical}|{tier}", close.time_ms)
                if isinstance(close.data, DealWon):
                    put(standing, "expansion_won", f"{vertical}|{tier}", close.time_ms)
        return standing

    return changes(moments(account), standing_at)


def expansion_tiers(deal: Deal, close: Entry, time_ms: int) -> set[str]:
    """The tiers in which a closed deal was an up- or cross-sell."""
    lines = getattr(close.data, "lines", None) or ()
    tiers = {str(line.tier) for line in lines if line.deal_type in EXPANSIONS}
    deal_type = getattr(close.data, "deal_type", None) or opened_field(deal, "deal_type", time_ms)
    if not tiers and deal_type in EXPANSIONS:
        tiers = {str(opened_field(deal, "tier", time_ms))}
    return tiers
