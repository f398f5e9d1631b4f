"""Accounts in which one event changes what another entity adds, worked by hand."""

from __future__ import annotations

import json
from typing import Any

from schemas.event import Event, decode
from stream.accounts.account import Account
from stream.accounts.contributions import contributions
from stream.accounts.fold import fold
from stream.accounts.standing import Cells, add

RECEIVED_MS = 1_774_000_000_000
NEVER_MS = -(2**61)


def event(number: int, minute: str, name: str, /, **data: Any) -> Event:
    """An event of the day, decoded."""
    made = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "crm",
        "type": f"sales.{name}",
        "time": f"2026-03-20T{minute}:00Z",
        "subject": "A-1",
        "data": data,
    }
    found = decode(json.dumps(made).encode())
    assert isinstance(found, Event), found
    return found


def test_an_opening_that_gives_a_deal_its_lead_gives_another_deal_back_the_touches() -> None:
    """D-2's win comes before its opening, so that it seems to be L-1's, before D-1; its opening says it is L-9's."""
    events = [
        event(1, "09:00", "lead.created", lead="L-1", rep="R-1"),
        event(2, "09:30", "touch.logged", lead="L-1", rep="R-1", kind="call"),
        event(3, "10:00", "deal.won", deal="D-2", amount_minor=100, currency="EUR"),
        event(4, "10:10", "deal.opened", deal="D-1", lead="L-1", rep="R-1"),
        event(5, "10:20", "deal.won", deal="D-1", amount_minor=100, currency="EUR"),
        event(6, "09:50", "deal.opened", deal="D-2", lead="L-9", rep="R-2"),
    ]
    account, total = Account("default", "A-1"), Cells()
    for each in events:
        add(total, fold(account, each, RECEIVED_MS, settle_before_ms=NEVER_MS)[1])
    assert total == contributions(account)
    on_won = {cell[2]: amount for cell, amount in total.items() if cell[:2] == ("touches_on_won", "rep")}
    assert on_won == {"R-1": 1}
