"""What a board heard hangs on what was said, not on its order, repeats, partitions, epochs or restarts."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import Event, decode
from stream.board.board import Board
from stream.board.moment import moment_at
from stream.board.sources import Source, sources_at, speaking_of
from stream.board.stage import BoardStage
from tests.reference.arrivals import Arrival
from tests.strategies.drafts import DAY_MS, HOUR_MS, MINUTE_MS, raw_of
from tests.strategies.pipeline import Pipeline

NOW_MS = 1_773_000_000_000
SOURCES = ("crm/eu", "voice", "erp")

Heard = list[tuple[dict[str, Source], dict[str, object]]]

AGO = st.one_of(
    st.integers(0, 3 * MINUTE_MS),
    st.builds(lambda weeks, ms: weeks * 7 * DAY_MS + ms, st.integers(0, 5), st.integers(0, 2 * HOUR_MS)),
    st.integers(0, 120 * DAY_MS),
)


@st.composite
def said(draw: st.DrawFn) -> tuple[list[Arrival], list[Arrival]]:
    """Activity and heartbeats of three publishers over 120 days, the habits of a weekday among them."""
    activity: list[Arrival] = []
    heartbeats: list[Arrival] = []
    for number in range(draw(st.integers(1, 25))):
        draft: dict[str, Any] = {"id": f"e{number}", "source": draw(st.sampled_from(SOURCES)), "tenant": "acme"}
        draft["time_ms"] = NOW_MS - draw(AGO)
        if draw(st.integers(0, 4)) == 0:
            draft |= {"type": "sales.source.heartbeat", "subject": "acme"}
            draft["data"] = {"interval_s": draw(st.sampled_from([15, 3600]))} if draw(st.booleans()) else {}
            heartbeats.append(Arrival(raw_of(draft), NOW_MS))
        else:
            draft |= {"type": "sales.lead.created", "subject": f"A{number % 5}", "backfill": True}
            draft["data"] = {"lead": f"L{number}"} | draw(st.sampled_from([{}, {"rep": "R1"}, {"rep": "R2"}]))
            activity.append(Arrival(raw_of(draft), NOW_MS))
    return activity, heartbeats


def board_of(pipeline: Pipeline) -> Board:
    (slot,) = pipeline.boards
    assert isinstance(slot.stage, BoardStage)
    return slot.stage.board("acme")


def read(pipeline: Pipeline) -> Heard:
    """What the board says of its sources at several moments."""
    moments = [moment_at(board_of(pipeline), NOW_MS - ago_ms) for ago_ms in (0, HOUR_MS, 7 * DAY_MS, 80 * DAY_MS)]
    return [(sources_at(moment), {name: speaking_of(moment, name) for name in SOURCES}) for moment in moments]


def plainly(activity: list[Arrival], heartbeats: list[Arrival]) -> Heard:
    """All at once, in one partition."""
    pipeline = Pipeline(partitions=1)
    pipeline.publish(activity, heartbeats)
    pipeline.run()
    return read(pipeline)


@given(said(), st.randoms(use_true_random=False), st.integers(1, 3), st.integers(1, 7), st.integers(0, 9), st.data())
@settings(max_examples=120, deadline=None)
def test_order_repeats_partitions_epochs_and_restarts_change_nothing(
    told: tuple[list[Arrival], list[Arrival]], random: Any, partitions: int, most: int, lag: int, data: st.DataObject
) -> None:
    activity, heartbeats = told
    wanted = plainly(activity, heartbeats)
    shuffled = [*activity, *(a for a in activity if random.random() < 0.3)]
    beaten = [*heartbeats, *(b for b in heartbeats if random.random() < 0.3)]
    random.shuffle(shuffled)
    random.shuffle(beaten)
    pipeline = Pipeline(partitions=partitions, flush_lag=lag)
    pipeline.publish(shuffled, beaten)
    for slots in (pipeline.accounts, pipeline.boards):
        while not all(slot.is_done() for slot in slots):
            for number, slot in enumerate(slots):
                pipeline.step(slot, most)
                if data.draw(st.booleans()):
                    is_account = slots is pipeline.accounts
                    slot.resume(pipeline.fresh_accounts(number) if is_account else pipeline.fresh_board(number))
    assert read(pipeline) == wanted
    for number, slot in enumerate(pipeline.boards):
        slot.resume(pipeline.fresh_board(number))
    assert read(pipeline) == wanted


@given(said(), st.integers(0, 120 * DAY_MS))
@settings(max_examples=80, deadline=None)
def test_a_moment_knows_nothing_of_what_comes_after(told: tuple[list[Arrival], list[Arrival]], ago_ms: int) -> None:
    as_of_ms = NOW_MS - ago_ms
    whole = Pipeline(partitions=1)
    whole.publish(*told)
    whole.run()
    moment = moment_at(board_of(whole), as_of_ms)
    cut_ms = moment.cut * MINUTE_MS
    kept = [[a for a in arrivals if time_of(a) < cut_ms] for arrivals in told]
    part = Pipeline(partitions=1)
    part.publish(*kept)
    part.run()
    board = board_of(part)
    board.newest_ms = board_of(whole).newest_ms  # how far back things are kept is the newest's to say
    before = moment_at(board, as_of_ms)
    assert sources_at(moment) == sources_at(before)
    assert [speaking_of(moment, name) for name in SOURCES] == [speaking_of(before, name) for name in SOURCES]


def time_of(arrival: Arrival) -> int:
    """When a record's event happened."""
    event = decode(arrival.raw)
    assert isinstance(event, Event)
    return event.time_ms


def test_days_long_past_leave_no_rows() -> None:
    pipeline = Pipeline(partitions=1)
    for number, ago_ms in enumerate((300 * DAY_MS, 150 * DAY_MS, 0)):
        draft: dict[str, Any] = {"id": f"e{number}", "source": "crm/eu", "tenant": "acme", "time_ms": NOW_MS - ago_ms}
        draft |= {"type": "sales.lead.created", "subject": "A", "backfill": True, "data": {"lead": f"L{number}"}}
        pipeline.publish([Arrival(raw_of(draft), NOW_MS)], [])
        pipeline.run()
        kept = [key for key in pipeline.boards[0].state if b"\0h\0" in key or b"\0s\0" in key]
        assert len(kept) == 2
    assert sum(map(len, board_of(pipeline).heard.minutes.values())) == 1
