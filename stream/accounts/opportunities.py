"""What a deal adds while it is open: that it was opened, and its changes of stage."""

from __future__ import annotations

from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY, lead_field, lead_of, linked_leads, owner_before
from stream.accounts.kinds import DEAL_OPENED, STAGE_CHANGED
from stream.accounts.standing import Cells, Standing, add, changes
from stream.panes import minute_of


def opened_cells(account: Account, deal_id: str) -> Cells:
    """A new opportunity, at the minute it was first opened, under the rep that was last opened for and its lead's
    source.
    """
    deal = account.deals.get(deal_id)
    openings = [entry for entry in deal.events if entry.kind == DEAL_OPENED] if deal is not None else []
    if deal is None or not openings:
        return {}
    first_ms = openings[0].time_ms
    pane = minute_of(first_ms)
    moments = [entry.time_ms for entry in openings] + _source_moments(account, deal, openings[0])
    if len(moments) == 1:
        source = lead_field(account, lead_of(deal, first_ms), "source", first_ms) or NOBODY
        return {
            ("deals_opened", "rep", openings[0].data.rep, "", pane, pane): 1,
            ("deals_opened", "source", source, "", pane, pane): 1,
        }

    def standing_at(time_ms: int) -> Standing:
        rep = next(entry.data.rep for entry in reversed(openings) if entry.time_ms <= time_ms)
        source = lead_field(account, lead_of(deal, time_ms), "source", time_ms) or NOBODY
        return {("deals_opened", "rep", rep, "", pane): 1, ("deals_opened", "source", source, "", pane): 1}

    return changes(moments, standing_at)


def _source_moments(account: Account, deal: Deal, opening: Entry) -> list[int]:
    """When a deal's lead or its source may change after its opening."""
    after_ms, leads = opening.time_ms, linked_leads(deal)
    moments: list[int] = []
    if not leads <= {opening.data.lead or deal.implied_lead}:
        moments += [entry.time_ms for entry in deal.events if entry.time_ms > after_ms]
    for lead_id in leads:
        lead = account.leads.get(lead_id)
        if lead is not None:
            moments += [entry.time_ms for entry in lead.created if entry.time_ms > after_ms]
    return moments


def stage_cells(account: Account, deal_id: str) -> Cells:
    """A deal's changes of stage, each for whoever owned it then."""
    cells: Cells = {}
    deal = account.deals.get(deal_id)
    if deal is not None:
        for entry in deal.events:
            if entry.kind == STAGE_CHANGED:
                add(cells, stage_change(deal, entry))
    return cells


def stage_change(deal: Deal, entry: Entry) -> Cells:
    """One change of stage."""
    pane = minute_of(entry.time_ms)
    return {("stage_changes", "rep", owner_before(deal, entry_key(entry)) or NOBODY, "", pane, pane): 1}
