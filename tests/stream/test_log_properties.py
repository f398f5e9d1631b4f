"""What lies around the events: receipts, tenants that share a partition, records that stray. None changes a value."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import UNSET

from schemas.event import Event, decode, encode_key, home_partition
from schemas.kpi import KpiValue
from schemas.verdicts import Code
from tests.reference.arrivals import Arrival, judge
from tests.reference.readings import Tenant
from tests.strategies.comparison import shown
from tests.strategies.drafts import BASE_MS, DAY_MS, HOUR_MS, MINUTE_MS, raw_of
from tests.strategies.pipeline import Pipeline
from tests.strategies.worlds import World, worlds

SECOND_MS = 1_000
EACH_FOR_ITSELF = ("deals_won", "new_leads", "revenue", "touches_per_won_deal")
"""KPIs to which such an event adds something at its own minute and nothing elsewhere."""


@st.composite
def plain_events(draw: st.DrawFn) -> list[Arrival]:
    """Leads, wins and touches of which none changes another, some received late, some as history."""
    arrivals: list[Arrival] = []
    for number in range(draw(st.integers(1, 8))):
        name, content = draw(
            st.sampled_from(
                [
                    ("lead.created", {"lead": f"L{number}", "rep": "R1"}),
                    ("deal.won", {"deal": f"D{number % 3}", "rep": "R1", "amount_minor": 5, "currency": "EUR"}),
                    ("touch.logged", {"deal": f"D{number % 3}", "rep": "R2", "kind": "call", "phase": "pre_sale"}),
                ]
            )
        )
        time_ms = BASE_MS + draw(st.integers(0, 30)) * 7 * MINUTE_MS
        late_ms = draw(st.sampled_from([0, 59, 60, 61, 90, 1500])) * MINUTE_MS + draw(st.sampled_from([0, SECOND_MS]))
        draft: dict[str, Any] = {"id": f"e{number}", "source": "crm", "type": f"sales.{name}", "time_ms": time_ms}
        draft |= {"subject": f"A{number % 3}", "tenant": "acme", "data": content, "backfill": draw(st.booleans())}
        arrivals.append(Arrival(raw_of(draft), time_ms + late_ms))
    wins = [json.loads(a.raw)["data"]["deal"] for a in arrivals if b"deal.won" in a.raw]
    assume(len(wins) == len(set(wins)))  # a second close would take the first one's facts back
    return sorted(arrivals, key=lambda arrival: arrival.received_ms)


def by_how_much(value: KpiValue) -> int | float | None:
    """What late receipts changed, if that is told."""
    return None if value.restated_by is UNSET else value.restated_by


@given(plain_events(), st.sampled_from([2 * HOUR_MS, 5 * HOUR_MS, 2 * DAY_MS]))
@settings(max_examples=150, deadline=None)
def test_a_value_is_restated_by_what_came_an_hour_late(activity: list[Arrival], after_ms: int) -> None:
    as_of_ms = BASE_MS + after_ms
    pipeline = Pipeline()
    pipeline.publish(activity, [])
    pipeline.run()
    values = pipeline.values(as_of_ms=as_of_ms, kpis=EACH_FOR_ITSELF)
    tenant = Tenant("acme", judge(activity, may_backfill=True, partitions=2), [], as_of_ms=as_of_ms)
    found = {(v.kpi, v.scope, v.window): (v.status, v.restated_at, by_how_much(v)) for v in values}
    wanted = {
        (r.kpi, r.scope, r.window): ("restated" if r.restated_at else "live", r.restated_at, shown(r.restated_by))
        for r in tenant.readings(EACH_FOR_ITSELF)
    }
    assert found == wanted


def owned_by(arrivals: list[Arrival], tenant: str, shift_ms: int) -> list[Arrival]:
    """The same records as another tenant's, received (not happened) later."""
    return [
        Arrival(json.dumps({**json.loads(arrival.raw), "tenant": tenant}).encode(), arrival.received_ms + shift_ms)
        for arrival in arrivals
    ]


@given(worlds(most=8), worlds(most=8), st.sampled_from([0, HOUR_MS]))
@settings(max_examples=60, deadline=None)
def test_tenants_that_share_a_partition_change_nothing_of_each_other(one: World, other: World, shift_ms: int) -> None:
    def by_receipt(first: list[Arrival], second: list[Arrival]) -> list[Arrival]:
        return sorted(first + owned_by(second, "umbrella", shift_ms), key=lambda arrival: arrival.received_ms)

    alone, together = Pipeline(partitions=1), Pipeline(partitions=1)
    alone.publish(one.activity, one.organisation)
    together.publish(by_receipt(one.activity, other.activity), by_receipt(one.organisation, other.organisation))
    alone.run()
    together.run()
    assert list(together.values(as_of_ms=one.as_of_ms)) == list(alone.values(as_of_ms=one.as_of_ms))


NOISE = b"{"


def come_home(strayed: Pipeline) -> Pipeline:
    """A pipeline that got every record where and when it came home; in the place of a stray one there is noise."""
    straight = Pipeline(partitions=strayed.partitions)
    for partition, log in enumerate(strayed.activity):
        for key, raw, received_ms in log.records:
            event = decode(raw or b"")
            assert isinstance(event, Event)
            home_key = encode_key(event.tenant, event.subject)
            is_home = key == home_key and partition == home_partition(home_key, strayed.partitions)
            straight.activity[partition].records.append((key, raw if is_home else NOISE, received_ms))
    for log, copied in zip(strayed.organisation, straight.organisation, strict=True):
        copied.records = log.records
    return straight


@given(worlds(subjects=("A", "B", "C")), st.data())
@settings(max_examples=80, deadline=None)
def test_records_that_stray_are_counted_twice_and_change_nothing(world: World, data: st.DataObject) -> None:
    strays = [
        arrival._replace(
            key=data.draw(st.sampled_from([None, None, b"acme/elsewhere"])),
            partition=data.draw(st.sampled_from([None, None, 0, 1, 2])),
        )
        for arrival in world.activity
    ]
    strayed = Pipeline(partitions=3)
    strayed.publish(strays, world.organisation)
    strayed.run()
    straight = come_home(strayed)
    straight.run()
    rekeyed = judge(strays, may_backfill=True, partitions=3).verdicts.count(Code.REKEYED)
    counted, expected = Counter(strayed.tallies()), Counter(straight.tallies())
    assert counted.pop(Code.REKEYED, 0) == expected.pop(Code.MALFORMED_JSON, 0) == rekeyed
    assert counted == expected
    assert counted.total() == len(world.activity)
    assert list(strayed.values(as_of_ms=world.as_of_ms)) == list(straight.values(as_of_ms=world.as_of_ms))
