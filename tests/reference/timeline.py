"""One account, read from its effective events. Every question is answered by looking at the whole list again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from schemas.data import (
    AmountChanged,
    CustomerChurned,
    CustomerOnboarded,
    CustomerReactivated,
    DealLost,
    DealOpened,
    DealReopened,
    DealWon,
    LeadCreated,
    OrderPlaced,
    OwnerChanged,
    StageChanged,
    Touch,
)
from schemas.event import Event
from tests.reference.order import SortKey, sort_key

NONE = "_none"
OWN = DealOpened | StageChanged | AmountChanged | OwnerChanged | DealWon | DealLost | DealReopened
"""What happens to a deal itself; touches, appointments and orders only mention it."""


class Timeline:
    """The account's events in order. ``events`` must be effective: neither voided nor replaced by a revision."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.events = sorted(events, key=sort_key)

    def before(self, key: SortKey) -> Timeline:
        """The account as it was just before the event that sorts at ``key``."""
        return Timeline(event for event in self.events if sort_key(event) < key)

    # Leads

    def leads(self) -> list[str]:
        """Lead ids in the order of their first creation."""
        return list(dict.fromkeys(event.data.lead for event in self.events if isinstance(event.data, LeadCreated)))

    def first_created(self, lead: str) -> Event:
        """The event that created the lead; later ones of the id only change its fields."""
        return next(event for event in self.events if isinstance(event.data, LeadCreated) and event.data.lead == lead)

    def lead_field(self, lead: str | None, name: Literal["rep", "source"]) -> str | None:
        """The latest given value of a lead's field; None for an unknown lead or where none was ever given."""
        given = [
            getattr(event.data, name)
            for event in self.events
            if isinstance(event.data, LeadCreated) and event.data.lead == lead
        ]
        return next((value for value in reversed(given) if value is not None), None)

    # Deals

    def deals(self) -> list[str]:
        """Deal ids in the order of their first own event; touches and orders only mention a deal."""
        return list(dict.fromkeys(event.data.deal for event in self.events if isinstance(event.data, OWN)))

    def own_events(self, deal: str) -> list[Event]:
        """What happened to the deal itself, in order."""
        return [event for event in self.events if isinstance(event.data, OWN) and event.data.deal == deal]

    def standing_close(self, deal: str) -> Event | None:
        """The close that stands: the latest won or lost, unless the deal was reopened after it."""
        close = None
        for event in self.own_events(deal):
            if isinstance(event.data, DealWon | DealLost):
                close = event
            elif isinstance(event.data, DealReopened):
                close = None
        return close

    def standing_win(self, deal: str) -> Event | None:
        """The close that stands, if it is a win."""
        close = self.standing_close(deal)
        return close if close is not None and isinstance(close.data, DealWon) else None

    def is_open(self, deal: str) -> bool:
        """Whether no close of the deal stands. A deal that was only mentioned is open."""
        return self.standing_close(deal) is None

    def owner(self, deal: str) -> str | None:
        """The latest rep that an opening or a change of owner gave the deal."""
        reps = [event.data.rep for event in self.own_events(deal) if isinstance(event.data, DealOpened | OwnerChanged)]
        return reps[-1] if reps else None

    def first_opened(self, deal: str) -> Event | None:
        """The event that opened the deal; later ones of the id only change its fields."""
        return next((event for event in self.own_events(deal) if isinstance(event.data, DealOpened)), None)

    def opener(self, deal: str) -> str | None:
        """The rep that the latest opening of the deal gave."""
        reps = [event.data.rep for event in self.own_events(deal) if isinstance(event.data, DealOpened)]
        return reps[-1] if reps else None

    def standing_loss(self, deal: str) -> Event | None:
        """The close that stands, if it is a loss."""
        close = self.standing_close(deal)
        return close if close is not None and isinstance(close.data, DealLost) else None

    def lead_of_deal(self, deal: str) -> str | None:
        """The standing close's lead, else the latest an opening gave, else the account's latest before that."""
        close = self.standing_close(deal)
        if close is not None and isinstance(close.data, DealWon | DealLost) and close.data.lead is not None:
            return close.data.lead
        given = [event.data.lead for event in self.own_events(deal) if isinstance(event.data, DealOpened)]
        latest = next((lead for lead in reversed(given) if lead is not None), None)
        if latest is not None:
            return latest
        earlier = self.before(sort_key(self.own_events(deal)[0])).leads()
        return earlier[-1] if earlier else None

    # Touches

    def deal_of_touch(self, touch: Event) -> str | None:
        """The deal that a touch (or appointment, or follow-up) names, else the earliest deal of the lead it names."""
        deal: str | None = getattr(touch.data, "deal", None)
        lead: str | None = getattr(touch.data, "lead", None)
        if deal is not None or lead is None:
            return deal
        return next((mine for mine in self.deals() if self.lead_of_deal(mine) == lead), None)

    def is_post_sale(self, touch: Event) -> bool:
        """The phase given, else post-sale if the account was a customer and the touch names no deal open then."""
        assert isinstance(touch.data, Touch)
        if touch.data.phase is not None:
            return touch.data.phase == "post_sale"
        then = self.before(sort_key(touch))
        return then.is_customer() and not (touch.data.deal is not None and then.is_open(touch.data.deal))

    def touches_on(self, win: Event) -> list[Event]:
        """The touches of a won deal: at or before the close, not post-sale."""
        assert isinstance(win.data, DealWon)
        touches = [event for event in self.events if isinstance(event.data, Touch) and sort_key(event) < sort_key(win)]
        return [
            touch for touch in touches if self.deal_of_touch(touch) == win.data.deal and not self.is_post_sale(touch)
        ]

    # The customer

    def is_customer(self) -> bool:
        """From onboarded, else from the first purchase that stands, until churned; no later purchase brings back."""
        wins = [win for win in (self.standing_win(deal) for deal in self.deals()) if win is not None]
        purchases = [event for event in self.events if isinstance(event.data, OrderPlaced)] + wins
        active = ever = False
        for event in self.events:
            if isinstance(event.data, CustomerOnboarded | CustomerReactivated):
                active = ever = True
            elif isinstance(event.data, CustomerChurned):
                active = False
            elif not ever and any(event is purchase for purchase in purchases):
                active = ever = True
        return active

    # Orders

    def orders(self) -> list[str]:
        """Order ids in the order of their first placing."""
        return list(dict.fromkeys(event.data.order for event in self.events if isinstance(event.data, OrderPlaced)))

    def first_placed(self, order: str) -> Event:
        """The event that placed the order; later ones of the id only change its fields."""
        return next(event for event in self.events if isinstance(event.data, OrderPlaced) and event.data.order == order)

    def placed(self, order: str) -> list[OrderPlaced]:
        """Everything ever said of an order's placing, oldest first; empty for an unknown order."""
        return [
            event.data for event in self.events if isinstance(event.data, OrderPlaced) and event.data.order == order
        ]
