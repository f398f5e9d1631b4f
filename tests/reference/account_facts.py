"""What else an account adds: openings, losses, customers, touches, cycles, conversions and cohorts."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.data import AppointmentHeld, DealWon, LeadCreated, OrderPlaced, StageChanged, Touch
from schemas.event import Event
from tests.reference.arrivals import Standing
from tests.reference.facts import Fact, Reader, latest
from tests.reference.order import sort_key

DAY_MS = 86_400_000
AGES_D = (7, 30, 90)
ANCHORS = ("first_touch", "lead_created", "deal_opened")
"""A cycle's start; where one is missing the next takes its place."""


def facts_of(accounts: dict[str, list[Standing]], *, before_ms: int) -> list[Fact]:
    """What a tenant's accounts add, knowing only the events before ``before_ms``."""
    found: list[Fact] = []
    for subject, standing in accounts.items():
        known = [kept for kept in standing if kept.event.time_ms < before_ms]
        if known:
            found += further_facts(Reader(subject, known), before_ms)
    return found


def further_facts(reader: Reader, before_ms: int) -> Iterator[Fact]:
    """Every fact of the account, in no particular order."""
    yield from reader.facts()
    yield from deal_facts(reader)
    yield from customer_facts(reader)
    yield from touch_facts(reader)
    yield from cycle_facts(reader)
    yield from conversion_facts(reader)
    yield from cohort_facts(reader, before_ms)


def lead_source(reader: Reader, deal: str) -> str | None:
    """The source of a deal's lead."""
    return reader.timeline.lead_field(reader.timeline.lead_of_deal(deal), "source")


def deal_facts(reader: Reader) -> Iterator[Fact]:
    """A deal counts where it was first opened, for whom it was opened last; a standing loss at its close."""
    for deal in reader.timeline.deals():
        source = lead_source(reader, deal)
        opened, loss = reader.timeline.first_opened(deal), reader.timeline.standing_loss(deal)
        if opened is not None:
            yield reader.fact(opened, "deals_opened", reader.timeline.opener(deal), source)
        if loss is not None:
            owner = reader.timeline.before(sort_key(loss)).owner(deal)
            yield reader.fact(loss, "deals_lost", owner, source)


def customer_facts(reader: Reader) -> Iterator[Fact]:
    """An account becomes a customer at its first purchase, a standing win or an order, if any."""
    wins = [win for win in map(reader.timeline.standing_win, reader.timeline.deals()) if win is not None]
    purchases = wins + [reader.timeline.first_placed(order) for order in reader.timeline.orders()]
    if not purchases:
        return
    first = min(purchases, key=sort_key)
    if isinstance(first.data, DealWon):
        yield reader.fact(first, "customers_won", reader.win_rep(first), lead_source(reader, first.data.deal))
    else:
        assert isinstance(first.data, OrderPlaced)
        rep = latest(reader.timeline.placed(first.data.order), "rep")
        yield reader.fact(first, "customers_won", rep, None)


def touch_facts(reader: Reader) -> Iterator[Fact]:
    """Every touch by kind; and what a rep did in person: touches, changes of stage, appointments held."""
    for event in reader.timeline.events:
        if isinstance(event.data, Touch):
            yield reader.fact(event, "touches", event.data.rep, None, facet=event.data.kind)
            if not event.data.automated:
                yield reader.fact(event, "qualifying", event.data.rep, None)
        elif isinstance(event.data, StageChanged):
            yield reader.fact(event, "qualifying", reader.timeline.before(sort_key(event)).owner(event.data.deal), None)
        elif isinstance(event.data, AppointmentHeld):
            yield reader.fact(event, "qualifying", event.data.rep, None)


def starts(reader: Reader, win: Event) -> dict[str, Event | None]:
    """The events that may start a won deal's cycle."""
    assert isinstance(win.data, DealWon)
    touches = reader.timeline.touches_on(win)
    lead = reader.timeline.lead_of_deal(win.data.deal)
    return {
        "first_touch": touches[0] if touches else None,
        "lead_created": created(reader, lead),
        "deal_opened": reader.timeline.first_opened(win.data.deal),
    }


def created(reader: Reader, lead: str | None) -> Event | None:
    """The event that created a lead, if there is one."""
    return reader.timeline.first_created(lead) if lead in reader.timeline.leads() and lead is not None else None


def cycle_facts(reader: Reader) -> Iterator[Fact]:
    """How long a won deal took, by each anchor or the next that is there; less than nothing if that lies behind."""
    for deal in reader.timeline.deals():
        win = reader.timeline.standing_win(deal)
        if win is None:
            continue
        assert isinstance(win.data, DealWon)
        events = starts(reader, win)
        for place, anchor in enumerate(ANCHORS):
            start = next((events[name] for name in ANCHORS[place:] if events[name] is not None), None)
            if start is not None:
                fact = reader.fact(win, "cycle", reader.win_rep(win), reader.win_source(win.data), facet=anchor)
                yield reader.known_with(fact._replace(amount=win.time_ms - start.time_ms), win, start)


def wins_of_lead(reader: Reader, lead: str) -> list[Event]:
    """The standing wins of the deals whose lead it is, earliest close first."""
    deals = [deal for deal in reader.timeline.deals() if reader.timeline.lead_of_deal(deal) == lead]
    return sorted((win for win in map(reader.timeline.standing_win, deals) if win is not None), key=sort_key)


def conversion_facts(reader: Reader) -> Iterator[Fact]:
    """How long a lead took to its first standing win, at that win's close."""
    for lead in reader.timeline.leads():
        for win in wins_of_lead(reader, lead)[:1]:
            start = reader.timeline.first_created(lead)
            assert isinstance(win.data, DealWon)
            fact = reader.fact(win, "conversion", reader.win_rep(win), reader.win_source(win.data))
            yield reader.known_with(fact._replace(amount=win.time_ms - start.time_ms), win, start)


def cohort_facts(reader: Reader, before_ms: int) -> Iterator[Fact]:
    """A lead that is ``age`` days old by now, and whether it was won by that age."""
    for lead in reader.timeline.leads():
        start = reader.timeline.first_created(lead)
        assert isinstance(start.data, LeadCreated)
        rep, source = reader.timeline.lead_field(lead, "rep"), reader.timeline.lead_field(lead, "source")
        for age_d in AGES_D:
            mature_ms = start.time_ms + age_d * DAY_MS
            if mature_ms >= before_ms:
                continue
            yield reader.fact(start, "cohort_matured", rep, source, facet=age_d)
            if any(win.time_ms <= mature_ms for win in wins_of_lead(reader, lead)):
                yield reader.fact(start, "cohort_won", rep, source, facet=age_d)
