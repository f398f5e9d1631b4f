"""A very small benchmark on a real Kafka, so that `make bench` does not rot."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.generate import Logs, Mix, logs_of
from bench.rounds import run_rounds

pytestmark = [pytest.mark.timeout(600), pytest.mark.takes(50)]


@pytest.fixture
def all_cores() -> Iterator[None]:
    """The benchmark moves its process to one core; the tests after it get all of theirs back."""
    before = os.sched_getaffinity(0)
    yield
    os.sched_setaffinity(0, before)


def test_a_round_runs_both_programs_and_both_come_to_the_right_digest(all_cores: None, tmp_path: Path) -> None:
    logs: Logs = logs_of(Mix(events=3_000, accounts=1_000, reps=20), folder=tmp_path)
    (one,) = run_rounds(logs, 1, quiet_limit_s=0.0)
    assert [run.program for run in one.runs] == ["accounts empty", "hand script", "accounts full", "hand script"]
    assert [run.right for run in one.runs] == [True] * 4
    assert all(run.events == 3_000 and run.rate > 0 for run in one.runs)
    forms = [run.form for run in one.runs]
    assert forms[0] == forms[2] != ""
    assert forms[1] == forms[3] == ""
    assert one.restore.rows > 0
