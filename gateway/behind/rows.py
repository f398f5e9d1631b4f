"""What an account adds to a number, event by event: the same parts that make its contributions, each at its event.

A part's cells lie at the minute of one of its events, so each is told by the event of that minute. What stands at the
cut is told, not how it came to be: what was taken back is nothing, a late touch shows in the win it counts for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stream.accounts.account import Account
from stream.accounts.answers import answer_cells, is_nps
from stream.accounts.entry import Entry, entry_key
from stream.accounts.kinds import (
    APPOINTMENT_HELD,
    APPOINTMENT_SET,
    CLOSES,
    DEAL_LOST,
    DEAL_OPENED,
    DEAL_WON,
    LEAD_CREATED,
    ORDER_PLACED,
    ORDER_REFUNDED,
    STAGE_CHANGED,
    SURVEY_ANSWERED,
    TOUCH,
)
from stream.accounts.opportunities import stage_change
from stream.accounts.parts import cells_of
from stream.accounts.standing import Cells, add
from stream.accounts.tail import attach_tail
from stream.accounts.touches import appointment_cells, plan_cells, touch_cells
from stream.board.reference.roster import Span
from stream.panes import minute_of

Told = tuple[Sequence[Entry], Cells]
"""Cells, and the events one of which each of them is told by."""

_WON, _BOUGHT = frozenset({DEAL_WON}), frozenset({DEAL_WON, ORDER_PLACED})
RESPECTS: Mapping[str, tuple[str, ...]] = {
    "new_leads": ("lead",),
    "deals_opened": ("opened",),
    "stage_changes": ("stages",),
    "revenue": ("close", "order"),
    "customers_won": ("customer",),
    **dict.fromkeys(("cohort_won", "converted", "convert_ms", "convert_bucket"), ("conversion",)),
    **dict.fromkeys(("deals_won", "deals_lost", "won_amount"), ("close",)),
    **dict.fromkeys(("touches_on_won", "cycle_ms", "cycle_deals", "cycle_bucket"), ("effort",)),
    **dict.fromkeys(("revenue_orders", "refunds"), ("order",)),
    **dict.fromkeys(("touches", "touches_automated", "appointments_held", "engaged"), ("single",)),
    "planned": ("plans",),
    **dict.fromkeys(("open_deals", "open_amount"), ("open",)),
    "nps_answers": ("answers",),
}
"""In which respects an account adds to a measure."""

TELLING: Mapping[str, frozenset[int]] = {
    "new_leads": frozenset({LEAD_CREATED}),
    "cohort_won": frozenset({LEAD_CREATED}),
    "deals_opened": frozenset({DEAL_OPENED}),
    "deals_lost": frozenset({DEAL_LOST}),
    "revenue": frozenset({DEAL_WON, ORDER_PLACED, ORDER_REFUNDED}),
    "revenue_orders": frozenset({ORDER_PLACED}),
    "refunds": frozenset({ORDER_REFUNDED}),
    "customers_won": _BOUGHT,
    "nps_answers": frozenset({SURVEY_ANSWERED}),
}
"""The kinds of event that tell a measure where several share its minute; wins, if it isn't here."""


@dataclass(frozen=True)
class Sought:
    """Cells that a number rests on: of a measure, perhaps of one facet, with panes in [start, end) known before a cut,
    all in UTC minutes. ``members``: the values of the dimension with the spans in which they count; None: all.
    """

    measure: str
    facet: str | None
    start: int
    end: int
    known_before: int
    dimension: str
    members: Mapping[str, Sequence[Span]] | None

    def takes(self, value: str, facet: str, pane: int, known: int) -> bool:
        """Whether a cell of the measure and dimension is sought."""
        if not self.start <= pane < self.end or known >= self.known_before or self.facet not in (None, facet):
            return False
        if self.members is None:
            return True
        return any(low <= pane < high for low, high in self.members.get(value, ()))


@dataclass(slots=True)
class Row:
    """An event, and what it adds: by the place of what is sought and facet. ``values`` are reps, mostly one."""

    entry: Entry
    adds: dict[tuple[int, str], int] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)


def rows_of(account: Account, sought: Sequence[Sought]) -> list[Row]:
    """The events of an account that what is sought rests on, in no order."""
    attach_tail(account)
    low, high = min(each.start for each in sought), max(each.end for each in sought)
    respects = dict.fromkeys(respect for each in sought for respect in RESPECTS[each.measure])
    rows: dict[int, Row] = {}
    for respect in respects:
        for events, cells in TOLD[respect](account, low, high):
            _tell(rows, sought, events, cells)
    return [row for row in rows.values() if any(row.adds.values())]


