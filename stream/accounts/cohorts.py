"""What a lead adds: itself, and what became of it.

A cohort is the leads created in a window, read when they are 7, 30 or 90 days old. Whether a lead was won by such an
age is known once it is that old: no timer is needed, a later `as_of` selects what is known before it.
"""

from __future__ import annotations

from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY, candidate_deals, lead_field, lead_of
from stream.accounts.kinds import CLOSES, DEAL_WON
from stream.accounts.standing import Cells, Standing, changes, known_at
from stream.accounts.wins import was_won, win_rep, win_source
from stream.panes import DAY_MIN, minute_of
from stream.sketch import bucket_of

DAY_MS = 86_400_000
AGES_D = (7, 30, 90)
AGES = tuple((str(days), days * DAY_MS, days * DAY_MIN) for days in AGES_D)
"""Each age as its facet, in milliseconds, in minutes."""


def lead_cells(account: Account, lead_id: str) -> Cells:
    """A new lead, on the day it was first created, under the rep and source it has at each moment."""
    lead = account.leads.get(lead_id)
    if lead is None or not lead.created:
        return {}
    pane = minute_of(lead.created[0].time_ms)
    if len(lead.created) == 1:
        data = lead.created[0].data
        return {
            ("new_leads", "rep", data.rep or NOBODY, "", pane, pane): 1,
            ("new_leads", "source", data.source or NOBODY, "", pane, pane): 1,
        }

    def standing_at(time_ms: int) -> Standing:
        rep, source = lead_names(account, lead_id, time_ms)
        return {("new_leads", "rep", rep, "", pane): 1, ("new_leads", "source", source, "", pane): 1}

    return changes((entry.time_ms for entry in lead.created), standing_at)


def lead_names(account: Account, lead_id: str, time_ms: int) -> tuple[str, str]:
    """A lead's rep and source at a moment."""
    rep = lead_field(account, lead_id, "rep", time_ms) or NOBODY
    return rep, lead_field(account, lead_id, "source", time_ms) or NOBODY


def conversion_cells(account: Account, lead_id: str) -> Cells:
    """What became of a lead: how long it took to its earliest standing win, and by which ages it was won."""
    lead = account.leads.get(lead_id)
    if lead is None or not lead.created:
        return {}
    deals = deciding_deals(account, lead_id)
    if not deals:
        return {}
    if len(deals) == len(lead.created) == 1:
        (created,), (deal,), last = lead.created, deals, deals[0].events[-1]
        if deal.closes == 1 and last.kind == DEAL_WON and created.time_ms <= last.time_ms:
            return _won_once(account, lead_id, created, deal, last)
    first_ms = lead.created[0].time_ms
    moments = [entry.time_ms for entry in lead.created] + [first_ms + age_ms for _, age_ms, _ in AGES]
    for deal in deals:
        first_close = next(entry.time_ms for entry in deal.events if entry.kind in CLOSES)
        moments += [entry.time_ms for entry in deal.events if entry.time_ms >= first_close]

    def standing_at(time_ms: int) -> Standing:
        first = _first_win(deals, lead_id, time_ms)
        if first is None or time_ms < first_ms:
            return {}
        standing: Standing = {}
        deal, close = first
        put_conversion(standing, win_rep(deal, close), win_source(account, deal, close, time_ms), close, first_ms)
        reached = [facet for facet, age_ms, _ in AGES if close.time_ms <= first_ms + age_ms <= time_ms]
        put_won_cohorts(standing, *lead_names(account, lead_id, time_ms), minute_of(first_ms), reached)
        return standing

    return changes(moments, standing_at)


def deciding_deals(account: Account, lead_id: str) -> list[Deal]:
    """The deals among whose wins is a lead's earliest at any moment: none that were won only after a win for good."""
    won = [deal for _, deal in candidate_deals(account, lead_id) if deal.closes and was_won(deal)]
    if len(won) < 2:
        return won
    for_good = [entry_key(deal.events[-1]) for deal in won if is_won_for_good(deal, lead_id)]
    if not for_good:
        return won
    first = min(for_good)
    return [deal for deal in won if any(entry.kind == DEAL_WON and entry_key(entry) <= first for entry in deal.events)]


def is_won_for_good(deal: Deal, lead_id: str) -> bool:
    """Whether a deal has been closed once, by a win for a lead, and nothing has happened to it since."""
    last = deal.events[-1]
    return deal.closes == 1 and last.kind == DEAL_WON and lead_of(deal, last.time_ms) == lead_id


def _won_once(account: Account, lead_id: str, created: Entry, deal: Deal, close: Entry) -> Cells:
    """The ordinary conversion: a lead created once, one deal of its own that was won, after it and for good."""
    if lead_of(deal, close.time_ms) != lead_id:
        return {}
    standing: Standing = {}
    source = win_source(account, deal, close, close.time_ms)
    put_conversion(standing, win_rep(deal, close), source, close, created.time_ms)
    cells = known_at(close.time_ms, standing)
    pane, rep, source = minute_of(created.time_ms), created.data.rep or NOBODY, created.data.source or NOBODY
    for facet, age_ms, age_min in AGES:
        if close.time_ms <= created.time_ms + age_ms:
            cohort: Standing = {}
            put_won_cohorts(cohort, rep, source, pane, [facet])
            cells.update({(*address, pane + age_min): 1 for address in cohort})
    return cells


def _first_win(deals: list[Deal], lead_id: str, time_ms: int) -> tuple[Deal, Entry] | None:
    """A lead's earliest win that stands at a moment, with its deal."""
    first: tuple[Deal, Entry] | None = None
    for deal in deals:
        close = deal.close_at(time_ms)
        if close is None or close.kind != DEAL_WON or lead_of(deal, time_ms) != lead_id:
            continue
        if first is None or entry_key(close) < entry_key(first[1]):
            first = deal, close
    return first


def put_conversion(standing: Standing, rep: str, source: str, close: Entry, created_ms: int) -> None:
    """How long a lead took to its win, for the win's rep and source, at the close."""
    length_ms, pane = close.time_ms - created_ms, minute_of(close.time_ms)
    bucket = bucket_of(length_ms)
    for dimension, value in (("rep", rep), ("source", source)):
        standing["convert_ms", dimension, value, "", pane] = length_ms
        standing["converted", dimension, value, "", pane] = 1
        standing["convert_bucket", dimension, value, bucket, pane] = 1


def put_won_cohorts(standing: Standing, rep: str, source: str, pane: int, ages: list[str]) -> None:
    """A lead that was won by some ages, for the lead's rep and source, at its creation."""
    for facet in ages:
        standing["cohort_won", "rep", rep, facet, pane] = 1
        standing["cohort_won", "source", source, facet, pane] = 1
