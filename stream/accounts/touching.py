"""The ordinary touch: by far the most frequent event, and nothing hangs on it until its deal closes.

`append_touch` does in one go what `fold` does in general; a property test holds the two equal.
"""

from __future__ import annotations

from typing import Any

from schemas.cells import MINUTE_MS, Cell
from schemas.event import Event
from stream.accounts.account import NO_ENTRIES, Account
from stream.accounts.attaching import attach_to_lead
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY
from stream.accounts.ledger import CHUNK_WEIGHT


def append_touch(account: Account, event: Event, received_ms: int, settle_before_ms: int) -> Cell | None:
    """Take a new touch that can count for no close yet; the one cell it adds, or None where it has to be folded."""
    first, time_ms = account.first_touch, event.time_ms
    touch: Any = event.data
    if event.voided or account.settled is not None or (first is not None and first.time_ms < settle_before_ms):
        return None
    if touch.automated:
        return None
    identity = f"{event.source}\0{event.id}"
    index = account.index
    if identity in index:
        return None
    if touch.deal is not None:
        deal = account.deals.get(touch.deal) or account.deal(touch.deal)
        if deal.closes and time_ms <= deal.events[-1].time_ms:
            return None
        touches = deal.touches
    elif touch.lead is not None:
        if time_ms <= account.last_close_ms:
            return None
        touches = None
    else:
        touches = NO_ENTRIES
    chunks = account.chunks
    if not chunks or account.last_weight >= CHUNK_WEIGHT:
        chunks.append([])
        account.last_weight = 0
    account.last_weight += 1
    chunk = len(chunks) - 1
    entry = Entry(
        event.kind,
        time_ms,
        event.source,
        event.id,
        event.revision,
        False,
        event.backfill,
        received_ms,
        chunk,
        touch,
    )
    index[identity] = entry
    if touches is None:
        attach_to_lead(account, entry)
    elif touches is not NO_ENTRIES:
        touches.append(entry)
    chunks[chunk].append(entry)
    account.dirty_chunks |= 1 << chunk
    if first is None or (time_ms <= first.time_ms and entry_key(entry) < entry_key(first)):
        account.first_touch = entry
    pane = time_ms // MINUTE_MS
    return ("touches", "rep", touch.rep or NOBODY, touch.kind, pane, pane)
