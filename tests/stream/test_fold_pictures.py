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


def levels(account: Account) -> dict[tuple[str, str, str, int, int], int]:
    """Open deals of an account: (measure, rep, facet, hour and minute at which it is known, in minutes of the day)."""
    day = 24 * 60
    return {
        (measure, rep, facet, pane % day, known % day): amount
        for (measure, _, rep, facet, pane, known), amount in contributions(account).items()
        if measure in ("open_deals", "open_amount")
    }


def test_an_open_deal_stands_at_the_hour_in_which_somebody_last_did_something_about_it() -> None:
    events = [
        event(1, "09:10", "deal.opened", deal="D-1", rep="R-1", stage="demo", amount_minor=500, currency="EUR"),
        event(2, "09:40", "touch.logged", deal="D-1", rep="R-2", kind="call"),  # the same hour
        event(3, "11:05", "touch.logged", deal="D-1", rep="R-2", kind="sms", automated=True),
        event(4, "12:20", "touch.logged", deal="D-1", rep="R-2", kind="call"),
        event(5, "13:30", "deal.owner_changed", deal="D-1", rep="R-2"),  # nobody did anything about it
        event(6, "14:00", "deal.lost", deal="D-1"),
    ]
    account, total = Account("default", "A-1"), Cells()
    for each in events:
        add(total, fold(account, each, RECEIVED_MS, settle_before_ms=NEVER_MS)[1])
    assert total == contributions(account)
    found = {key[1:]: amount for key, amount in levels(account).items() if key[0] == "open_deals"}
    nine, noon = 9 * 60, 12 * 60
    assert found == {
        ("R-1", "demo", nine, nine + 10): 1,
        ("R-1", "demo", nine, noon + 20): -1,
        ("R-1", "demo", noon, noon + 20): 1,
        ("R-1", "demo", noon, 13 * 60 + 30): -1,
        ("R-2", "demo", noon, 13 * 60 + 30): 1,
        ("R-2", "demo", noon, 14 * 60): -1,
    }
    worth = {key[2:]: amount for key, amount in levels(account).items() if key[0] == "open_amount"}
    assert worth["EUR:demo", noon, noon + 20] == 500


def test_a_touch_that_comes_late_moves_a_deal_for_the_time_until_the_next() -> None:
    events = [
        event(1, "09:10", "deal.opened", deal="D-1", rep="R-1", pipeline="new", stage="demo"),
        event(2, "12:20", "touch.logged", deal="D-1", rep="R-1", kind="call"),
        event(3, "10:30", "appointment.held", deal="D-1", rep="R-1", appointment="P-1"),
    ]
    account, total = Account("default", "A-1"), Cells()
    for each in events:
        add(total, fold(account, each, RECEIVED_MS, settle_before_ms=NEVER_MS)[1])
    assert total == contributions(account)
    assert levels(account) == {
        ("open_deals", "R-1", "new|demo", 540, 550): 1,
        ("open_deals", "R-1", "new|demo", 540, 630): -1,
        ("open_deals", "R-1", "new|demo", 600, 630): 1,
        ("open_deals", "R-1", "new|demo", 600, 740): -1,
        ("open_deals", "R-1", "new|demo", 720, 740): 1,
    }
