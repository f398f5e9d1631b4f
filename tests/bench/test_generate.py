"""The benchmark's logs are what they claim to be: sizes, shares, order, valid events, right partitions."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bench.digest import hand_digest
from bench.facts import TYPES
from bench.generate import ANCHOR_MS, SPAN_MS, Logs, Mix, logs_of
from bench.keys import account_keys, home_partitions, subject_of
from bench.log import EventLog, expected_by_hand, shifted
from schemas.data import SurveyAnswered
from schemas.event import Event, decode
from schemas.partitioning import encode_key, home_partition
from schemas.verdicts import Refusal

MIX = Mix(events=12_000, accounts=2_000, reps=40)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Logs:
    """A small pair of logs, made and read back."""
    folder: Path = tmp_path_factory.mktemp("logs")
    logs_of(MIX, folder=folder)
    return logs_of(MIX, folder=folder)


def _decoded(log: EventLog) -> list[Event]:
    events = [decode(raw) for raw in log.raw]
    refused = [event for event in events if isinstance(event, Refusal)]
    assert refused == []
    return [event for event in events if isinstance(event, Event)]


def test_every_event_keeps_the_contract_and_matches_its_columns(logs: Logs) -> None:
    for log in logs:
        events = _decoded(log)
        assert [event.time_ms for event in events] == log.time_ms.tolist()
        assert [event.subject for event in events] == [subject_of(account) for account in log.accounts.tolist()]


def test_timed_log_has_the_promised_mix(logs: Logs) -> None:
    timed = logs.timed
    assert len(timed) == MIX.events
    kinds = Counter(timed.labels[group][1] for group in timed.groups.tolist())
    assert set(kinds) == set(TYPES.values())
    assert 0.6 < kinds["sales.touch.logged"] / MIX.events < 0.8
    late = np.mean(timed.arrival_ms - timed.time_ms > 60_000)
    assert 0.04 < late < 0.08
    events = _decoded(timed)
    assert sum(event.revision > 0 for event in events) == int(MIX.events * MIX.revised)
    assert any(event.voided for event in events)
    assert len(set(timed.raw)) == MIX.events - int(MIX.events * MIX.repeated)
    assert 300 < len(timed.values) / len(timed) < 400


def test_log_is_in_order_of_arrival_and_nothing_arrives_before_it_happened(logs: Logs) -> None:
    for log in logs:
        assert np.all(np.diff(log.arrival_ms) >= 0)
        assert np.all(log.arrival_ms >= log.time_ms - 1)
    assert logs.preload.arrival_ms[-1] < ANCHOR_MS - SPAN_MS <= logs.timed.arrival_ms[0]


def test_preload_reaches_every_account(logs: Logs) -> None:
    assert len(np.unique(logs.preload.accounts)) == MIX.accounts


def test_same_seed_same_bytes_other_seed_other_bytes(logs: Logs, tmp_path: Path) -> None:
    assert logs_of(MIX, folder=tmp_path / "a").timed.raw == logs.timed.raw
    assert (
        logs_of(Mix(events=12_000, accounts=2_000, reps=40, seed=2), folder=tmp_path / "b").timed.raw != logs.timed.raw
    )


def test_keys_and_partitions_are_those_of_the_contract() -> None:
    keys = account_keys(300)
    expected = [encode_key("acme", subject_of(account)) for account in range(300)]
    assert [row.tobytes() for row in keys] == expected
    assert home_partitions(keys, 8).tolist() == [home_partition(key, 8) for key in expected]


def test_a_shifted_log_tells_the_same_story_later(logs: Logs) -> None:
    later = shifted(logs.timed, 90_061_001)
    assert [event.time_ms for event in _decoded(later)] == (logs.timed.time_ms + 90_061_001).tolist()
    assert len(later.values) == len(logs.timed.values)


def test_expected_digest_is_that_of_a_plain_count(logs: Logs) -> None:
    counts: Counter[tuple[int, str, str]] = Counter()
    answers: dict[str, list[int]] = {}
    for event, group in zip(_decoded(logs.timed), logs.timed.groups.tolist(), strict=True):
        rep = getattr(event.data, "rep", None) or ""
        counts[event.time_ms // 3_600_000 * 3_600_000, rep, logs.timed.labels[group][1]] += 1
        if isinstance(event.data, SurveyAnswered) and event.data.kind == "nps":
            score = event.data.score
            answers.setdefault(rep, [0, 0, 0])[0 if score >= 9 else 1 if score >= 7 else 2] += 1
    assert expected_by_hand(logs.timed) == hand_digest(dict(counts), answers)
