"""The fold: one event into one account, and what that adds to cells.

`fold` equals the difference of `contributions` before and after. The ordinary case (a touch on a deal that is open)
adds its one cell and looks at nothing else; everything else takes the difference over the parts that the event can
affect.
"""

from __future__ import annotations

from schemas.event import Event
from schemas.verdicts import Code
from stream.accounts.account import Account
from stream.accounts.alone import counts_for_no_close, parts_alone
from stream.accounts.attaching import attach, detach
from stream.accounts.entry import Entry, entry_of, same_as
from stream.accounts.identities import held_as
from stream.accounts.kinds import DEAL_KINDS, TOUCH
from stream.accounts.ledger import is_settled, look_again, remember, replace, seen_bit, settle
from stream.accounts.open_deals import contact_cells, deal_of, follow, unfollow
from stream.accounts.parts import added, affected, cells_of, own_cells
from stream.accounts.standing import Cells, Part, add
from stream.accounts.tail import attach_tail, index_tail
from stream.accounts.touches import touch_cells

ACCEPTED, DUPLICATE, SUPERSEDED = Code.ACCEPTED, Code.DUPLICATE, Code.SUPERSEDED
CONFLICT, TOO_OLD = Code.CONFLICT, Code.TOO_OLD


def fold(account: Account, event: Event, received_ms: int, *, settle_before_ms: int) -> tuple[Code, Cells]:
    """Settle what is older than ``settle_before_ms``, judge an event that is valid by itself, and let it count.

    Returns the verdict (accepted, duplicate, superseded, conflict or too_old) and what it adds to cells.
    """
    attach_tail(account)
    if settle_before_ms > account.settle_from_ms:
        index_tail(account)
        settle(account, settle_before_ms)
    held: Entry | None = None
    if account.seen & seen_bit(event.id):
        index_tail(account)
        held = held_as(account, event.source, event.id)
    if held is not None:
        if event.revision < held.revision:
            return SUPERSEDED, {}
        if event.revision == held.revision:
            return (DUPLICATE if same_as(held, event) else CONFLICT), {}
    entry = entry_of(event, received_ms)
    if account.settled is not None and is_settled(account, entry):
        return TOO_OLD, {}
    if held is not None:
        cells = revise(account, held, entry)
        replace(account, held, entry)
        look_again(account)
        return ACCEPTED, cells
    cells = {} if entry.voided else insert(account, entry)
    remember(account, entry)
    if entry.kind != TOUCH:
        look_again(account)
    return ACCEPTED, cells


def insert(account: Account, entry: Entry) -> Cells:
    """Let a new event count; what that adds."""
    if entry.kind == TOUCH:
        if counts_for_no_close(account, entry):
            moved = follow(account, entry)
            attach(account, entry)
            return touch_cells(entry) | (contact_cells(account, entry) if moved is None else moved)
    else:
        parts = parts_alone(account, entry)
        moved = follow(account, entry) if parts is not None else None
        if parts is not None and moved is not None:
            attach(account, entry)
            return added(account, entry, parts) | moved
    return difference(account, None, entry)


def revise(account: Account, old: Entry, new: Entry) -> Cells:
    """Let a higher revision count in the place of the one that is held; what that adds."""
    is_simple = old.kind == new.kind == TOUCH and not old.voided and counts_for_no_close(account, old)
    if is_simple and (new.voided or counts_for_no_close(account, new)):
        return _exchange_touches(account, old, new)
    return difference(account, old, new)


def difference(account: Account, old: Entry | None, new: Entry | None) -> Cells:
    """Let ``new`` count in place of ``old``; the difference that makes over everything either can affect."""
    gone = old if old is not None and not old.voided else None
    come = new if new is not None and not new.voided else None
    before_parts = affected(account, gone) | affected(account, come)
    cells = own_cells(account, gone, -1)
    moved = follow(account, come) if come is not None and gone is None else None
    whole = _courses(gone, come) if moved is None else set()
    before_parts |= whole
    if gone is not None and moved is None:
        _add_contact(account, gone, whole, cells, -1)
    before = {part: cells_of(account, part) for part in before_parts}
    _exchange(account, gone, come)
    after_parts = before_parts | affected(account, gone) | affected(account, come)
    late_parts = after_parts - before_parts
    if late_parts:  # relations that only exist now: look at how these stood before
        _exchange(account, come, gone)
        before |= {part: cells_of(account, part) for part in late_parts}
        _exchange(account, gone, come)
    for part in after_parts:
        add(cells, before[part], -1)
        add(cells, cells_of(account, part))
    add(cells, own_cells(account, come, 1))
    if moved is not None:
        add(cells, moved)
        return cells
    if come is not None:
        _add_contact(account, come, whole, cells, 1)
    if gone is not None or whole:  # a touch that came late leaves its deal where it is
        unfollow(account, deal_of(account, gone))
        unfollow(account, deal_of(account, come))
    return cells


def _courses(gone: Entry | None, come: Entry | None) -> set[Part]:
    """The deals whose levels are to be looked at as a whole: one of their own events comes or goes."""
    return {("open", entry.data.deal) for entry in (gone, come) if entry is not None and entry.kind in DEAL_KINDS}


def _add_contact(account: Account, entry: Entry, whole: set[Part], cells: Cells, sign: int) -> None:
    """Add what a touch or an appointment adds to its deal's level, unless that is looked at as a whole."""
    deal_id = deal_of(account, entry)
    if deal_id is not None and ("open", deal_id) not in whole:
        add(cells, contact_cells(account, entry), sign)


def _exchange_touches(account: Account, old: Entry, new: Entry) -> Cells:
    """Let a touch that counts for no close, or nothing if it is voided, count in the place of another such."""
    cells: Cells = {}
    for touch, sign in ((old, -1), (new, 1)):
        if touch.voided:
            continue
        if sign > 0:
            attach(account, touch)
        add(cells, touch_cells(touch), sign)
        add(cells, contact_cells(account, touch), sign)
        unfollow(account, deal_of(account, touch))
        if sign < 0:
            detach(account, touch)
    return cells


def _exchange(account: Account, gone: Entry | None, come: Entry | None) -> None:
    if gone is not None:
        detach(account, gone)
    if come is not None:
        attach(account, come)
