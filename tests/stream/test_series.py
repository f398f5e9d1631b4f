"""Reading a series: whatever was added in whatever order, sums are those of a plain list of its numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from stream.board.rows import decode_segment, encode_segment
from stream.board.segments import SEGMENT_MIN
from stream.board.series import Series

NOW_MIN = 29_540_760
FAR_MIN = 2**62
VAST = 2**62
"""Added up thrice it needs more than 64 bits."""


@dataclass(frozen=True)
class Added:
    """A contribution; late if it has a receipt."""

    pane: int
    known: int
    amount: int
    receipt_s: int | None


PANES = st.one_of(
    st.integers(NOW_MIN - 5, NOW_MIN + 5), st.integers(NOW_MIN - 3 * SEGMENT_MIN, NOW_MIN), st.just(NOW_MIN)
)
ADDED = st.builds(
    lambda pane, wait, amount, receipt_s: Added(pane, pane + wait, amount, receipt_s),
    PANES,
    st.one_of(st.just(0), st.just(0), st.integers(0, 2 * SEGMENT_MIN)),
    st.one_of(st.integers(-3, 3), st.just(VAST)),
    st.one_of(st.none(), st.none(), st.integers(1, 9)),
)
BOUNDS = st.one_of(PANES, st.sampled_from([-FAR_MIN, FAR_MIN, NOW_MIN // SEGMENT_MIN * SEGMENT_MIN]))
QUESTIONS = st.tuples(BOUNDS, BOUNDS, st.one_of(BOUNDS, st.integers(NOW_MIN, NOW_MIN + 2 * SEGMENT_MIN)))


def take(series: Series, added: Added) -> None:
    series.add(added.pane, added.known, added.amount)
    if added.receipt_s is not None:
        series.note_late(added.pane, added.known, added.receipt_s, added.amount)


def check(series: Series, held: list[Added], question: tuple[int, int, int]) -> None:
    """Every reading of the series against the list."""
    start, end, cut = question
    chosen = [a for a in held if start <= a.pane < end and a.known < cut]
    on_time = [a for a in chosen if a.receipt_s is None]
    assert series.total(start, end, cut) == sum(a.amount for a in chosen)
    assert series.late_total(start, end, cut) == sum(a.amount for a in chosen if a.receipt_s is not None)
    starts = [low for low in (-FAR_MIN, start, start - 1, NOW_MIN - SEGMENT_MIN, NOW_MIN) if low < end]
    assert series.totals(starts, end, cut) == [series.total(low, end, cut) for low in starts]
    assert series.is_late == any(a.receipt_s is not None for a in held)
    assert series.first_from(start) == min((a.pane for a in held if a.pane >= start), default=None)
    whole = (max(a.pane, a.known) for a in held)
    assert series.next_known(cut) == min((minute for minute in whole if minute >= cut), default=None)
    assert sum(amount for _, amount in series.amounts(start, end, cut)) == sum(a.amount for a in chosen)
    assert net(series.amounts(start, end, cut, without_late=True)) == net((a.pane, a.amount) for a in on_time)
    assert series.latest_receipt(start, end, cut) == max((a.receipt_s or 0 for a in chosen), default=0)
    assert series.first_pane() == min((a.pane for a in held), default=None)


def net(amounts: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Amounts by pane, without those that cancel."""
    sums: dict[int, int] = {}
    for pane, amount in amounts:
        sums[pane] = sums.get(pane, 0) + amount
    return {pane: amount for pane, amount in sums.items() if amount}


@given(st.lists(st.one_of(ADDED, QUESTIONS), max_size=40), st.lists(QUESTIONS, min_size=1, max_size=3))
def test_readings_are_sums_over_what_was_added(
    steps: list[Added | tuple[int, int, int]], questions: list[tuple[int, int, int]]
) -> None:
    series, held = Series(), list[Added]()
    for step in steps:
        if isinstance(step, Added):
            take(series, step)
            held.append(step)
        else:
            check(series, held, step)
    again = Series()
    for number, segment in series.segments.items():
        for row in encode_segment(segment, 7):
            again.put(number, decode_segment(row))
    for question in questions:
        check(series, held, question)
        check(again, held, question)


@given(st.lists(st.integers(0, SEGMENT_MIN - 1), min_size=65, max_size=90), st.integers(0, 2 * SEGMENT_MIN))
def test_many_numbers_that_are_known_later_add_up(panes: list[int], cut: int) -> None:
    series = Series()
    held = [Added(pane, 2 * pane, at - 40, None) for at, pane in enumerate(panes)]
    for added in held:
        take(series, added)
    check(series, held, (0, SEGMENT_MIN, cut))
