"""What an account adds to money, wins, leads and answers, as plain facts: a line for each thing that counts."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from schemas.data import DealWon, OrderPlaced, OrderRefunded, SurveyAnswered
from schemas.event import Event
from tests.reference.arrivals import Standing
from tests.reference.order import SortKey, sort_key
from tests.reference.timeline import NONE, Timeline

BASIS_POINTS = 10_000


class Fact(NamedTuple):
    """``amount`` of ``measure`` at ``at_ms``, for one rep and one source.

    Measures: revenue and won_amount (signed, minor units of the currency in ``facet``), closings (what revenue's n
    counts), deals_won, new_leads, touches_on_won (kind in ``facet``), answer (``score``; ``order`` and ``account`` tell
    a customer's latest). Those of `tests.reference.account_facts`: deals_lost, deals_opened, customers_won, touches
    (kind in ``facet``), cycle (``facet`` the anchor) and conversion, both in ms, cohort_matured and cohort_won
    (``facet`` the age in days), qualifying.
    """

    measure: str
    at_ms: int
    rep: str
    source: str
    facet: str
    amount: int
    received_ms: int
    backfill: bool
    account: str = ""
    order: SortKey = (0, 0, "", "")
    score: Fraction = Fraction(0)


class Reader:
    """Turns one account's effective events into facts."""

    def __init__(self, subject: str, standing: list[Standing]) -> None:
        self.subject = subject
        self.timeline = Timeline(kept.event for kept in standing)
        self.standing = {(kept.event.source, kept.event.id): kept for kept in standing}

    def fact(self, event: Event, measure: str, rep: str | None, source: str | None, **given: object) -> Fact:
        """A fact at the moment of an event, with its receipt."""
        received_ms = self.standing[event.source, event.id].received_ms
        facet, amount = str(given.get("facet", "")), int(str(given.get("amount", 1)))
        return Fact(measure, event.time_ms, rep or NONE, source or NONE, facet, amount, received_ms, event.backfill)

    def known_with(self, fact: Fact, *events: Event) -> Fact:
        """The fact, counting from when all events are there: with the receipt of the one latest in the log."""
        last = max((self.standing[event.source, event.id] for event in events), key=lambda kept: kept.place)
        return fact._replace(received_ms=last.received_ms, backfill=last.event.backfill)

    def facts(self) -> Iterator[Fact]:
        """These facts of the account, in no particular order."""
        yield from self.lead_facts()
        yield from self.win_facts()
        yield from self.order_facts()
        yield from self.refund_facts()
        yield from self.answer_facts()

    def lead_facts(self) -> Iterator[Fact]:
        """A lead counts when it was first created, for the rep and source given last."""
        for lead in self.timeline.leads():
            rep, source = self.timeline.lead_field(lead, "rep"), self.timeline.lead_field(lead, "source")
            yield self.fact(self.timeline.first_created(lead), "new_leads", rep, source)

    def win_facts(self) -> Iterator[Fact]:
        """A standing win counts at its close: money by share, itself and its touches for the largest share's rep."""
        for deal in self.timeline.deals():
            win = self.timeline.standing_win(deal)
            if win is None:
                continue
            assert isinstance(win.data, DealWon)
            source = self.win_source(win.data)
            for rep, amount in self.win_shares(win):
                yield self.fact(win, "revenue", rep, source, facet=win.data.currency, amount=amount)
                yield self.fact(win, "won_amount", rep, source, facet=win.data.currency, amount=amount)
            yield self.fact(win, "closings", self.win_rep(win), source, facet=win.data.currency)
            yield self.fact(win, "deals_won", self.win_rep(win), source)
            for touch in self.timeline.touches_on(win):
                kind = getattr(touch.data, "kind", "")
                counted = self.fact(win, "touches_on_won", self.win_rep(win), source, facet=kind)
                yield self.known_with(counted, win, touch)

    def win_source(self, win: DealWon) -> str | None:
        """The win's own source, else its deal's lead's."""
        return (
            win.source
            if win.source is not None
            else self.timeline.lead_field(self.timeline.lead_of_deal(win.deal), "source")
        )

    def win_rep(self, win: Event) -> str | None:
        """Whose win it is: the largest share's (the first of equals), else the rep it names, else the owner then."""
        assert isinstance(win.data, DealWon)
        if win.data.splits:
            largest = max(split.share_bp for split in win.data.splits)
            return next(split.rep for split in win.data.splits if split.share_bp == largest)
        return win.data.rep or self.timeline.before(sort_key(win)).owner(win.data.deal)

    def win_shares(self, win: Event) -> list[tuple[str | None, int]]:
        """The win's amount by rep: floors of the shares, what is left to the largest remainders, unit by unit."""
        assert isinstance(win.data, DealWon)
        amount, splits = win.data.amount_minor, win.data.splits
        if not splits:
            return [(self.win_rep(win), amount)]
        exact = [Fraction(amount * split.share_bp, BASIS_POINTS) for split in splits]
        shares = [int(share) for share in exact]
        by_remainder = sorted(range(len(splits)), key=lambda i: (shares[i] - exact[i], i))
        for i in by_remainder[: amount - sum(shares)]:
            shares[i] += 1
        return [(split.rep, share) for split, share in zip(splits, shares, strict=True)]

    def order_facts(self) -> Iterator[Fact]:
        """An order counts when it was first placed, with what was said of it last, unless it names a deal."""
        for order in self.timeline.orders():
            said = self.timeline.placed(order)
            if latest(said, "deal") is not None:
                continue
            last = said[-1]
            amount = sum(line.qty * line.unit_price_minor for line in last.lines)
            placed = self.timeline.first_placed(order)
            rep = latest(said, "rep")
            yield self.fact(placed, "revenue", rep, None, facet=last.currency, amount=amount)
            yield self.fact(placed, "closings", rep, None, facet=last.currency)

    def refund_facts(self) -> Iterator[Fact]:
        """A refund subtracts on its own date."""
        for event in self.timeline.events:
            refund = event.data
            if not isinstance(refund, OrderRefunded):
                continue
            said = self.timeline.placed(refund.order)
            currency = refund.currency or latest(said, "currency")
            if currency is None:
                continue
            deal = latest(said, "deal")
            win = self.timeline.standing_win(deal) if deal is not None else None
            rep = refund.rep or latest(said, "rep") or (self.win_rep(win) if win is not None else None)
            source = self.win_source(win.data) if win is not None and isinstance(win.data, DealWon) else None
            amount = refund.amount_minor
            if amount is None:
                amount = sum(line.qty * line.unit_price_minor for line in refund.lines or ())
            yield self.fact(event, "revenue", rep, source, facet=currency, amount=-amount)
            yield self.fact(event, "closings", rep, source, facet=currency)

    def answer_facts(self) -> Iterator[Fact]:
        """Every nps answer on the scale 0 to 10; which of them is a customer's latest depends on the window."""
        for event in self.timeline.events:
            answer = event.data
            if (
                isinstance(answer, SurveyAnswered)
                and answer.kind == "nps"
                and (answer.scale.min, answer.scale.max) == (0, 10)
            ):
                fact = self.fact(event, "answer", answer.rep, None)
                yield fact._replace(account=self.subject, order=sort_key(event), score=Fraction(answer.score))


def latest(said: list[OrderPlaced], name: str) -> str | None:
    """The last value given for a field of an order."""
    return next((value for value in (getattr(placed, name) for placed in reversed(said)) if value is not None), None)
