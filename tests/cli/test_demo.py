"""The demo's events keep the contract, and its spreadsheet agrees with the engine on every value."""

from collections import Counter

import pytest

from cli.demo.history import Demo, to_json
from cli.demo.recompute import RECOMPUTED, Plain, Spreadsheet
from cli.replay.engine import Engine
from cli.replay.lines import Line
from config.catalogue import load_definitions
from schemas.event import Event, decode
from stream.accounts.options import AccountsOptions
from stream.board.values import every_value
from stream.catalogue.catalogue import Catalogue

NOW_MS = 1_794_996_000_000  # 2026-11-18T10:00:00Z


def run_of(seed: int, *, days: int = 20, reps: int = 4) -> Demo:
    demo = Demo(seed=seed, reps=reps, days=days, now_ms=NOW_MS)
    for _ in demo.history():
        pass
    for second in range(200):
        for _ in demo.live(NOW_MS + second * 1_000):
            pass
    for _ in demo.rest():
        pass
    return demo


def test_every_event_keeps_the_contract_and_all_kinds_and_mishaps_occur() -> None:
    demo = run_of(1)
    events = [decode(to_json(event)) for event in demo.published]
    assert all(isinstance(event, Event) for event in events)
    kinds = Counter(event.type for event in demo.published)
    assert len(kinds) == 15
    identities = Counter((event.source, event.id) for event in demo.published)
    assert sum(event.revision > 0 for event in demo.published) > 20
    assert sum(event.voided for event in demo.published) > 5
    assert sum(count > 1 for count in identities.values()) > 50


def test_the_same_seed_tells_the_same_story() -> None:
    assert run_of(3, days=2).published == run_of(3, days=2).published
    assert run_of(3, days=2).published != run_of(4, days=2).published


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_spreadsheet_and_the_engine_agree_on_every_value(seed: int) -> None:
    demo = run_of(seed)
    engine = Engine(partitions=8, arrived_ms=NOW_MS + 200_000, options=AccountsOptions(may_backfill=True))
    for number, event in enumerate(demo.published):
        assert engine.take(Line("demo", number, to_json(event))) == []
    assert engine.flush() == []
    board = engine.boards()["demo"]
    catalogue = Catalogue(load_definitions())
    sheet = Spreadsheet(demo.published)
    for as_of_ms in (NOW_MS + 199_000, NOW_MS - 7_200_000):
        read = {
            (v.kpi, v.scope, v.window): Plain(v.value, v.n, v.numerator or 0, v.denominator, v.facets)
            for v in every_value(board, catalogue, as_of_ms=as_of_ms, kpis=RECOMPUTED)
        }
        expected = sheet.values(as_of_ms)
        different = {
            key: (read.get(key), expected.get(key)) for key in read | expected if read.get(key) != expected.get(key)
        }
        assert different == {}
        assert len(read) > 500
