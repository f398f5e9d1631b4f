"""Small worlds: what happened, and in which order and how late it was received."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from hypothesis import strategies as st

from tests.reference.arrivals import Arrival
from tests.strategies.drafts import (
    BASE_MS,
    DAY_MS,
    FIRST_DAY,
    HOUR_MS,
    MINUTE_MS,
    MIX,
    SPEAKING,
    Draft,
    drafts,
    moments,
    placed,
    raw_of,
)


class World(NamedTuple):
    """Both topics in the order of receipt, and a moment to look at it."""

    activity: list[Arrival]
    organisation: list[Arrival]
    as_of_ms: int


DELAYED = st.sampled_from([0, 0, 0, 0, MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 27 * HOUR_MS, 3 * DAY_MS, 30 * DAY_MS])
VERY_LATE = st.sampled_from([0, 0, HOUR_MS, 34 * DAY_MS, 36 * DAY_MS, 50 * DAY_MS])
dense_moments = st.builds(
    lambda hours, minutes, ms: BASE_MS + hours * HOUR_MS + minutes * MINUTE_MS + ms,
    st.integers(0, 76),
    st.sampled_from([0, 1, 7, 14, 15, 29, 44, 59]),
    st.sampled_from([0, 59_999]),
)
dense_looks = st.builds(
    lambda hours, minutes: BASE_MS + hours * HOUR_MS + minutes * MINUTE_MS, st.integers(20, 80), st.integers(0, 59)
)
"""Three days and a bit: minutes are kept 50 hours, read 25 hours back."""

DAYS_LATE = st.sampled_from([0, 0, 0, 10 * HOUR_MS, 30 * HOUR_MS, 48 * HOUR_MS, 52 * HOUR_MS])
said_at = st.builds(lambda ms, days: ms - days * DAY_MS, moments, st.sampled_from([0, 5, 40, 40]))
DEAL_TYPES = (
    *["sales.deal.won", "sales.touch.logged"] * 4,
    *["sales.lead.created", "sales.deal.opened", "sales.deal.reopened", "sales.order.placed"],
    *["sales.deal.lost", "sales.deal.owner_changed", "sales.customer.onboarded", "sales.customer.churned"],
)
"""A mix in which most worlds end with touches on a won deal."""

SELLING = (
    *["sales.deal.won"] * 3,
    *["sales.touch.logged"] * 2,
    *["sales.deal.stage_changed", "sales.appointment.held", "sales.lead.created", "sales.deal.opened"],
    *["sales.order.placed"],
)
"""What targets are about, and what ends a stall."""

looks = st.builds(
    lambda days, minutes: BASE_MS + days * DAY_MS + minutes * MINUTE_MS + 1234,
    st.sampled_from([0, 1, 1, 2, 3, 8, 21, 34, 36, 60, 60, 99, 100]),
    st.sampled_from([0, 4, 5, 14, 16, 61, 91, 239, 700, 1438]),
)


ERAS_MS = (0, 0, 0, (dt.date(2028, 2, 27) - FIRST_DAY).days * DAY_MS, (dt.date(2026, 10, 23) - FIRST_DAY).days * DAY_MS)
"""Besides the days in spring on which clocks change: a leap day, and the days on which they change back."""
SAID_MIX = ("sales.tenant.configured", "sales.roster.changed", "sales.rate.set")
PLANNING = (
    *["sales.tenant.configured", "sales.target.set", "sales.calendar.changed"] * 2,
    *["sales.roster.changed"] * 4,
    *["sales.absence.recorded", "sales.rate.set", "sales.product.configured"],
    "sales.pipeline.configured",
)
"""Words about who works when, and for what."""
BEATING = (*SAID_MIX, *["sales.source.heartbeat"] * 3)


def in_era(draft: Draft, era_ms: int) -> Draft:
    """The same event in a world that begins later."""
    return {**draft, "time_ms": draft["time_ms"] + era_ms, "data": placed(draft["data"], era_ms)}


@st.composite
def told(draw: st.DrawFn, first: Draft, types: list[str]) -> list[Draft]:
    """All that was ever sent under one identity: the event, sometimes repeats, conflicts, revisions, a void.

    A sign of life has no identity to speak of: it is only repeated.
    """
    sent = [first]
    turns = ["repeat"] if first["type"] in SPEAKING else ["repeat", "conflict", "revise", "void"]
    types = [name for name in types if name not in SPEAKING]
    for turn in draw(st.lists(st.sampled_from(turns), max_size=2) if draw(st.integers(0, 2)) == 0 else st.just([])):
        last = sent[-1]
        if turn == "repeat":
            sent.append(draw(st.sampled_from(sent)))
        elif turn == "void":
            sent.append({**last, "data": None, "voided": True, "revision": last.get("revision", 0) + 1})
        else:
            again = draw(drafts(types if draw(st.booleans()) else [first["type"]], number=0, subject=first["subject"]))
            revision = last.get("revision", 0) + (1 if turn == "revise" else 0)
            sent.append({**again, "id": first["id"], "source": first["source"], "revision": revision})
    return sent


@st.composite
def sent_events(
    draw: st.DrawFn, types: list[str], subjects: list[str], *, at: st.SearchStrategy[int], most: int, least: int = 0
) -> list[Draft]:
    """Up to ``most`` identities with all that was ever sent under each."""
    found: list[Draft] = []
    for number in range(draw(st.integers(least, most))):
        first = draw(drafts(types, number=number, subject=draw(st.sampled_from(subjects)), at=at))
        found += draw(told(first, types))
    return found


def received(draft: Draft, delay_ms: int, **marks: Any) -> tuple[int, bytes]:
    """A record, with the moment it is received."""
    return draft["time_ms"] + delay_ms, raw_of({**draft, **marks})


@st.composite
def receipts(
    draw: st.DrawFn, sent: list[Draft], delays: st.SearchStrategy[int], *, may_shuffle: bool = True, era_ms: int = 0
) -> list[Arrival]:
    """The records in order of receipt: delayed each on its own, or all together as history in any order."""
    if may_shuffle and draw(st.integers(0, 3)) == 0:
        landed_ms = max((draft["time_ms"] for draft in sent), default=BASE_MS + era_ms) + MINUTE_MS
        return [Arrival(raw_of({**draft, "backfill": True}), landed_ms) for draft in draw(st.permutations(sent))]
    landed = sorted((received(draft, draw(delays)) for draft in sent), key=lambda pair: pair[0])
    return [Arrival(raw, received_ms) for received_ms, raw in landed]


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    most: int = 12,
    types: tuple[str, ...] = tuple(MIX),
    subjects: tuple[str, ...] = ("A", "A", "A", "B"),
    delays: st.SearchStrategy[int] = DELAYED,
    at: st.SearchStrategy[int] = moments,
    look: st.SearchStrategy[int] = looks,
    said: tuple[str, ...] = SAID_MIX,
    most_said: int = 6,
) -> World:
    """A tenant's history of up to ``most`` activity identities and a few words about its organisation."""
    activity = draw(sent_events(list(types), list(subjects), at=at, most=most, least=min(5, most)))
    words = draw(sent_events(list(said), ["org"], at=said_at, most=most_said))
    era_ms = draw(st.sampled_from(ERAS_MS))
    activity, words = ([in_era(draft, era_ms) for draft in sent] for sent in (activity, words))
    arrivals = draw(receipts(activity, delays, era_ms=era_ms)), draw(receipts(words, delays, may_shuffle=False))
    return World(*arrivals, draw(look) + era_ms)
