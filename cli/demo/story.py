"""One account's facts, worked out from its events the plain way: sort them, look at all of them, answer.

This shares no code with the engine. It is what a person with a spreadsheet would do, and it checks the engine's answer.
"""

from __future__ import annotations

from collections import defaultdict
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
    """Something that counts at ``time_ms`` for a rep and a source (None: for none). ``amount`` is money in minor units
    of the currency in ``facet``, milliseconds, or a count.
    """

    what: str
    time_ms: int
    rep: str
    source: str | None
    amount: int = 1
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
        self._places = {event.id: place for place, event in enumerate(self._events)}
        self._kinds: dict[str, list[DemoEvent]] = defaultdict(list)
        self._own: dict[str, list[DemoEvent]] = defaultdict(list)
        for event in self._events:
            self._kinds[event.type].append(event)
            if event.type in OWN:
                self._own[event.data["deal"]].append(event)

    def facts(self) -> Iterator[Fact]:
        """Everything this account adds to the company's numbers."""
        for event in self._kinds["sales.lead.created"]:
            yield Fact("lead", event.time_ms, event.data.get("rep", NONE), event.data.get("source", NONE))
        for event in self._kinds["sales.touch.logged"]:
            yield Fact("activity", event.time_ms, event.data.get("rep", NONE), None, facet=event.data["kind"])
        for deal in self._own:
            yield from self._deal(deal)
        yield from self._sales()
        for answer in self._kinds["sales.survey.answered"]:
            score = answer.data["score"]
            kind = "promoter" if score >= PROMOTER else "passive" if score >= PASSIVE else "detractor"
            rep = answer.data.get("rep", NONE)
            yield Fact("answer", answer.time_ms, rep, None, facet=kind, account=answer.subject)
        yield from self._first_purchase()

    def _deal(self, deal: str) -> Iterator[Fact]:
        opened = [event for event in self._own[deal] if event.type == "sales.deal.opened"]
        source = self._lead_source(self._lead_of(deal)) or NONE
        if opened:
            yield Fact("opened", opened[0].time_ms, opened[-1].data["rep"], source)
        close = self._standing_close(deal, len(self._events))
        if close is not None and close.type == "sales.deal.won":
            yield from self._won(deal, close)
        elif close is not None:
            yield Fact("lost", close.time_ms, self._owner(deal, close), source)

    def _won(self, deal: str, win: DemoEvent) -> Iterator[Fact]:
        at, currency, source = win.time_ms, win.data["currency"], self._source_of(deal, win)
        for rep, amount in self._shares(deal, win).items():
            yield Fact("money", at, rep, source, amount, currency)
            yield Fact("won_money", at, rep, source, amount, currency)
        rep = self._rep_of(deal, win)
        yield Fact("sale", at, rep, source)
        yield Fact("won", at, rep, source)
        touches = [
            touch
            for touch in self._kinds["sales.touch.logged"]
            if touch.time_ms <= at and self._deal_of(touch) == deal and not self._is_post_sale(touch)
        ]
        for touch in touches:
            yield Fact("touch", at, rep, source, facet=touch.data["kind"])
        lead = self._lead_of(deal)
        leads = [event for event in self._kinds["sales.lead.created"] if event.data["lead"] == lead]
        opened = [event for event in self._own[deal] if event.type == "sales.deal.opened"]
        starts = touches or leads or opened
        if starts:
            yield Fact("cycle", at, rep, None, at - starts[0].time_ms)

    def _sales(self) -> Iterator[Fact]:
        for order in self._kinds["sales.order.placed"]:
            if "deal" not in order.data:
                rep, currency = order.data.get("rep", NONE), order.data["currency"]
                amount = sum(line["qty"] * line["unit_price_minor"] for line in order.data["lines"])
                yield Fact("money", order.time_ms, rep, NONE, amount, currency)
                yield Fact("sale", order.time_ms, rep, NONE)
        for refund in self._kinds["sales.order.refunded"]:
            yield from self._refunded(refund)

    def _first_purchase(self) -> Iterator[Fact]:
        """The account's earliest standing win or order makes it a customer."""
        closes = {deal: self._standing_close(deal, len(self._events)) for deal in self._own}
        wins = {win.id: deal for deal, win in closes.items() if win is not None and win.type == "sales.deal.won"}
        for event in self._events:
            if event.id in wins:
                deal = wins[event.id]
                source = self._lead_source(self._lead_of(deal)) or NONE
                yield Fact("customer", event.time_ms, self._rep_of(deal, event), source)
                return
            if event.type == "sales.order.placed":
                yield Fact("customer", event.time_ms, event.data.get("rep", NONE), NONE)
                return

    def _rep_of(self, deal: str, win: DemoEvent) -> str:
        """Whom a win counts for: the largest share, a tie for the first listed."""
        if "splits" in win.data:
            return str(max(win.data["splits"], key=lambda split: split["share_bp"])["rep"])
        return str(win.data.get("rep") or self._owner(deal, win))

    def _source_of(self, deal: str, win: DemoEvent) -> str:
        return str(win.data.get("source") or self._lead_source(self._lead_of(deal)) or NONE)

    def _owner(self, deal: str, close: DemoEvent) -> str:
        """Who owned a deal when it closed."""
        until = self._places[close.id]
        owners = [e.data["rep"] for e in self._own[deal] if e.type in OWN[:2] and self._places[e.id] < until]
        return str(owners[-1]) if owners else NONE

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
        return {self._rep_of(deal, win): amount}

    def _refunded(self, refund: DemoEvent) -> Iterator[Fact]:
        orders = [e for e in self._kinds["sales.order.placed"] if e.data["order"] == refund.data["order"]]
        if not orders:
            return  # its currency is the order's, and there is none
        order = orders[0]
        source = NONE
        if "deal" in order.data:
            win = self._standing_close(order.data["deal"], len(self._events))
            if win is not None and win.type == "sales.deal.won":
                source = self._source_of(order.data["deal"], win)
        rep = order.data.get("rep", NONE)
        yield Fact("money", refund.time_ms, rep, source, -refund.data["amount_minor"], order.data["currency"])
        yield Fact("sale", refund.time_ms, rep, source)

    def _is_post_sale(self, touch: DemoEvent) -> bool:
        if "phase" in touch.data:
            return bool(touch.data["phase"] == "post_sale")
        at = self._places[touch.id]
        deal = touch.data.get("deal")
        if deal is not None and self._standing_close(deal, at) is None:
            return False
        return self._is_customer(at)

    def _is_customer(self, at: int) -> bool:
        """Whether the account is a customer just before its event number ``at``."""
        closes = [self._standing_close(deal, at) for deal in self._own]
        wins = {close.id for close in closes if close is not None and close.type == "sales.deal.won"}
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
        for event in self._own.get(deal, ()):
            if self._places[event.id] < at:
                close = event if event.type in CLOSES else None if event.type == "sales.deal.reopened" else close
        return close

    def _deal_of(self, touch: DemoEvent) -> str | None:
        if "deal" in touch.data:
            return str(touch.data["deal"])
        lead = touch.data.get("lead")
        return next((deal for deal in self._own if lead is not None and self._lead_of(deal) == lead), None)

    def _lead_of(self, deal: str) -> str | None:
        own = self._own.get(deal, [])
        close = self._standing_close(deal, len(self._events))
        if close is not None and "lead" in close.data:
            return str(close.data["lead"])
        given = [e.data["lead"] for e in own if e.type == "sales.deal.opened" and "lead" in e.data]
        if given:
            return str(given[-1])
        until = self._places[own[0].id] if own else 0
        earlier = [e.data["lead"] for e in self._kinds["sales.lead.created"] if self._places[e.id] < until]
        return str(earlier[-1]) if earlier else None

    def _lead_source(self, lead: str | None) -> str | None:
        created = self._kinds["sales.lead.created"]
        found: list[Any] = [e.data.get("source") for e in created if e.data["lead"] == lead]
        return found[-1] if found else None


def _order(event: DemoEvent) -> tuple[int, int, str, str]:
    name = event.type.removeprefix("sales.")
    return (event.time_ms, ORDER.index(name) if name in ORDER else len(ORDER), event.source, event.id)