def _tell(rows: dict[int, Row], sought: Sequence[Sought], events: Sequence[Entry], cells: Cells) -> None:
    """Put what is sought of some cells to the events they are told by."""
    net: dict[tuple[int, str, str, int], int] = {}
    for (measure, dimension, value, facet, pane, known), amount in cells.items():
        for place, each in enumerate(sought):
            if (measure, dimension) == (each.measure, each.dimension) and each.takes(value, facet, pane, known):
                address = (place, value, facet, pane)
                net[address] = net.get(address, 0) + amount
    for (place, value, facet, pane), amount in net.items():
        if amount:
            entry = _telling(events, sought[place], pane)
            row = rows.setdefault(id(entry), Row(entry))
            row.adds[place, facet] = row.adds.get((place, facet), 0) + amount
            if value not in row.values:
                row.values.append(value)


def _telling(events: Sequence[Entry], each: Sought, pane: int) -> Entry:
    """The last event of a minute that is known, of a kind that tells the measure if there is one."""
    there = [entry for entry in events if minute_of(entry.time_ms) == pane]
    kinds = TELLING.get(each.measure, _WON)
    return next((entry for entry in reversed(there) if entry.kind in kinds), (there or events)[-1])


def _within(events: Iterable[Entry], low: int, high: int) -> bool:
    return any(low <= minute_of(entry.time_ms) < high for entry in events)


def _of_leads(account: Account, low: int, high: int) -> Iterator[Told]:
    for lead_id, lead in account.leads.items():
        if _within(lead.created, low, high):
            yield lead.created, cells_of(account, ("lead", lead_id))


def _of_conversions(account: Account, low: int, high: int) -> Iterator[Told]:
    if not account.wins:
        return
    has_wins = _within(account.wins, low, high)
    for lead_id, lead in account.leads.items():
        if lead.created and (has_wins or _within(lead.created, low, high)):
            yield [*lead.created, *account.wins], cells_of(account, ("conversion", lead_id))


def _of_deals(respect: str, kinds: frozenset[int]) -> Callable[[Account, int, int], Iterator[Told]]:
    def told(account: Account, low: int, high: int) -> Iterator[Told]:
        for deal_id, deal in account.deals.items():
            if _within((entry for entry in deal.events if entry.kind in kinds), low, high):
                yield deal.events, cells_of(account, (respect, deal_id))

    return told


def _of_open_deals(account: Account, _: int, high: int) -> Iterator[Told]:
    for deal_id, deal in account.deals.items():
        if deal.events and minute_of(deal.events[0].time_ms) < high:
            contacts = [touch for touch in deal.touches if not touch.data.automated] + deal.held
            yield sorted([*deal.events, *contacts], key=entry_key), cells_of(account, ("open", deal_id))


def _of_stages(account: Account, low: int, high: int) -> Iterator[Told]:
    for deal in account.deals.values():
        for entry in deal.events:
            if entry.kind == STAGE_CHANGED and _within((entry,), low, high):
                yield (entry,), stage_change(deal, entry)


def _of_orders(account: Account, low: int, high: int) -> Iterator[Told]:
    for order_id, order in account.orders.items():
        events = [*order.placed, *order.refunds]
        if _within(events, low, high):
            yield events, cells_of(account, ("order", order_id))


def _of_customer(account: Account, low: int, high: int) -> Iterator[Told]:
    events = [*account.wins, *account.placed]
    if _within(events, low, high):
        yield events, cells_of(account, ("customer", ""))


def _of_plans(account: Account, low: int, high: int) -> Iterator[Told]:
    for chunk in account.chunks:
        for entry in chunk:
            if entry.kind == APPOINTMENT_SET and not entry.voided:
                cells = plan_cells(entry)
                if any(low <= pane < high for *_, pane, _ in cells):
                    yield (entry,), cells


def _of_single_events(account: Account, low: int, high: int) -> Iterator[Told]:
    for chunk in account.chunks:
        for entry in chunk:
            if entry.voided or not low <= minute_of(entry.time_ms) < high:
                continue
            if entry.kind == TOUCH:
                yield (entry,), touch_cells(entry)
            elif entry.kind == APPOINTMENT_HELD:
                yield (entry,), appointment_cells(entry)


def _of_answers(account: Account, low: int, high: int) -> Iterator[Told]:
    answers = [entry for entry in account.answers if is_nps(entry)]
    if not _within(answers, low, high):
        return
    cells: Cells = {}
    for previous, answer in zip([None, *answers], answers, strict=False):
        add(cells, answer_cells(previous, answer))
    yield answers, cells


TOLD: Mapping[str, Callable[[Account, int, int], Iterator[Told]]] = {
    "lead": _of_leads,
    "conversion": _of_conversions,
    "opened": _of_deals("opened", frozenset({DEAL_OPENED})),
    "stages": _of_stages,
    "open": _of_open_deals,
    "close": _of_deals("close", CLOSES),
    "effort": _of_deals("effort", CLOSES),
    "order": _of_orders,
    "customer": _of_customer,
    "single": _of_single_events,
    "plans": _of_plans,
    "answers": _of_answers,
}
"""By respect: what an account adds whose events lie within some minutes, with those events."""
