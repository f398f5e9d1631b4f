"""The whole core against the naive reference: every value, at random moments, over worlds that hypothesis invents."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.event import Event, decode
from schemas.verdicts import Code
from stream.accounts.options import AccountsOptions
from stream.accounts.shelf import ACCOUNT_BYTES
from tests.reference.arrivals import Arrival, Judgement, judge
from tests.reference.readings import KPIS, Reading, Tenant
from tests.strategies.comparison import differences
from tests.strategies.drafts import DAY_MS
from tests.strategies.pipeline import CATALOGUE, Pipeline
from tests.strategies.worlds import (
    BEATING,
    DAYS_LATE,
    DEAL_TYPES,
    PLANNING,
    SELLING,
    VERY_LATE,
    World,
    dense_looks,
    dense_moments,
    worlds,
)

pytestmark = pytest.mark.takes(45)
KNOWN = tuple(sorted(CATALOGUE.definitions.keys() & set(KPIS)))
COUNTED_ONLY = (Code.ACCEPTED, Code.DUPLICATE, Code.SUPERSEDED)


def expected(world: World, *, as_of_ms: int, settle_after_ms: int = 36 * DAY_MS) -> tuple[Judgement, list[Reading]]:
    """The reference's verdicts, and everything it reads."""
    activity = judge(world.activity, may_backfill=True, partitions=2, settle_after_ms=settle_after_ms)
    said = [
        kept.event
        for account in judge(world.organisation, may_backfill=True).accounts.values()
        for kept in account.standing.values()
    ]
    return activity, list(Tenant("acme", activity, said, as_of_ms=as_of_ms).readings(KNOWN))


def assert_same(pipeline: Pipeline, world: World, *, as_of_ms: int, settle_after_ms: int = 36 * DAY_MS) -> None:
    """The core's values are the reference's, row by row."""
    _, readings = expected(world, as_of_ms=as_of_ms, settle_after_ms=settle_after_ms)
    assert not differences(pipeline.values(as_of_ms=as_of_ms, kpis=KNOWN), readings)


