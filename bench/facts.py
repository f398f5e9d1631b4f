"""The twelve activity events of the benchmark: facts with just the fields a publisher would fill, and their JSON.

The text is written by hand because it is written a million times; tests/bench holds it to the publisher contract.
"""

from __future__ import annotations

from typing import NamedTuple


class LeadCreated(NamedTuple):
    lead: str
    rep: str
    source: str
    channel: str

    def text(self) -> str:
        return (
            f'{{"lead":"{self.lead}","rep":"{self.rep}","source":"{self.source}","method":"form",'
            f'"motion":"inbound","channel":"{self.channel}","location":{{"country":"DE","city":"Berlin"}}}}'
        )


class DealOpened(NamedTuple):
    deal: str
    rep: str
    lead: str
    amount_minor: int
    currency: str

    def text(self) -> str:
        return (
            f'{{"deal":"{self.deal}","rep":"{self.rep}","lead":"{self.lead}","pipeline":"P-1","stage":"discovery",'
            f'"deal_type":"new","amount_minor":{self.amount_minor},"currency":"{self.currency}"}}'
        )


class OwnerChanged(NamedTuple):
    deal: str
    rep: str

    def text(self) -> str:
        return f'{{"deal":"{self.deal}","rep":"{self.rep}"}}'


class DealWon(NamedTuple):
    """``rep`` None: the deal's owner then. ``splits``: (rep, basis points) pairs in place of ``rep``; () for none."""

    deal: str
    amount_minor: int
    currency: str
    rep: str | None
    splits: tuple[tuple[str, int], ...]

    def text(self) -> str:
        who = f',"rep":"{self.rep}"' if self.rep else ""
        if self.splits:
            shares = ",".join(f'{{"rep":"{rep}","share_bp":{share_bp}}}' for rep, share_bp in self.splits)
            who = f',"splits":[{shares}]'
        return (
            f'{{"deal":"{self.deal}","amount_minor":{self.amount_minor},"currency":"{self.currency}"{who},'
            f'"deal_type":"new","segment":"b2b","channel":"direct"}}'
        )


class DealLost(NamedTuple):
    deal: str
    reason: str

    def text(self) -> str:
        return f'{{"deal":"{self.deal}","reason":"{self.reason}","competitor":"C-12"}}'


class DealReopened(NamedTuple):
    deal: str

    def text(self) -> str:
        return f'{{"deal":"{self.deal}"}}'


class Touch(NamedTuple):
    """``rep`` None: automated. At most one of ``deal`` and ``lead``; ``phase`` None: left to the receiver."""

    rep: str | None
    deal: str | None
    lead: str | None
    kind: str
    phase: str | None
    outbound: bool
    duration_s: int

    def text(self) -> str:
        who = f'"rep":"{self.rep}"' if self.rep else '"automated":true'
        what = f',"deal":"{self.deal}"' if self.deal else f',"lead":"{self.lead}"' if self.lead else ""
        phase = f',"phase":"{self.phase}"' if self.phase else ""
        direction = "outbound" if self.outbound else "inbound"
        return (
            f'{{{who}{what},"kind":"{self.kind}","direction":"{direction}"{phase},'
            f'"outcome":"connected","duration_s":{self.duration_s}}}'
        )


class OrderPlaced(NamedTuple):
    """``deal``: the won deal that the order fulfils. ``lines``: (product, quantity, unit price in minor units)."""

    order: str
    rep: str | None
    deal: str | None
    currency: str
    lines: tuple[tuple[str, int, int], ...]

    def text(self) -> str:
        who = f',"rep":"{self.rep}"' if self.rep else ""
        what = f',"deal":"{self.deal}"' if self.deal else ""
        lines = ",".join(
            f'{{"product":"{product}","qty":{qty},"unit_price_minor":{price}}}' for product, qty, price in self.lines
        )
        return (
            f'{{"order":"{self.order}"{who}{what},"channel":"online","lines":[{lines}],"currency":"{self.currency}"}}'
        )


class OrderRefunded(NamedTuple):
    order: str
    rep: str
    amount_minor: int
    currency: str

    def text(self) -> str:
        return (
            f'{{"order":"{self.order}","rep":"{self.rep}","amount_minor":{self.amount_minor},'
            f'"currency":"{self.currency}","channel":"online"}}'
        )


class SurveyAnswered(NamedTuple):
    survey: str
    kind: str
    score: int
    rep: str

    def text(self) -> str:
        low, high = (0, 10) if self.kind == "nps" else (1, 5)
        return (
            f'{{"survey":"{self.survey}","kind":"{self.kind}","score":{self.score},'
            f'"scale":{{"min":{low},"max":{high}}},"rep":"{self.rep}","theme":"onboarding"}}'
        )


class CustomerOnboarded(NamedTuple):
    deal: str
    rep: str
    mrr_minor: int
    currency: str

    def text(self) -> str:
        return f'{{"deal":"{self.deal}","rep":"{self.rep}","mrr_minor":{self.mrr_minor},"currency":"{self.currency}"}}'


class CustomerChurned(NamedTuple):
    reason: str

    def text(self) -> str:
        return f'{{"reason":"{self.reason}"}}'


Fact = (
    LeadCreated
    | DealOpened
    | OwnerChanged
    | DealWon
    | DealLost
    | DealReopened
    | Touch
    | OrderPlaced
    | OrderRefunded
    | SurveyAnswered
    | CustomerOnboarded
    | CustomerChurned
)

TYPES: dict[type[Fact], str] = {
    LeadCreated: "sales.lead.created",
    DealOpened: "sales.deal.opened",
    OwnerChanged: "sales.deal.owner_changed",
    DealWon: "sales.deal.won",
    DealLost: "sales.deal.lost",
    DealReopened: "sales.deal.reopened",
    Touch: "sales.touch.logged",
    OrderPlaced: "sales.order.placed",
    OrderRefunded: "sales.order.refunded",
    SurveyAnswered: "sales.survey.answered",
    CustomerOnboarded: "sales.customer.onboarded",
    CustomerChurned: "sales.customer.churned",
}


class Stated(NamedTuple):
    """A fact that somebody stated: when it happened, when that was stated (epoch milliseconds), whose it is."""

    time_ms: int
    stated_ms: int
    account: int
    fact: Fact
