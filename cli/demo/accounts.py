"""A prospect or customer as its rep sees it: what the account's events so far make of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cli.demo.company import DemoEvent


@dataclass
class Account:
    """``deal`` is the open one, "" for none; ``stage`` its stage, counted from 0; ``orders`` what could be refunded."""

    key: str
    rep: str = ""
    lead: str = ""
    last_ms: int = 0
    deal: str = ""
    stage: str = ""
    amount_minor: int = 0
    touches: int = 0
    appointment: str = ""
    is_qualified: bool = False
    is_gone: bool = False
    is_customer: bool = False
    closed_deals: list[str] = field(default_factory=list)
    won_deals: list[str] = field(default_factory=list)
    orders: list[tuple[str, int]] = field(default_factory=list)

    def take(self, event: DemoEvent) -> None:
        """One more thing that happened to the account."""
        self.last_ms = max(self.last_ms, event.time_ms)
        taker = _TAKERS.get(event.type.removeprefix("sales."))
        if taker is not None:
            taker(self, event.data)


def _came(account: Account, data: dict[str, Any]) -> None:
    account.lead = data["lead"]
    account.rep = data["rep"]


def _touched(account: Account, _: dict[str, Any]) -> None:
    account.touches += 1


def _opened(account: Account, data: dict[str, Any]) -> None:
    account.deal, account.rep = data["deal"], data["rep"]
    account.stage, account.amount_minor = data.get("stage", ""), data.get("amount_minor", 0)


def _staged(account: Account, data: dict[str, Any]) -> None:
    account.stage = data["stage"]


def _priced(account: Account, data: dict[str, Any]) -> None:
    account.amount_minor = data["amount_minor"]


def _handed_over(account: Account, data: dict[str, Any]) -> None:
    account.rep = data["rep"]


def _won(account: Account, data: dict[str, Any]) -> None:
    account.won_deals.append(data["deal"])
    _closed(account, data)


def _closed(account: Account, data: dict[str, Any]) -> None:
    account.closed_deals.append(data["deal"])
    account.deal, account.stage, account.touches = "", "", 0


def _reopened(account: Account, data: dict[str, Any]) -> None:
    account.deal = data["deal"]
    for deals in (account.closed_deals, account.won_deals):
        if account.deal in deals:
            deals.remove(account.deal)


def _ordered(account: Account, data: dict[str, Any]) -> None:
    total = sum(line["qty"] * line["unit_price_minor"] for line in data["lines"])
    account.orders.append((data["order"], total))


def _refunded(account: Account, data: dict[str, Any]) -> None:
    account.orders = [each for each in account.orders if each[0] != data["order"]]


def _met(account: Account, data: dict[str, Any]) -> None:
    account.appointment = data["appointment"] if account.appointment != data["appointment"] else ""


def _onboarded(account: Account, _: dict[str, Any]) -> None:
    account.is_customer = True


def _churned(account: Account, _: dict[str, Any]) -> None:
    account.is_customer, account.is_gone = False, True


def _qualified(account: Account, _: dict[str, Any]) -> None:
    account.is_qualified = True


def _disqualified(account: Account, _: dict[str, Any]) -> None:
    account.is_gone = True


_TAKERS: dict[str, Callable[[Account, dict[str, Any]], None]] = {
    "lead.created": _came,
    "lead.qualified": _qualified,
    "lead.disqualified": _disqualified,
    "touch.logged": _touched,
    "appointment.set": _met,
    "appointment.held": _met,
    "appointment.no_show": _met,
    "deal.opened": _opened,
    "deal.stage_changed": _staged,
    "deal.amount_changed": _priced,
    "deal.owner_changed": _handed_over,
    "deal.won": _won,
    "deal.lost": _closed,
    "deal.reopened": _reopened,
    "order.placed": _ordered,
    "order.refunded": _refunded,
    "customer.onboarded": _onboarded,
    "customer.churned": _churned,
}