@given(worlds())
@settings(max_examples=150, deadline=None)
def test_every_value_is_the_reference_s(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_same(pipeline, world, as_of_ms=world.as_of_ms)


@given(worlds(types=DEAL_TYPES, subjects=("A",)))
@settings(max_examples=100, deadline=None)
def test_every_value_is_the_reference_s_where_deals_close_again(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_same(pipeline, world, as_of_ms=world.as_of_ms)


@given(worlds(), st.data())
@settings(max_examples=40, deadline=None)
def test_one_value_is_its_row_of_every_value(world: World, data: st.DataObject) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    rows = list(pipeline.values(as_of_ms=world.as_of_ms))
    assert [(row.kpi, row.scope, row.window) for row in rows] == sorted(
        (row.kpi, row.scope, row.window) for row in rows
    )
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else ():
        assert pipeline.value(row.kpi, row.scope, row.window, as_of_ms=world.as_of_ms) == row


@given(worlds(types=SELLING, said=PLANNING, most_said=10))
@settings(max_examples=80, deadline=None)
def test_every_value_is_the_reference_s_where_people_have_hours_and_targets(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_same(pipeline, world, as_of_ms=world.as_of_ms)


@given(worlds(said=BEATING, most_said=8))
@settings(max_examples=60, deadline=None)
def test_every_value_is_the_reference_s_where_publishers_fall_silent(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_same(pipeline, world, as_of_ms=world.as_of_ms)


@given(worlds(at=dense_moments, delays=DAYS_LATE, look=dense_looks, types=(*DEAL_TYPES, "sales.survey.answered")))
@settings(max_examples=100, deadline=None)
def test_every_value_is_the_reference_s_where_minutes_grow_old(world: World) -> None:
    pipeline = Pipeline()
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    assert_same(pipeline, world, as_of_ms=world.as_of_ms)


@given(worlds(delays=VERY_LATE), st.sampled_from([DAY_MS, 36 * DAY_MS]))
@settings(max_examples=150, deadline=None)
def test_verdicts_and_what_settles_are_the_reference_s(world: World, settle_after_ms: int) -> None:
    pipeline = Pipeline(options=AccountsOptions(may_backfill=True, settle_after_ms=settle_after_ms))
    pipeline.publish(world.activity, world.organisation)
    pipeline.run()
    verdicts = judge(world.activity, may_backfill=True, partitions=2, settle_after_ms=settle_after_ms)
    counted = {code: verdicts.verdicts.count(code) for code in set(verdicts.verdicts)}
    assert {code: count for code, count in pipeline.tallies().items() if count} == counted
    letters = [dict(letter.headers) for letter in pipeline.letters]
    reasons = Counter(letter["reason"].decode() for letter in letters if b"activity" in letter["origin-topic"])
    assert reasons == {str(code): count for code, count in counted.items() if code not in COUNTED_ONLY}
    assert sum(counted.values()) == len(world.activity)
    assert_same(pipeline, world, as_of_ms=world.as_of_ms, settle_after_ms=settle_after_ms)


@given(worlds(), st.integers(1, 5), st.integers(0, 9), st.sampled_from([DAY_MS, 36 * DAY_MS]), st.data())
@settings(max_examples=100, deadline=None)
def test_snapshot_and_resume_change_nothing(
    world: World, most: int, flush_lag: int, settle_after_ms: int, data: st.DataObject
) -> None:
    roomy = AccountsOptions(may_backfill=True, settle_after_ms=settle_after_ms)
    plain = Pipeline(options=roomy)
    broken = Pipeline(
        flush_lag=flush_lag, options=replace(roomy, memory_bytes=data.draw(st.integers(0, 2)) * ACCOUNT_BYTES)
    )
    for pipeline in (plain, broken):
        pipeline.publish(world.activity, world.organisation)
    plain.run()
    while not all(slot.is_done() for slot in broken.accounts):
        for number, slot in enumerate(broken.accounts):
            broken.step(slot, most)
            if data.draw(st.booleans()):
                slot.resume(broken.fresh_accounts(number))
    while not all(slot.is_done() for slot in broken.boards):
        for number, slot in enumerate(broken.boards):
            broken.step(slot, most)
            if data.draw(st.booleans()):
                slot.resume(broken.fresh_board(number))
    assert broken.tallies() == plain.tallies()
    assert list(broken.values(as_of_ms=world.as_of_ms)) == list(plain.values(as_of_ms=world.as_of_ms))


@given(worlds(), st.data())
@settings(max_examples=60, deadline=None)
def test_repeating_any_record_changes_no_value(world: World, data: st.DataObject) -> None:
    once, twice = Pipeline(), Pipeline()
    once.publish(world.activity, world.organisation)
    repeated: list[Arrival] = []
    for arrival in world.activity:
        repeated.append(arrival)
        if data.draw(st.booleans()):
            earlier = data.draw(st.sampled_from(repeated))
            repeated.append(Arrival(earlier.raw, arrival.received_ms))
    twice.publish(repeated, [arrival for arrival in world.organisation for _ in range(2)])
    once.run()
    twice.run()
    assert list(once.values(as_of_ms=world.as_of_ms)) == list(twice.values(as_of_ms=world.as_of_ms))


@given(worlds(subjects=("A", "B", "C", "D")))
@settings(max_examples=60, deadline=None)
def test_the_number_of_partitions_changes_no_value(world: World) -> None:
    pipelines = [Pipeline(partitions=count, cells_partitions=cells) for count, cells in ((1, 1), (3, 2))]
    for pipeline in pipelines:
        pipeline.publish(world.activity, world.organisation)
        pipeline.run()
    one, three = (list(pipeline.values(as_of_ms=world.as_of_ms)) for pipeline in pipelines)
    assert one == three


@given(worlds())
@settings(max_examples=20, deadline=None)
def test_worlds_are_made_of_valid_events(world: World) -> None:
    """A world of refusals would prove nothing."""
    events = [decode(arrival.raw) for arrival in world.activity + world.organisation]
    assert all(isinstance(event, Event) for event in events)
