"""A running pipeline as these tests see it: publish lines, kill workers, read until values are what they should be."""

from __future__ import annotations

import json
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from cli.broker.ports import free_pair
from cli.publishing import Publisher
from cli.replay.command import answers, run
from cli.replay.lines import EventFiles
from cli.stack import Kept, Stack
from config.catalogue import load_definitions
from config.settings import Settings, load_settings
from gateway.query import parse
from schemas.event import Event, decode
from stream.catalogue.catalogue import Catalogue

STILL_LIMIT_S = 90.0
POLL_S = 0.5
WORK_LIMIT_S = 120.0
KILL_WITHIN_S = 0.8  # some epochs: a kill may find one open, being committed, or just committed
REQUEST_LIMIT_S = 60.0
STAGES = ("accounts", "board")


class Live:
    """A stack on topics of its own, each stage in a process of its own so that it can be killed by itself."""

    def __init__(self, brokers: str, **more: str) -> None:
        """``more``: variables for gateway and workers."""
        self.prefix = f"e2e-{uuid4().hex[:8]}-"
        variables = {
            "SALESPULSE_ALLOW_BACKFILL": "true",
            "SALESPULSE_TOPIC_PREFIX": self.prefix,
            "SALESPULSE_METRICS_PORT_ACCOUNTS": "0",
            "SALESPULSE_METRICS_PORT_BOARD": "0",
            **more,
        }
        self.stack = Stack(brokers=brokers, port=free_pair(), settings=variables, worker=False)
        self.settings: Settings = load_settings(kafka_brokers=brokers, topic_prefix=self.prefix)
        self.workers: dict[str, Kept] = {}
        self._random = Random(1)

    def __enter__(self) -> Live:
        self.stack.__enter__()
        for stage in STAGES:
            self.workers[stage] = self.worker(stage)
        return self

    def __exit__(self, *exc: Any) -> None:
        self.stack.__exit__(*exc)

    def worker(self, stage: str) -> Kept:
        """Another worker of a stage."""
        return self.stack.start("worker", "--stage", stage)

    def kill_at_work(self, stage: str) -> int:
        """kill -9 a stage's worker some moment after it got its partitions and start another; the victim's id."""
        victim = self.workers[stage]
        self.wait_at_work(victim)
        time.sleep(self._random.uniform(0, KILL_WITHIN_S))
        self.stack.leave(victim, signal.SIGKILL)
        self.workers[stage] = self.worker(stage)
        return victim.pid

    def wait_at_work(self, worker: Kept) -> None:
        """Return when a worker says that it restored partitions; a second worker may first have to be given some."""
        limit = time.monotonic() + WORK_LIMIT_S
        while "restored" not in worker.log.read_text():
            assert worker.is_running(), worker.last_lines()
            assert time.monotonic() < limit, worker.last_lines()
            time.sleep(0.1)

    async def publish(
        self, lines: Iterable[bytes], *, chunk: int = 500, turn: Callable[[float], None] = lambda _done: None
    ) -> None:
        """Publish in order; after each chunk ``turn(share that is published)`` may do harm."""
        waiting = list(lines)
        async with Publisher(self.settings) as publisher:
            for begin in range(0, len(waiting), chunk):
                for raw in waiting[begin : begin + chunk]:
                    event = decode(raw)
                    assert isinstance(event, Event), event
                    publisher.add(raw, event)
                await publisher.flush()
                turn(min(1.0, (begin + chunk) / len(waiting)))

    def post(self, body: bytes, content_type: str = "application/x-ndjson") -> list[dict[str, Any]]:
        """Send events over HTTP; their verdicts."""
        request = urllib.request.Request(
            f"{self.stack.address}/v1/events", body, {"Content-Type": content_type}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=REQUEST_LIMIT_S) as answer:
            found: list[dict[str, Any]] = json.load(answer)["verdicts"]
        return found

    def lines(self, **query: str) -> list[bytes]:
        """The API's answer, line by line; none while it can't answer."""
        try:
            url = f"{self.stack.address}/v1/values?{urlencode(query)}"
            with urllib.request.urlopen(url, timeout=REQUEST_LIMIT_S) as answer:
                body: bytes = answer.read()
        except (urllib.error.URLError, OSError):
            return []
        return body.splitlines()

    def values(self, **query: str) -> list[dict[str, Any]]:
        """The API's answer."""
        return [json.loads(line) for line in self.lines(**query)]


def until_equal(read: Callable[[], object], expected: object) -> None:
    """Read again and again until it is as expected; once nothing has moved for STILL_LIMIT_S say what is different."""
    before, limit = None, time.monotonic() + STILL_LIMIT_S
    while (found := read()) != expected:
        if found != before:  # a busy machine is slow, which is no mistake; standing still is
            before, limit = found, time.monotonic() + STILL_LIMIT_S
        if time.monotonic() > limit:
            raise AssertionError(f"nothing moves any more, but these differ: {_differences(found, expected)}")
        time.sleep(POLL_S)


def _differences(found: object, expected: object) -> list[object]:
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        keys = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
        return [(key, found.get(key), expected.get(key)) for key in keys[:10]]
    if isinstance(found, list) and isinstance(expected, list):
        return [line for line in (*found, *expected) if (line in found) != (line in expected)][:10]
    return [found, expected]


def replayed(lines: Iterable[bytes], folder: Path, *, as_of: str) -> list[bytes]:
    """What `salespulse replay` prints for the same events."""
    path = folder / "same.ndjson"
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    with EventFiles([path]) as files:
        boards = run(files, partitions=5)
    return list(answers(boards, Catalogue(load_definitions()), parse([("as_of", as_of)])))
