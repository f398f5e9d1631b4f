"""The ordinary touch: by far the most frequent event, and nothing hangs on it until its deal closes.

`append_touch` does in a few steps what `fold` does in general; a property test holds the two equal.
"""

from __future__ import annotations

from typing import Any, Final

from mypy_extensions import i64

from schemas.cells import MINUTE_MS, Cell
from stream.accounts.account import Account, Deal
from stream.accounts.alone import is_past
from stream.accounts.entry import Entry
from stream.accounts.history import NOBODY
from stream.accounts.identities import held_as, hold
from stream.accounts.kinds import TOUCH
from stream.accounts.ledger import CHUNK_WEIGHT, seen_bit
from stream.accounts.open_deals import advance
from stream.accounts.standing import Cells
from stream.accounts.tail import index_tail
from stream.accounts.touches import LONG_S

MINUTE: Final = MINUTE_MS
FULL: Final = CHUNK_WEIGHT


def append_touch(
    account: Account,
    envelope: Any,
    source: str,
    time_ms: int,
    received_ms: int,
    settle_before_ms: int,
    moved: Cells,
) -> Cell | None:
    """Store a new touch that can count for no close yet; the one cell it adds, or None where it has to be folded.

    It comes after every close it could count for and every settled touch, nothing is to be settled before it, and its
    identity is new. If it is the first of its hour on an open deal, what moves with the deal is put into ``moved``.
    """
    touch: Any = envelope.data
    if touch is None or settle_before_ms > account.settle_from_ms:  # voided, or something is to be settled
        return None
    duration_s = touch.duration_s
    if duration_s is not None and duration_s >= LONG_S:  # a rare one, which adds more than a cell
        return None
    if touch.automated or (time_ms <= account.calm_after_ms and not _is_calm(account, touch, time_ms)):
        return None
    deal = account.deals.get(touch.deal) if touch.deal is not None else None
    is_moving = deal is not None and not deal.quiet_from_ms <= time_ms < deal.quiet_until_ms
    if is_moving and deal is not None and not _is_next(deal, time_ms):
        return None
    event_id: str = envelope.id
    bit: i64 = seen_bit(event_id)
    may_be_known = account.seen & bit != 0
    if may_be_known:
        index_tail(account)
        if account.forgotten or held_as(account, source, event_id) is not None:
            return None
    else:
        account.seen |= bit
    chunks = account.chunks
    if not chunks or account.last_weight >= FULL:
        chunks.append([])
        account.last_weight = 0
    account.last_weight += 1
    chunk = len(chunks) - 1
    entry = Entry(
        TOUCH, time_ms, source, event_id, envelope.revision, False, envelope.backfill, received_ms, chunk, touch
    )
    chunks[chunk].append(entry)
    if is_moving and deal is not None and deal.course is not None:
        moved.update(advance(deal, deal.course, entry))
    if may_be_known:  # an account of many events: everything before it is indexed
        hold(account, entry)
    else:
        account.unindexed += 1
    account.unattached += 1
    if chunk != account.dirty_tail:
        account.dirty_tail = chunk
        account.dirty_chunks |= 1 << chunk
    due_ms = max(time_ms, received_ms)
    if due_ms < account.settle_from_ms:
        account.settle_from_ms = due_ms
    pane = time_ms // MINUTE
    return ("touches", "rep", touch.rep or NOBODY, touch.kind, pane, pane)


def _is_next(deal: Deal, time_ms: int) -> bool:
    """Whether a touch that may move a deal comes after everything that did; never, while it isn't known what did."""
    if not deal.events:
        return True
    return deal.course is not None and time_ms >= deal.course.last_ms


def _is_calm(account: Account, touch: Any, time_ms: int) -> bool:
    """Whether a touch that is older than some close, or than the settled ones, can count for no close all the same."""
    if time_ms <= account.settled_ms:
        return False
    if touch.deal is None:
        lead_id = touch.lead
        if lead_id is None or time_ms > account.last_close_ms:
            return True
        return lead_id not in account.lead_deals and lead_id not in account.implied_deals
    deal = account.deals.get(touch.deal)
    return deal is None or is_past(deal, time_ms)
