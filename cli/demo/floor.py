"""The sales floor: at each moment somebody does something, told by an event. Deterministic by seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cli.demo.company import BASE_CURRENCY, OTHER_CURRENCY, DemoEvent, rep_ids

SOURCES = ("web", "fair", "referral", "cold_call", None)
KINDS = ("call", "email", "email", "video_meeting", "meeting", "demo", "sms", "chat")
PRODUCTS = (("desk", 39_900), ("chair", 24_900), ("lamp", 5_990), ("service", 120_000))
REASONS = ("price", "timing", "competitor")
NPS_SCORES = (10, 10, 9, 9, 9, 8, 8, 7, 6, 4)
OPEN_ACCOUNTS_MAX = 400


@dataclass
class Account:
    """One prospect or customer, as its rep sees it."""

    key: str
    rep: str
    lead: str
    source: str | None
    last_ms: int
    deal: str = ""
    closed_deals: list[str] = field(default_factory=list)
    orders: list[tuple[str, int]] = field(default_factory=list)
    is_customer: bool = False
    touches: int = 0


class SalesFloor:
    """Accounts and reps, and the next thing that happens among them."""

    def __init__(self, *, seed: int, reps: int) -> None:
        self._random = Random(seed)
        self._reps = rep_ids(reps)
        self._accounts: list[Account] = []
        self._count = 0
        self._acts: list[tuple[Callable[[Account, int], DemoEvent], Callable[[Account], bool], float]] = [
            (self._touch, lambda a: not a.is_customer or bool(a.deal), 30.0),
            (self._check_in, lambda a: a.is_customer, 5.0),
            (self._open, lambda a: not a.deal and a.touches >= 1, 6.0),
            (self._hand_over, lambda a: bool(a.deal), 1.0),
            (self._win, lambda a: bool(a.deal) and a.touches >= 2, 4.0),
            (self._lose, lambda a: bool(a.deal) and a.touches >= 2, 4.0),
            (self._reopen, lambda a: not a.deal and bool(a.closed_deals), 0.5),
            (self._order, lambda a: a.is_customer, 4.0),
            (self._refund, lambda a: bool(a.orders), 0.6),
            (self._answer, lambda a: a.is_customer, 2.0),
            (self._onboard, lambda a: bool(a.closed_deals) and not a.is_customer, 3.0),
            (self._churn, lambda a: a.is_customer and len(a.closed_deals) > 1, 0.3),
        ]

    def next_event(self, time_ms: int) -> DemoEvent:
        """What happens at ``time_ms``. Events of an account never share a millisecond: the later one is moved on."""
        if not self._accounts or self._random.random() < 0.09:
            return self._arrive(time_ms)
        account = self._random.choice(self._accounts)
        possible = [(act, weight) for act, allowed, weight in self._acts if allowed(account)]
        acts, weights = zip(*possible, strict=True)
        account.last_ms = max(time_ms, account.last_ms + 1)
        event: DemoEvent = self._random.choices(acts, weights)[0](account, account.last_ms)
        return event

    def _event(self, kind: str, account: Account, time_ms: int, data: dict[str, Any]) -> DemoEvent:
        self._count += 1
        given = {name: value for name, value in data.items() if value is not None}
        return DemoEvent(f"sales.{kind}", f"e-{self._count:07d}", account.key, time_ms, given)

    def _arrive(self, time_ms: int) -> DemoEvent:
        number = self._count + 1
        source = self._random.choice(SOURCES)
        account = Account(f"A-{number}", self._random.choice(self._reps), f"L-{number}", source, time_ms)
        if len(self._accounts) >= OPEN_ACCOUNTS_MAX:
            self._accounts.pop(self._random.randrange(len(self._accounts)))
        self._accounts.append(account)
        return self._event(
            "lead.created", account, time_ms, {"lead": account.lead, "rep": account.rep, "source": source}
        )

    def _touch(self, account: Account, time_ms: int) -> DemoEvent:
        account.touches += 1
        phase = self._random.choice(("pre_sale", None))
        data = {"rep": account.rep, "kind": self._random.choice(KINDS), "direction": "outbound", "phase": phase}
        about = {"deal": account.deal} if account.deal else {"lead": account.lead}
        return self._event("touch.logged", account, time_ms, data | about)

    def _check_in(self, account: Account, time_ms: int) -> DemoEvent:
        phase = self._random.choice(("post_sale", None))
        data = {"rep": account.rep, "kind": self._random.choice(KINDS), "direction": "outbound", "phase": phase}
        return self._event("touch.logged", account, time_ms, data)

    def _open(self, account: Account, time_ms: int) -> DemoEvent:
        account.deal = f"D-{self._count + 1}"
        lead = self._random.choice((account.lead, None))
        data = {"deal": account.deal, "rep": account.rep, "lead": lead, "stage": "qualification"}
        return self._event("deal.opened", account, time_ms, data)

    def _hand_over(self, account: Account, time_ms: int) -> DemoEvent:
        account.rep = self._random.choice(self._reps)
        return self._event("deal.owner_changed", account, time_ms, {"deal": account.deal, "rep": account.rep})

    def _win(self, account: Account, time_ms: int) -> DemoEvent:
        data: dict[str, Any] = {
            "deal": account.deal,
            "amount_minor": self._random.randrange(50_000, 2_500_000),
            "currency": OTHER_CURRENCY if self._random.random() < 0.1 else BASE_CURRENCY,
        }
        chance = self._random.random()
        if chance < 0.15:
            first, second = self._random.sample(self._reps, 2) if len(self._reps) > 1 else (account.rep, "R-guest")
            share = self._random.choice((3_333, 5_000, 7_000))
            data["splits"] = [{"rep": first, "share_bp": share}, {"rep": second, "share_bp": 10_000 - share}]
        elif chance < 0.5:
            data["rep"] = account.rep
        if self._random.random() < 0.2:
            data["source"] = "partner"
        self._closed(account)
        return self._event("deal.won", account, time_ms, data)

    def _lose(self, account: Account, time_ms: int) -> DemoEvent:
        data = {"deal": account.deal, "reason": self._random.choice(REASONS)}
        self._closed(account)
        return self._event("deal.lost", account, time_ms, data)

    def _closed(self, account: Account) -> None:
        account.closed_deals.append(account.deal)
        account.deal, account.touches = "", 0

    def _reopen(self, account: Account, time_ms: int) -> DemoEvent:
        account.deal = account.closed_deals.pop()
        return self._event("deal.reopened", account, time_ms, {"deal": account.deal})

    def _order(self, account: Account, time_ms: int) -> DemoEvent:
        order = f"O-{self._count + 1}"
        chosen = self._random.sample(PRODUCTS, self._random.randint(1, 3))
        sold = [(name, self._random.randint(1, 9), price) for name, price in chosen]
        lines = [{"product": name, "qty": qty, "unit_price_minor": price} for name, qty, price in sold]
        total = sum(qty * price for _, qty, price in sold)
        account.orders.append((order, total))
        deal = account.closed_deals[-1] if account.closed_deals and self._random.random() < 0.2 else None
        rep = account.rep if deal is not None or self._random.random() < 0.8 else None
        data = {"order": order, "rep": rep, "deal": deal, "lines": lines, "currency": BASE_CURRENCY}
        return self._event("order.placed", account, time_ms, data)

    def _refund(self, account: Account, time_ms: int) -> DemoEvent:
        order, total = account.orders.pop()
        amount = total if self._random.random() < 0.5 else total // 3
        return self._event("order.refunded", account, time_ms, {"order": order, "amount_minor": amount})

    def _answer(self, account: Account, time_ms: int) -> DemoEvent:
        data = {
            "survey": f"S-{self._count + 1}",
            "kind": "nps",
            "score": self._random.choice(NPS_SCORES),
            "scale": {"min": 0, "max": 10},
            "rep": account.rep,
        }
        return self._event("survey.answered", account, time_ms, data)

    def _onboard(self, account: Account, time_ms: int) -> DemoEvent:
        account.is_customer = True
        return self._event(
            "customer.onboarded", account, time_ms, {"deal": account.closed_deals[-1], "rep": account.rep}
        )

    def _churn(self, account: Account, time_ms: int) -> DemoEvent:
        account.is_customer = False
        return self._event("customer.churned", account, time_ms, {"reason": "price"})
