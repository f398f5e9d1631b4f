"""Emitters of the KPIs about leads, customers and orders: K25, K45, K46, K49, K51, K57, K68."""

from __future__ import annotations

from schemas.cells import MINUTE_MS
from schemas.data import CustomerChurned, CustomerOnboarded, OrderPlaced
from stream.accounts.account import Account
from stream.accounts.entry import Entry, entry_key
from stream.accounts.history import NOBODY, is_post_sale, lead_of
from stream.accounts.standing import Cells, Standing, add, changes
from stream.panes import minute_of
from tests.decisions.reading import customer_since, every_touch, moments, put

HOUR_MS, DAY_MS = 60 * MINUTE_MS, 24 * 60 * MINUTE_MS
HORIZON_D = 180
SHORT_CYCLE_D = 10


def lead_of_touch(account: Account, touch: Entry) -> str | None:
    """The lead a touch reaches: the one it names, or that of its deal at that moment, if the deal has begun."""
    if touch.data.deal is None:
        lead: str | None = touch.data.lead
        return lead
    deal = account.deals[touch.data.deal]
    has_begun = bool(deal.events) and deal.events[0].time_ms <= touch.time_ms
    return lead_of(deal, touch.time_ms) if has_begun else None


def emit_reached(account: Account) -> Cells:
    """K25: a lead stands at its last outbound touch, for that touch's rep; the next one moves it."""

    def standing_at(time_ms: int) -> Standing:
        last: dict[str, Entry] = {}
        for touch in every_touch(account):
            lead = lead_of_touch(account, touch)
            if lead is not None and touch.time_ms <= time_ms and touch.data.direction == "outbound":
                last[lead] = touch
        standing: Standing = {}
        for touch in last.values():
            put(standing, "reached", "", touch.time_ms, value=("rep", touch.data.rep or NOBODY))
        return standing

    return changes(moments(account), standing_at)


def emit_tenure(account: Account) -> Cells:
    """K45: power sums of touches x and onboarding s (hours) of a customer; of x and tenure y once it has churned.

    While a customer stays, y grows with the clock, so only s is emitted: y = now − s is put in when the sums are read.
    """

    def standing_at(time_ms: int) -> Standing:
        said = [entry for entry in account.customer if entry.time_ms <= time_ms]
        starts = [entry.time_ms for entry in said if isinstance(entry.data, CustomerOnboarded)]
        if not starts:
            return {}
        ends = [
            entry.time_ms for entry in said if isinstance(entry.data, CustomerChurned) and entry.time_ms > starts[0]
        ]
        until_ms = min([time_ms, *ends])
        x = sum(touch.time_ms <= until_ms for touch in every_touch(account))
        group, other = ("past", (ends[0] - starts[0]) // HOUR_MS) if ends else ("active", starts[0] // HOUR_MS)
        sums = {"n": 1, "x": x, "y": other, "xx": x * x, "yy": other * other, "xy": x * other}
        standing: Standing = {}
        for name, amount in sums.items():
            put(standing, f"tenure_{group}", name, starts[0], amount)
            put(standing, f"tenure_{group}_bucket", f"{x}:{name}", starts[0], amount)
        return standing

    return changes(moments(account), standing_at)


def emit_check_ins(account: Account) -> Cells:
    """K46: a customer, since when it is one, and at its last post-sale touch; churn takes both back."""

    def standing_at(time_ms: int) -> Standing:
        since_ms = customer_since(account, time_ms)
        standing: Standing = {}
        if since_ms is None:
            return standing
        put(standing, "customers", "", since_ms)
        touches = [touch for touch in every_touch(account) if touch.time_ms <= time_ms and is_post_sale(account, touch)]
        if touches:
            put(standing, "checked_in", "", touches[-1].time_ms)
        return standing

    return changes(moments(account), standing_at)


def emit_early_churn(account: Account) -> Cells:
    """K49: an onboarding, and what had become of it by the horizon, known then and not before."""
    cells: Cells = {}
    onboarded = next((entry for entry in account.customer if isinstance(entry.data, CustomerOnboarded)), None)
    if onboarded is None:
        return cells
    mature_ms = onboarded.time_ms + HORIZON_D * DAY_MS
    pane, known, bucket = minute_of(onboarded.time_ms), minute_of(mature_ms), cycle_bucket(account, onboarded)
    churns = [entry.time_ms for entry in account.customer if isinstance(entry.data, CustomerChurned)]
    add(cells, {("onboarded", "cycle", bucket, "", pane, pane): 1})
    add(cells, {("matured", "cycle", bucket, "", pane, known): 1})
    if any(onboarded.time_ms < churned_ms <= mature_ms for churned_ms in churns):
        add(cells, {("churned_early", "cycle", bucket, "", pane, known): 1})
    return cells


def cycle_bucket(account: Account, onboarded: Entry) -> str:
    """How long the last deal won before the onboarding had taken, from its first touch."""
    key = entry_key(onboarded)
    lengths: list[tuple[int, int]] = []
    for deal in account.deals.values():
        close = deal.close_before(key)
        if close is not None:
            touched = [touch.time_ms for touch in deal.touches if touch.time_ms <= close.time_ms]
            lengths += [(close.time_ms, close.time_ms - first_ms) for first_ms in sorted(touched)[:1]]
    if not lengths:
        return NOBODY
    return "short" if max(lengths)[1] <= SHORT_CYCLE_D * DAY_MS else "long"


def emit_held(account: Account) -> Cells:
    """K51: touches that a person held, by rep and minute."""
    cells: Cells = {}
    for touch in every_touch(account):
        if not touch.data.automated:
            pane = minute_of(touch.time_ms)
            add(cells, {("held", "rep", touch.data.rep or NOBODY, "", pane, pane): 1})
    return cells


def emit_repeat_orders(account: Account) -> Cells:
    """K57: every order but a customer's first; and the customer at its last and at its last but one order."""

    def standing_at(time_ms: int) -> Standing:
        firsts = [order.placed[0].time_ms for order in account.orders.values() if order.placed]
        placed = sorted(first_ms for first_ms in firsts if first_ms <= time_ms)
        standing: Standing = {}
        for repeat_ms in placed[1:]:
            put(standing, "repeat_orders", "", repeat_ms)
        for name, at_ms in zip(("last_order", "last_but_one_order"), reversed(placed), strict=False):
            put(standing, name, "", at_ms)
        return standing

    return changes(moments(account), standing_at)


def emit_units(account: Account) -> Cells:
    """K68: units and margin sold, by product and site."""

    def standing_at(time_ms: int) -> Standing:
        standing: Standing = {}
        for order in account.orders.values():
            placed = [entry for entry in order.placed if entry.time_ms <= time_ms]
            if not placed:
                continue
            said = placed[-1].data
            assert isinstance(said, OrderPlaced)
            site = (said.location.site if said.location is not None else None) or NOBODY
            for line in said.lines:
                margin = line.qty * (line.unit_price_minor - (line.unit_cost_minor or 0))
                put(standing, "units", site, placed[0].time_ms, line.qty, value=("product", line.product))
                put(standing, "margin", site, placed[0].time_ms, margin, value=("product", line.product))
        return standing

    return changes(moments(account), standing_at)
