"""The demo's events keep the contract, its company always has somebody at work, and its spreadsheet agrees with the
engine on every value.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from functools import cache

import pytest

from cli.demo.company import DAY_MS, HOUR_MS, MINUTE_MS, REGIONS, DemoEvent, reps_of
from cli.demo.history import Demo, Plan, to_json
from cli.demo.mishaps import Broken, Sent
from cli.demo.recompute import RECOMPUTED, Plain, Spreadsheet
from cli.demo.shifts import QUARTER_MS, Shifts
from cli.event_lines import Line
from cli.replay.engine import Engine
from config.catalogue import load_definitions
from schemas.event import Event, decode
from stream.accounts.options import AccountsOptions
from stream.board.values import every_value
from stream.catalogue.catalogue import Catalogue

NOW_MS = 1_794_996_000_000  # 2026-11-18T10:00:00Z


@cache
def run_of(seed: int, *, days: int = 20, reps: int = 8) -> tuple[Sent, ...]:
    demo = Demo(Plan.until(NOW_MS, seed=seed, reps=reps, days=days))
    live = demo.live(NOW_MS, NOW_MS + 200_000, speed=300.0)
    return (*demo.history(), *live, *demo.rest())


def events_of(sent: tuple[Sent, ...]) -> list[DemoEvent]:
    return [each for each in sent if not isinstance(each, Broken)]


def test_every_event_keeps_the_contract_and_all_kinds_and_mishaps_occur() -> None:
    sent = run_of(1)
    events = events_of(sent)
    assert all(isinstance(decode(to_json(event)), Event) for event in events)
    assert len(Counter(event.type for event in events)) >= 25
    identities = Counter((event.source, event.id) for event in events)
    assert sum(event.revision > 0 for event in events) > 20
    assert sum(event.voided for event in events) > 5
    assert sum(count > 1 for count in identities.values()) > 50


def test_what_is_broken_is_refused_and_sent_again_as_it_should_be() -> None:
    sent = [each for seed in (1, 2, 3) for each in run_of(seed)]
    broken = [each for each in sent if isinstance(each, Broken)]
    assert len(broken) > 10
    assert not any(isinstance(decode(each.raw), Event) for each in broken)


def test_the_same_plan_tells_the_same_story() -> None:
    told = [Demo(Plan.until(NOW_MS, seed=seed, reps=8, days=2)).history() for seed in (3, 3, 4)]
    first, again, other = (list(each) for each in told)
    assert first == again
    assert first != other


def test_somebody_works_at_every_hour_of_a_year_but_for_holidays() -> None:
    reps = reps_of(40, seed=1)
    assert len({rep.name for rep in reps_of(200, seed=1)}) == 200
    shifts = Shifts(reps, seed=1)
    for quarter_ms in range(NOW_MS, NOW_MS + 365 * DAY_MS, 5 * QUARTER_MS):
        days = [datetime.fromtimestamp(quarter_ms / 1000, region.zone) for region in REGIONS]
        is_holiday = any((day.month, day.day) in region.holidays for day, region in zip(days, REGIONS, strict=True))
        assert is_holiday or shifts.on_duty(quarter_ms // QUARTER_MS * QUARTER_MS), quarter_ms


def test_working_time_is_counted_back_over_lunch_and_the_night() -> None:
    reps = reps_of(40, seed=1)
    ada = reps[0]  # team Rhine, in the office from 08:30 to 13:00 and from 14:00 to 17:30
    shifts = Shifts(reps, seed=1)
    nine_ms = NOW_MS - 2 * HOUR_MS
    assert shifts.back(ada, nine_ms, 20) == nine_ms - 20 * MINUTE_MS
    assert shifts.back(ada, nine_ms, 40) == nine_ms - 16 * HOUR_MS + 20 * MINUTE_MS


@pytest.mark.parametrize("seed", [1, 2])
def test_the_spreadsheet_and_the_engine_agree_on_every_value(seed: int) -> None:
    sent = run_of(seed)
    engine = Engine(partitions=8, arrived_ms=NOW_MS + 200_000, options=AccountsOptions(may_backfill=True))
    lines = [Line("demo", number, raw, len(raw)) for number, raw in enumerate(map(to_json, sent))]
    refused = [said for line in lines for said in engine.take(line)]
    assert len([*refused, *engine.flush()]) == sum(isinstance(each, Broken) for each in sent)
    board = engine.boards()["demo"]
    catalogue = Catalogue(load_definitions())
    sheet = Spreadsheet(events_of(sent))
    for as_of_ms in (NOW_MS + 199_000, NOW_MS - 7_200_000):
        expected = sheet.values(as_of_ms)
        read = {}
        for value in every_value(board, catalogue, as_of_ms=as_of_ms, kpis=RECOMPUTED):
            key = (value.kpi, value.scope, value.window)
            is_known = key in expected and expected[key].facets is None
            facets = None if is_known else value.facets
            read[key] = Plain(value.value, value.n, value.numerator, value.denominator, facets)
        different = {
            key: (read.get(key), expected.get(key)) for key in read | expected if read.get(key) != expected.get(key)
        }
        assert different == {}
        assert len(read) > 2_000
