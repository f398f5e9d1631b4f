"""What ACCOUNTS tells of whom it heard: the same facts in whatever order, epochs and partitions they come."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from schemas.cells import DAY_MS, MAX_RECORD_BYTES, MINUTE_MS, SPOKEN_SPAN_MS, Packed, decode_cells, encode_cells
from schemas.event import Event, decode
from stream.accounts.hearing import Hearing, Told, reps_named

NOW_MS = 1_772_445_600_000
MOST_SPOKEN = 40
WON = {
    "specversion": "1.0",
    "id": "w1",
    "source": "crm",
    "type": "sales.deal.won",
    "time": "2026-03-02T10:00:00Z",
    "subject": "A-1",
}

Spoken = tuple[str, int, str, int]
"""(source, kind, rep, time_ms)"""
Facts = tuple[dict[tuple[str, int], int], dict[tuple[str, int, str, int], tuple[int, int]]]
"""(source, minute) → newest moment; (source, kind, rep, span) → first moment, last day"""

MOMENTS = st.one_of(
    st.integers(0, 10 * MINUTE_MS).map(lambda ago: NOW_MS - ago),
    st.integers(0, 90 * DAY_MS).map(lambda ago: NOW_MS - ago),
)
SPOKEN = st.lists(
    st.tuples(st.sampled_from(["crm/eu", "voice"]), st.integers(0, 2), st.sampled_from(["_none", "R-1"]), MOMENTS),
    min_size=1,
    max_size=MOST_SPOKEN,
)


def facts_of(tellings: Iterable[Told]) -> Facts:
    """The union of what was told, as a reader understands it."""
    minutes: dict[tuple[str, int], int] = {}
    spans: dict[tuple[str, int, str, int], tuple[int, int]] = {}
    for told in tellings:
        heard, spoken = told.get("acme", ([], []))
        for source, moments in heard:
            for time_ms in moments:
                place = (source, time_ms // MINUTE_MS)
                minutes[place] = max(minutes.get(place, 0), time_ms)
        for source, kind, rep, moments in spoken:
            for time_ms in moments:
                span = (source, kind, rep, time_ms // SPOKEN_SPAN_MS)
                first, last = spans.get(span, (time_ms, time_ms // DAY_MS))
                spans[span] = (min(first, time_ms), max(last, time_ms // DAY_MS))
    return minutes, spans


def plain(spoken: list[Spoken]) -> Facts:
    """Every moment told by itself."""
    return facts_of({"acme": ([(s, [t])], [(s, kind, rep, [t])])} for s, kind, rep, t in spoken)


@given(
    spoken=SPOKEN, ends=st.sets(st.integers(0, MOST_SPOKEN)), places=st.lists(st.integers(0, 1), min_size=MOST_SPOKEN)
)
def test_no_fact_is_lost_or_made_up_however_epochs_and_partitions_fall(
    spoken: list[Spoken], ends: set[int], places: list[int]
) -> None:
    partitions = [Hearing(), Hearing()]
    tellings: list[Told] = []
    for number, (source, kind, rep, time_ms) in enumerate(spoken):
        partitions[places[number]].hear("acme", source, kind, rep, time_ms)
        if number in ends:
            tellings += [hearing.release() for hearing in partitions]
    tellings += [hearing.release() for hearing in partitions]
    assert facts_of(tellings) == plain(spoken)


def test_what_was_told_is_not_told_again() -> None:
    hearing = Hearing()
    morning, noon = NOW_MS // DAY_MS * DAY_MS + 8 * 60 * MINUTE_MS, NOW_MS // DAY_MS * DAY_MS + 12 * 60 * MINUTE_MS
    hearing.hear("acme", "crm/eu", 7, "R-1", morning)
    assert hearing.release() == {"acme": ([("crm/eu", [morning])], [("crm/eu", 7, "R-1", [morning])])}
    hearing.hear("acme", "crm/eu", 7, "R-1", noon)
    assert hearing.release() == {"acme": ([("crm/eu", [noon])], [])}
    assert hearing.release() == {}


def test_of_many_moments_the_newest_of_each_minute_is_told() -> None:
    hearing = Hearing()
    moments = [NOW_MS + 700 * n for n in range(1_000)]
    for time_ms in reversed(moments):
        hearing.hear("acme", "crm/eu", 7, "R-1", time_ms)
    (_, heard), *more = hearing.release()["acme"][0]
    assert not more
    assert heard == [max(t for t in moments if t // MINUTE_MS == m) for m in sorted({t // MINUTE_MS for t in moments})]


def test_much_that_was_heard_makes_records_that_fit() -> None:
    moments = [NOW_MS + n * MINUTE_MS for n in range(64)]
    heard = [(f"source-{n}" + "x" * 240, moments) for n in range(2_000)]
    spoken = [(f"source-{n}", 7, "r" * 240, moments[:2]) for n in range(9_000)]
    cells: list[Packed] = [("touches", "rep", f"R-{n}", "call", n, n, 1) for n in range(20_000)]
    records = list(encode_cells("acme", NOW_MS, cells, [(*cell, 5) for cell in cells], heard, spoken))
    assert max(map(len, records)) <= MAX_RECORD_BYTES
    back = [decode_cells(raw) for raw in records]
    assert [run for record in back for run in record.heard] == heard
    assert [run for record in back for run in record.spoken] == spoken
    assert [cell for record in back for cell in record.cells] == cells
    assert sum(len(record.late) for record in back) == len(cells)


def test_an_event_speaks_for_each_rep_that_it_names() -> None:
    shares = [{"rep": "R-1", "share_bp": 4_000}, {"rep": "R-2", "share_bp": 6_000}]
    for rep, named in ((None, ("R-1", "R-2")), ("R-2", ("R-1", "R-2")), ("R-9", ("R-9", "R-1", "R-2"))):
        won = {"deal": "D-1", "amount_minor": 100, "currency": "EUR", "splits": shares, "rep": rep}
        raw = {**WON, "data": {field: said for field, said in won.items() if said is not None}}
        event = decode(json.dumps(raw).encode())
        assert isinstance(event, Event)
        assert reps_named(event) == named
