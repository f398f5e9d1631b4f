"""One account: the fast fold against the slow definition, for whatever order hypothesis invents."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cells import MINUTE_MS
from schemas.event import Event, decode
from schemas.verdicts import Code
from stream.accounts.account import Account
from stream.accounts.attaching import attach
from stream.accounts.contributions import contributions
from stream.accounts.entry import entry_of
from stream.accounts.fold import fold
from stream.accounts.ledger import remember
from stream.accounts.rows import decode_account, encode_chunk
from stream.accounts.standing import Cells, add
from tests.strategies.drafts import BASE_MS, DAY_MS, MIX, moments, raw_of
from tests.strategies.worlds import DEAL_TYPES, sent_events

NEVER_MS = -(2**62)
FOREVER_MS = 2**62
AGING = {"cohort_won"}
"""Measures that are known in advance: what a lead will have become when it is so old."""
LEAD_TYPES = (
    *["sales.lead.created", "sales.deal.opened", "sales.deal.won"] * 3,
    *["sales.deal.reopened", "sales.deal.stage_changed", "sales.touch.logged"] * 2,
    *["sales.deal.lost", "sales.deal.owner_changed", "sales.deal.amount_changed", "sales.customer.reactivated"],
    *["sales.customer.churned", "sales.order.placed", "sales.order.refunded"],
)
"""A mix in which leads and deals change what they were, and first purchases are taken back."""
streams = st.sampled_from([MIX, list(DEAL_TYPES), list(LEAD_TYPES)]).flatmap(
    lambda types: sent_events(types, ["A"], at=moments, most=14, least=1).flatmap(st.permutations)
)


def decoded(raw: bytes) -> Event:
    """The event behind bytes that are known to be valid."""
    event = decode(raw)
    assert isinstance(event, Event), event
    return event


def fold_all(events: list[Event], *, settle_before_ms: int = NEVER_MS) -> tuple[Account, Cells, list[Code]]:
    """An account with all events folded in the order given, the sum of what each added, and the verdicts."""
    account, total, codes = Account("acme", "A"), Cells(), []
    for event in events:
        code, cells = fold(account, event, BASE_MS, settle_before_ms=settle_before_ms)
        add(total, cells)
        codes.append(code)
    return account, total, codes


def account_of(events: list[Event]) -> Account:
    """An account that simply holds these events, which must be effective."""
    account = Account("acme", "A")
    for event in events:
        entry = entry_of(event, BASE_MS)
        attach(account, entry)
        remember(account, entry)
    return account


def effective(events: list[Event]) -> list[Event]:
    """The highest revision of each identity (of equal ones the first received), without those voided."""
    standing: dict[tuple[str, str], Event] = {}
    for event in events:
        held = standing.get((event.source, event.id))
        if held is None or event.revision > held.revision:
            standing[event.source, event.id] = event
    return [event for event in standing.values() if not event.voided]


def before(cells: Cells, minute: int) -> Cells:
    """The cells known before a minute."""
    return {cell: amount for cell, amount in cells.items() if cell[5] < minute}


@given(streams)
@settings(max_examples=300, deadline=None)
def test_folds_add_up_to_the_contributions_of_the_effective_set(drafts: list[dict[str, object]]) -> None:
    events = [decoded(raw_of(draft)) for draft in drafts]
    account, total, _ = fold_all(events)
    assert total == contributions(account)
    assert total == contributions(account_of(effective(events)))


@given(streams, st.data())
@settings(max_examples=200, deadline=None)
def test_cells_known_before_a_moment_are_those_of_the_events_before_it(
    drafts: list[dict[str, object]], data: st.DataObject
) -> None:
    events = effective([decoded(raw_of(draft)) for draft in drafts])
    cut_ms = data.draw(st.sampled_from([event.time_ms for event in events] or [BASE_MS])) // MINUTE_MS * MINUTE_MS
    cut_ms += data.draw(st.sampled_from([0, MINUTE_MS]))
    minute = cut_ms // MINUTE_MS
    whole = contributions(account_of(events))
    part = contributions(account_of([event for event in events if event.time_ms < cut_ms]))
    assert before(whole, minute) == before(part, minute)
    later = part.keys() - before(part, minute).keys()
    assert all(cell[0] in AGING and cell[4] < minute for cell in later)


@given(
    streams, st.lists(st.sampled_from([NEVER_MS, BASE_MS + 2 * DAY_MS, BASE_MS + 30 * DAY_MS]), min_size=1, max_size=6)
)
@settings(max_examples=200, deadline=None)
def test_settling_at_random_points_never_changes_what_is_there(
    drafts: list[dict[str, object]], horizons: list[int]
) -> None:
    """Each event that isn't too old adds exactly what it adds to an account that never settles."""
    settling, keeping = Account("acme", "A"), Account("acme", "A")
    for n, draft in enumerate(drafts):
        event = decoded(raw_of(draft))
        code, cells = fold(settling, event, NEVER_MS, settle_before_ms=horizons[n % len(horizons)])
        if code is not Code.TOO_OLD:
            assert (code, cells) == fold(keeping, event, NEVER_MS, settle_before_ms=NEVER_MS)


@given(streams, st.sampled_from([NEVER_MS, BASE_MS + 2 * DAY_MS]))
@settings(max_examples=150, deadline=None)
def test_an_account_read_back_from_its_rows_goes_on_as_it_was(
    drafts: list[dict[str, object]], settle_before_ms: int
) -> None:
    account, total = Account("acme", "A"), Cells()
    for n, draft in enumerate(drafts):
        code, cells = fold(account, decoded(raw_of(draft)), NEVER_MS, settle_before_ms=settle_before_ms)
        assert code is Code.ACCEPTED or not cells
        add(total, cells)
        if n % 3 == 2:
            rows = {chunk: encode_chunk(account, chunk, n) for chunk in range(len(account.chunks))}
            account = decode_account("acme", "A", rows)
    assert contributions(account) == total


@given(streams)
@settings(max_examples=100, deadline=None)
def test_repeats_change_nothing(drafts: list[dict[str, object]]) -> None:
    events = [decoded(raw_of(draft)) for draft in drafts]
    account, total, _ = fold_all(events)
    for event in events:
        code, cells = fold(account, event, BASE_MS, settle_before_ms=NEVER_MS)
        assert code is not Code.ACCEPTED
        assert not cells
    assert contributions(account) == total
