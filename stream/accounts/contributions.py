"""What an account contributes: a pure function of the set of its valid events."""

from __future__ import annotations

from collections.abc import Iterator

from stream.accounts.account import Account
from stream.accounts.answers import answer_cells, is_nps
from stream.accounts.entry import Entry
from stream.accounts.kinds import APPOINTMENT_HELD, APPOINTMENT_SET, TOUCH
from stream.accounts.parts import cells_of
from stream.accounts.standing import CUSTOMER, Cells, Part, add
from stream.accounts.tail import attach_tail
from stream.accounts.touches import appointment_cells, plan_cells, touch_cells

OF_A_LEAD = ("lead", "conversion")
OF_A_DEAL = ("opened", "open", "stages", "close", "effort")


def contributions(account: Account) -> Cells:
    """Everything the account adds to cells."""
    attach_tail(account)
    cells: Cells = {}
    for part in every_part(account):
        add(cells, cells_of(account, part))
    for more in _of_single_events(account):
        add(cells, more)
    return cells


def every_part(account: Account) -> Iterator[Part]:
    """All parts of an account."""
    for lead_id in account.leads:
        yield from ((respect, lead_id) for respect in OF_A_LEAD)
    for deal_id in account.deals:
        yield from ((respect, deal_id) for respect in OF_A_DEAL)
    yield from (("order", order_id) for order_id in account.orders)
    yield CUSTOMER


def _of_single_events(account: Account) -> Iterator[Cells]:
    for chunk in account.chunks:
        for entry in chunk:
            if entry.kind == TOUCH and not entry.voided:
                yield touch_cells(entry)
            elif entry.kind == APPOINTMENT_HELD and not entry.voided:
                yield appointment_cells(entry)
            elif entry.kind == APPOINTMENT_SET and not entry.voided:
                yield plan_cells(entry)
    previous: Entry | None = None
    for entry in account.answers:
        if is_nps(entry):
            yield answer_cells(previous, entry)
            previous = entry
