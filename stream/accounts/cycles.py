"""How long a win took: from each of three beginnings to the close, as a sum, a count and a bucket of the sketch."""

from __future__ import annotations

from collections.abc import Iterable

from stream.accounts.account import Account, Deal
from stream.accounts.entry import Entry
from stream.accounts.kinds import DEAL_OPENED
from stream.accounts.standing import Standing
from stream.sketch import bucket_of


def put_cycles(
    standing: Standing,
    starts: dict[str, int | None],
    close: Entry,
    rep: str,
    pane: int,
) -> None:
    """Count a win's cycles: from each start that it has to its close, in milliseconds (negative ones too)."""
    for anchor, start_ms in starts.items():
        if start_ms is not None:
            length_ms = close.time_ms - start_ms
            standing["cycle_ms", "rep", rep, anchor, pane] = length_ms
            standing["cycle_deals", "rep", rep, anchor, pane] = 1
            standing["cycle_bucket", "rep", rep, f"{anchor}:{bucket_of(length_ms)}", pane] = 1


def cycle_starts(
    account: Account, deal: Deal, lead_id: str | None, touches: Iterable[Entry], time_ms: int
) -> dict[str, int | None]:
    """When a deal began, by each anchor, as known at a moment; an anchor that is missing falls back on the next.

    ``touches`` are those that count for its close.
    """
    opened = next((entry.time_ms for entry in deal.events if entry.kind == DEAL_OPENED), None)
    if opened is not None and opened > time_ms:
        opened = None
    created = opened
    lead = account.leads.get(lead_id) if lead_id is not None else None
    if lead is not None and lead.created and lead.created[0].time_ms <= time_ms:
        created = lead.created[0].time_ms
    touched = min((touch.time_ms for touch in touches), default=created)
    return {"first_touch": touched, "lead_created": created, "deal_opened": opened}
