"""One account's facts, worked out from its events the plain way: sort them, look at all of them, answer.

This shares no code with the engine. It is what a person with a spreadsheet would do, and it checks the engine's answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cli.demo.company import DemoEvent

NONE = "_none"
ORDER = ("lead.created", "deal.opened", "deal.owner_changed", "touch.logged", "deal.won", "deal.lost", "deal.reopened")
CLOSES = ("sales.deal.won", "sales.deal.lost")
OWN = ("sales.deal.opened", "sales.deal.owner_changed", *CLOSES, "sales.deal.reopened")
PROMOTER, PASSIVE = 9, 7


@dataclass(frozen=True)
class Fact:
    """Something that counts at ``time_ms`` for a rep and a source. ``amount`` is money in minor units, or a count."""

    what: str
    time_ms: int
    rep: str
    source: str
    amount: int
    facet: str = ""
    account: str = ""


def effective(published: Iterable[DemoEvent]) -> list[DemoEvent]:
    """The events that stand: of each identity its highest revision, unless that takes it back."""
    latest: dict[tuple[str, str, str], DemoEvent] = {}
    for event in published:
        identity = (event.subject, event.source, event.id)
        if identity not in latest or event.revision > latest[identity].revision:
            latest[identity] = event
    return [event for event in latest.values() if not event.voided]


class Story:
    """One account's events in order."""

    def __init__(self, events: Iterable[DemoEvent]) -> None:
        self._events = sorted(events, key=_order)

    def facts(self) -> Iterator[Fact]:
        """Everything this account adds to the company's numbers."""
        for event in self._of("sales.lead.created"):
            yield Fact("lead", event.time_ms, event.data.get("rep", NONE), event.data.get("source", NONE), 1)
        for deal in dict.fromkeys(event.data["deal"] for event in self._of(*CLOSES)):
            win = self._standing_close(deal, len(self._events))
            if win is not None and win.type == "sales.deal.won":
                yield from self._won(deal, win)
        for order in self._of("sales.order.placed"):
            if "deal" not in order.data:
                rep, currency = order.data.get("rep", NONE), order.data["currency"]
                amount = sum(line["qty"] * line["unit_price_minor"] for line in order.data["lines"])
                yield Fact("money", order.time_ms, rep, NONE, amount, currency)
                yield Fact("sale", order.time_ms, rep, NONE, 1)
        for refund in self._of("sales.order.refunded"):
            yield from self._refunded(refund)
        for answer in self._of("sales.survey.answered"):
            score = answer.data["score"]
            kind = "promoter" if score >= PROMOTER else "passive" if score >= PASSIVE else "detractor"
            rep = answer.data.get("rep", NONE)
            yield Fact("answer", answer.time_ms, rep, NONE, 1, kind, account=answer.subject)

    def _won(self, deal: str, win: DemoEvent) -> Iterator[Fact]:
        at, currency = win.time_ms, win.data["currency"]
        source = win.data.get("source") or self._lead_source(self._lead_of(deal)) or NONE
        shares = self._shares(deal, win)
        for rep, amount in shares.items():
            yield Fact("money", at, rep, source, amount, currency)
        counted = shares if "splits" not in win.data else {s["rep"]: s["share_bp"] for s in win.data["splits"]}
        rep = max(counted, key=lambda each: counted[each])
        yield Fact("sale", at, rep, source, 1)
        yield Fact("won", at, rep, source, 1)
        for touch in self._of("sales.touch.logged"):
            if touch.time_ms <= at and self._deal_of(touch) == deal and not self._is_post_sale(touch):
                yield Fact("touch", at, rep, source, 1, touch.data["kind"])

    def _shares(self, deal: str, win: DemoEvent) -> dict[str, int]:
        """The win's amount by rep: the split's largest remainders, the rep of the win, or the deal's owner then."""
        amount = win.data["amount_minor"]
        if "splits" in win.data:
            exact = [(split["rep"], amount * split["share_bp"]) for split in win.data["splits"]]
            shares = {rep: product // 10_000 for rep, product in exact}
            by_remainder = sorted(exact, key=lambda each: -(each[1] % 10_000))
            for rep, _ in by_remainder[: amount - sum(shares.values())]:
                shares[rep] += 1
            return shares
        owners = [e.data["rep"] for e in self._before(win) if e.type in OWN[:2] and e.data["deal"] == deal]
        return {win.data.get("rep") or (owners[-1] if owners else NONE): amount}

    def _refunded(self, refund: DemoEvent) -> Iterator[Fact]:
        orders = [e for e in self._of("sales.order.placed") if e.data["order"] == refund.data["order"]]
        if not orders:
            return  # its currency is the order's, and there is none
        order = orders[0]
        source = NONE
        if "deal" in order.data:
            win = self._standing_close(order.data["deal"], len(self._events))
            if win is not None and win.type == "sales.deal.won":
                source = win.data.get("source") or self._lead_source(self._lead_of(order.data["deal"])) or NONE
        rep = order.data.get("rep", NONE)
        yield Fact("money", refund.time_ms, rep, source, -refund.data["amount_minor"], order.data["currency"])
        yield Fact("sale", refund.time_ms, rep, source, 1)

    def _is_post_sale(self, touch: DemoEvent) -> bool:
        if "phase" in touch.data:
            return bool(touch.data["phase"] == "post_sale")
        at = self._events.index(touch)
        deal = touch.data.get("deal")
        if deal is not None and self._standing_close(deal, at) is None:
            return False
        return self._is_customer(at)

    def _is_customer(self, at: int) -> bool:
        """Whether the account is a customer just before its event number ``at``."""
        deals = {e.data["deal"] for e in self._events[:at] if e.type in CLOSES}
        wins = {e.id for deal in deals if (e := self._standing_close(deal, at)) and e.type == "sales.deal.won"}
        is_customer = was_customer = False
        for event in self._events[:at]:
            is_purchase = event.type == "sales.order.placed" or event.id in wins
            if event.type == "sales.customer.churned":
                is_customer = False
            elif event.type == "sales.customer.onboarded" or (is_purchase and not was_customer):
                is_customer = was_customer = True
        return is_customer

    def _standing_close(self, deal: str, at: int) -> DemoEvent | None:
        """The close of a deal that stands just before event number ``at``."""
        close = None
        for event in self._events[:at]:
            if event.data.get("deal") == deal:
                close = event if event.type in CLOSES else None if event.type == "sales.deal.reopened" else close
        return close

    def _deal_of(self, touch: DemoEvent) -> str | None:
        if "deal" in touch.data:
            return str(touch.data["deal"])
        lead = touch.data.get("lead")
        deals = dict.fromkeys(event.data["deal"] for event in self._of(*OWN))
        return next((deal for deal in deals if lead is not None and self._lead_of(deal) == lead), None)

    def _lead_of(self, deal: str) -> str | None:
        own = [event for event in self._of(*OWN) if event.data["deal"] == deal]
        close = self._standing_close(deal, len(self._events))
        if close is not None and "lead" in close.data:
            return str(close.data["lead"])
        given = [e.data["lead"] for e in own if e.type == "sales.deal.opened" and "lead" in e.data]
        if given:
            return str(given[-1])
        earlier = [e.data["lead"] for e in self._before(own[0]) if e.type == "sales.lead.created"] if own else []
        return str(earlier[-1]) if earlier else None

    def _lead_source(self, lead: str | None) -> str | None:
        found: list[Any] = [e.data.get("source") for e in self._of("sales.lead.created") if e.data["lead"] == lead]
        return found[-1] if found else None

    def _of(self, *kinds: str) -> list[DemoEvent]:
        return [event for event in self._events if event.type in kinds]

    def _before(self, event: DemoEvent) -> list[DemoEvent]:
        return self._events[: self._events.index(event)]


def _order(event: DemoEvent) -> tuple[int, int, str, str]:
    name = event.type.removeprefix("sales.")
    return (event.time_ms, ORDER.index(name) if name in ORDER else len(ORDER), event.source, event.id)
