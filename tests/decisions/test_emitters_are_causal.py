"""Every emitter of the record keeps the invariant of two-time cells, on accounts that hypothesis invents."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cells import MINUTE_MS
from schemas.event import Event, decode
from stream.accounts.account import Account
from stream.accounts.fold import fold
from stream.accounts.standing import Cells
from tests.decisions import emitters_customers as customers
from tests.decisions import emitters_deals as deals
from tests.decisions.scene import NEVER_MS, Emitter
from tests.strategies.drafts import MIX, moments, raw_of
from tests.strategies.worlds import sent_events

KNOWN = 5
EMITTERS = [
    customers.emit_check_ins,
    customers.emit_early_churn,
    customers.emit_held,
    customers.emit_reached,
    customers.emit_repeat_orders,
    customers.emit_tenure,
    customers.emit_units,
    deals.emit_closed_by_touches,
    deals.emit_expansion,
    deals.emit_funnel,
    deals.emit_open_deals,
]
EXTRAS = {
    "sales.deal.opened": {"stage": "demo", "amount_minor": 7, "deal_type": "upsell", "tier": "gold"},
    "sales.touch.logged": {"direction": "outbound"},
}


def account_of(events: list[Event]) -> Account:
    """The account that the fold makes of the events."""
    account = Account("acme", "A")
    for event in events:
        fold(account, event, event.time_ms, settle_before_ms=NEVER_MS)
    return account


def known_before(cells: Cells, minute: int) -> Cells:
    """The cells known before a minute."""
    return {cell: amount for cell, amount in cells.items() if int(cell[KNOWN]) < minute and amount}


@pytest.mark.parametrize("emit", EMITTERS, ids=lambda emit: emit.__name__)
@given(sent_events(MIX, ["A"], at=moments, most=9, least=3), st.data())
@settings(max_examples=40, deadline=None)
def test_cells_known_before_a_moment_need_only_the_events_before_it(
    emit: Emitter, drafts: list[dict[str, Any]], data: st.DataObject
) -> None:
    for draft in drafts:
        if draft["data"] is not None:
            draft["data"] = EXTRAS.get(draft["type"], {}) | draft["data"]
    firsts = {(draft["source"], draft["id"]): draft for draft in reversed(drafts)}
    decoded = [decode(raw_of(draft)) for draft in firsts.values()]
    events = [event for event in decoded if isinstance(event, Event)]
    minute = data.draw(st.sampled_from([event.time_ms for event in events])) // MINUTE_MS + data.draw(st.integers(0, 1))
    whole = emit(account_of(events))
    part = emit(account_of([event for event in events if event.time_ms < minute * MINUTE_MS]))
    assert known_before(whole, minute) == known_before(part, minute)
