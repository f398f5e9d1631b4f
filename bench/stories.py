"""Believable lives of leads, deals and customers, as facts in time: what the benchmark's publishers have to tell.

A story belongs to one account. Its touches name its lead until the deal opens, then the deal while it is open; only
those leave their phase to the receiver. Touches after the close say that they are post-sale.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from bench.facts import (
    CustomerChurned,
    CustomerOnboarded,
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    Fact,
    LeadCreated,
    OrderPlaced,
    OrderRefunded,
    OwnerChanged,
    Stated,
    SurveyAnswered,
    Touch,
)

TOUCH_KINDS = (
    "call",
    "call",
    "call",
    "email",
    "email",
    "email",
    "email",
    "video_meeting",
    "meeting",
    "demo",
    "sms",
    "chat",
)
LEAD_SOURCES = ("webinar", "referral", "search", "fair", "partner", "newsletter", "cold_list", "website")
CHANNELS = ("online", "store", "partner", "direct")
CURRENCIES = ("EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "USD", "GBP")
REASONS = ("price", "timing", "feature", "no_decision")
MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


class Teller:
    """Tells stories about accounts. Deterministic by ``seed``; ``reps`` sellers share the work evenly."""

    def __init__(self, seed: int, *, reps: int, prefix: str = "") -> None:
        self.random = Random(seed)
        self.reps = [f"R-{n:04d}" for n in range(reps)]
        self.prefix = prefix
        self.told = 0

    def tell(self, account: int, *, start_ms: int, end_ms: int) -> list[Stated]:
        """One story between two moments, in the order of its facts, each at a millisecond of its own."""
        self.told += 1
        draw = self.random.random
        shape = draw()
        if shape < 0.42:
            facts: list[Fact] = [self._touch(self._rep())]
        elif shape < 0.62:
            facts = list(self._lead())
        elif shape < 0.8:
            facts = list(self._care())
        else:
            facts = list(self._deal())
        first = start_ms + int((end_ms - start_ms) * 0.9 * draw())
        last = first + int((end_ms - first) * (0.1 + 0.9 * draw()))
        room = last - first - len(facts)
        moments = sorted(int(draw() * room) for _ in facts)
        return [
            self._stated(first + moment + n, account, fact)
            for n, (moment, fact) in enumerate(zip(moments, facts, strict=True))
        ]

    def first_contact(self) -> list[Fact]:
        """A new lead, in three of ten cases with a touch."""
        self.told += 1
        rep, lead = self._rep(), f"{self.prefix}L-{self.told}"
        contact: list[Fact] = [self._created(lead, rep)]
        if self.random.random() < 0.3:
            contact.append(self._touch(rep, lead=lead, phase="pre_sale"))
        return contact

    def _stated(self, time_ms: int, account: int, fact: Fact) -> Stated:
        """A touch in a hundred is logged hours after the fact, with its true time: it restates past values."""
        if type(fact) is Touch and self.random.random() < 0.012:
            back_ms = HOUR_MS + int(self.random.random() * 5 * HOUR_MS)
            phase = fact.phase or ("pre_sale" if fact.deal else None)
            return Stated(time_ms - back_ms, time_ms, account, fact._replace(phase=phase))
        return Stated(time_ms, time_ms, account, fact)

    # -- shapes

    def _lead(self) -> Iterator[Fact]:
        """A lead that leads nowhere yet."""
        rep, lead = self._rep(), f"{self.prefix}L-{self.told}"
        yield self._created(lead, rep)
        yield from (self._touch(rep, lead=lead, phase="pre_sale") for _ in range(self._count(1.0)))

    def _care(self) -> Iterator[Fact]:
        """A customer without a deal: orders, calls that name nothing, a survey."""
        rep = self._rep()
        yield from (self._touch(rep) for _ in range(1 + self._count(1.2)))
        if self.random.random() < 0.35:
            order = self._order(rep, deal=None)
            yield order
            if self.random.random() < 0.12:
                yield OrderRefunded(order.order, rep, order.lines[0][2], order.currency)
        if self.random.random() < 0.25:
            yield self._survey(rep)

    def _deal(self) -> Iterator[Fact]:
        """A lead that becomes a deal, and what becomes of the deal."""
        draw = self.random.random
        rep, lead, deal = self._rep(), f"{self.prefix}L-{self.told}", f"{self.prefix}D-{self.told}"
        currency = CURRENCIES[int(draw() * 8)]
        yield self._created(lead, rep)
        yield from (self._touch(rep, lead=lead, phase="pre_sale") for _ in range(self._count(1.5)))
        yield DealOpened(deal, rep, lead, self._amount(), currency)
        yield from (self._touch(rep, deal=deal) for _ in range(self._count(3.8)))
        if draw() < 0.12:
            rep = self._rep()
            yield OwnerChanged(deal, rep)
        yield from (self._touch(rep, deal=deal) for _ in range(self._count(3.0)))
        if draw() < 0.3:
            return
        won = draw() < 0.45
        yield self._close(deal, rep, currency, won=won)
        if draw() < 0.05:
            yield DealReopened(deal)
            yield from (self._touch(rep, deal=deal) for _ in range(self._count(3.0)))
            if draw() < 0.3:
                return
            won = draw() < 0.5
            yield self._close(deal, rep, currency, won=won)
        if won:
            yield from self._customer(deal, rep, currency)

    def _customer(self, deal: str, rep: str, currency: str) -> Iterator[Fact]:
        """What follows a win."""
        draw = self.random.random
        if draw() < 0.6:
            yield CustomerOnboarded(deal, rep, self._amount() // 12, currency)
        if draw() < 0.5:
            order = self._order(None if draw() < 0.3 else rep, deal=deal)
            yield order
            if draw() < 0.08:
                yield OrderRefunded(order.order, rep, order.lines[0][2], order.currency)
        yield from (self._touch(rep, deal=deal, phase="post_sale") for _ in range(self._count(2.0)))
        if draw() < 0.5:
            yield self._survey(rep)
        if draw() < 0.06:
            yield CustomerChurned(REASONS[int(draw() * 4)])

    # -- single facts

    def _rep(self) -> str:
        return self.reps[int(self.random.random() * len(self.reps))]

    def _count(self, mean: float) -> int:
        """A count with this mean: mostly few, sometimes many."""
        return int(self.random.expovariate(1.0 / (mean + 0.5)))

    def _amount(self) -> int:
        return 10_000 + int(self.random.expovariate(1 / 250_000))

    def _created(self, lead: str, rep: str) -> LeadCreated:
        draw = self.random.random
        return LeadCreated(lead, rep, LEAD_SOURCES[int(draw() * 8)], CHANNELS[int(draw() * 4)])

    def _touch(self, rep: str, *, deal: str | None = None, lead: str | None = None, phase: str | None = None) -> Touch:
        draw = self.random.random
        kind = TOUCH_KINDS[int(draw() * 12)]
        return Touch(None if draw() < 0.03 else rep, deal, lead, kind, phase, draw() < 0.7, int(draw() * 2400))

    def _order(self, rep: str | None, *, deal: str | None) -> OrderPlaced:
        draw = self.random.random
        lines = tuple(
            (f"SKU-{int(draw() * 500)}", 1 + int(draw() * 9), 500 + int(draw() * 40_000))
            for _ in range(1 + int(draw() * 2.4))
        )
        return OrderPlaced(f"{self.prefix}O-{self.told}", rep, deal, CURRENCIES[int(draw() * 8)], lines)

    def _close(self, deal: str, rep: str, currency: str, *, won: bool) -> DealWon | DealLost:
        draw = self.random.random
        if not won:
            return DealLost(deal, REASONS[int(draw() * 4)])
        other = self._rep()
        if draw() < 0.04 and other != rep:
            share_bp = 5_000 + int(draw() * 4_999)
            return DealWon(deal, self._amount(), currency, None, ((rep, share_bp), (other, 10_000 - share_bp)))
        return DealWon(deal, self._amount(), currency, None if draw() < 0.25 else rep, ())

    def _survey(self, rep: str) -> SurveyAnswered:
        draw = self.random.random
        if draw() < 0.15:
            return SurveyAnswered(f"{self.prefix}S-{self.told}", "csat", 1 + int(draw() * 5), rep)
        return SurveyAnswered(f"{self.prefix}S-{self.told}", "nps", min(10, int(11 * draw() ** 0.5)), rep)


def corrected(fact: Fact, random: Random) -> Fact | None:
    """The fact as a later revision states it, or None if facts of its type aren't revised here."""
    if type(fact) is Touch:
        return fact._replace(kind="meeting" if fact.kind != "meeting" else "video_meeting")
    if type(fact) is DealWon:
        return fact._replace(amount_minor=fact.amount_minor + 1 + int(random.random() * 50_000))
    if type(fact) is OrderPlaced:
        return fact._replace(lines=tuple((product, qty + 1, price) for product, qty, price in fact.lines))
    if type(fact) is SurveyAnswered:
        return fact._replace(score=max(1, fact.score - 3) if fact.score > 1 else 5)
    return None


VOIDABLE = (Touch, DealWon, OrderPlaced, SurveyAnswered)
"""Facts that are sometimes taken back."""
