"""Whatever happens to workers and broker: the live values are those of `replay`, line by line."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.broker import Broker
from cli.demo.company import instant
from cli.demo.history import Demo, Plan, to_json
from cli.demo.mishaps import Broken
from tests.end_to_end.live import Live, replayed, until_equal

pytestmark = pytest.mark.takes(55)
NOW_MS = int(time.time() * 1000)
FROZEN_S = 8.0  # longer than the session timeout, so that the frozen worker's partitions are given to the other


def story(seed: int, *, days: int) -> list[bytes]:
    """A company's history as lines, with repeats, late ones, revisions and voids."""
    demo = Demo(Plan.until(NOW_MS, seed=seed, reps=4, days=days))
    return [to_json(sent) for sent in (*demo.history(), *demo.rest()) if not isinstance(sent, Broken)]


def same_as_replay(live: Live, lines: list[bytes], folder: Path, *, tenant: str) -> None:
    as_of = instant(NOW_MS)
    expected = replayed(lines, folder, as_of=as_of)
    assert len(expected) > 300
    until_equal(lambda: live.lines(tenant=tenant, as_of=as_of), expected)


@pytest.mark.timeout(900)
def test_a_joining_a_leaving_and_a_frozen_worker_and_a_killed_broker_change_nothing(
    own_broker: Broker, tmp_path: Path
) -> None:
    lines = story(5, days=25)
    with Live(own_broker.bootstrap) as live:
        second = {}

        def join() -> None:
            for stage in live.workers:
                second[stage] = live.worker(stage)
                live.wait_at_work(second[stage])

        def leave() -> None:
            for worker in second.values():
                live.stack.leave(worker, signal.SIGTERM)

        def freeze() -> None:
            zombie = live.workers["accounts"]
            zombie.send(signal.SIGSTOP)
            live.workers["accounts"] = live.worker("accounts")
            time.sleep(FROZEN_S)
            live.wait_at_work(live.workers["accounts"])
            zombie.send(signal.SIGCONT)

        def kill_broker() -> None:
            own_broker.kill()
            time.sleep(1.0)
            own_broker.restart()

        harm: list[tuple[float, Callable[[], None]]] = [(0.2, join), (0.4, leave), (0.6, freeze), (0.8, kill_broker)]

        def turn(done: float) -> None:
            if harm and done >= harm[0][0]:
                harm.pop(0)[1]()

        asyncio.run(live.publish(lines, chunk=200, turn=turn))
        assert harm == []
        for stage, worker in live.workers.items():
            if not worker.is_running():  # a worker may end when the broker is gone; a supervisor would start another
                live.workers[stage] = live.worker(stage)
        same_as_replay(live, lines, tmp_path, tenant="demo")


@pytest.mark.timeout(900)
def test_events_over_http_read_as_in_replay_although_workers_are_killed(kafka: str, tmp_path: Path) -> None:
    lines = [json.dumps(json.loads(line) | {"tenant": "default"}).encode() for line in story(6, days=10)]
    bad = [b"{", json.dumps(json.loads(lines[-1]) | {"type": "sales.weather"}).encode()]
    mixed = [*lines[:50], bad[0], *lines[50:], bad[1]]
    codes = []
    with Live(kafka) as live:
        for begin in range(0, len(mixed), 500):
            codes += [verdict["code"] for verdict in live.post(b"\n".join(mixed[begin : begin + 500]))]
            if begin in (500, 1_000):
                live.kill_at_work("accounts" if begin == 500 else "board")
        assert codes.count("taken") == len(lines)
        assert [codes[50], codes[-1]] == ["malformed_json", "unknown_type"]
        same_as_replay(live, mixed, tmp_path, tenant="default")
