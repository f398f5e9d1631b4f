"""A toy pipeline on a real Kafka: worker processes of both stages, a publisher, and an oracle that only adds up."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from itertools import count
from pathlib import Path
from types import TracebackType

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from cli.topics import ensure_topics
from config.settings import Settings, load_settings
from config.topics import Role
from schemas.rows import POSITION_KEY
from tests.simulation.oracle import Oracle, Records
from tests.simulation.toys import home_of

ROOT = Path(__file__).parents[2]
STAGES = ("accounts", "board")
TENANTS, ACCOUNTS = 6, 40
START_LIMIT_S = 120.0
STILL_LIMIT_S = 120.0  # as long as a worker may take to start, for one may have to be started


class Worker:
    """A worker process with a toy stage; its log goes to a file."""

    def __init__(self, stage: str, environment: dict[str, str], log: Path) -> None:
        self.stage, self._log = stage, log
        command = [sys.executable, "-m", "tests.agents.toy_worker", stage, str(os.getpid())]
        with log.open("wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stderr=out)

    def said(self, words: str) -> bool:
        """Whether the log has ``words`` somewhere."""
        return words in self._log.read_text()

    async def until_working(self) -> None:
        """Wait until a slot is taken over."""
        until = time.monotonic() + START_LIMIT_S
        while not self.said(" restored: "):
            assert self.process.poll() is None, f"the worker of {self.stage} ended: {self._log.read_text()}"
            assert time.monotonic() < until, f"the worker of {self.stage} owns nothing: {self._log.read_text()}"
            await asyncio.sleep(0.1)

    def gave_up(self) -> bool:
        """Whether it ended by itself because something failed, as workers do for their supervisor to start another."""
        return (self.process.poll() or 0) > 0

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    async def wait(self) -> int:
        """The exit code."""
        return await asyncio.to_thread(self.process.wait, START_LIMIT_S)

    def end(self) -> None:
        """Kill it, show its log to pytest."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait()
        sys.stderr.write(self._log.read_text())


class Flow:
    """Use as ``async with``: makes the topics, stops every worker at the end."""

    def __init__(
        self, bootstrap: str, *, seed: int, session_timeout_s: float = 6.0, commit_timeout_s: float = 30.0
    ) -> None:
        self.environment = {
            "KAFKA_BROKERS": bootstrap,
            "SALESPULSE_TOPIC_PREFIX": f"t{uuid.uuid4().hex[:8]}.",
            "SALESPULSE_METRICS_PORT_ACCOUNTS": "0",
            "SALESPULSE_METRICS_PORT_BOARD": "0",
            "SALESPULSE_FLUSH_AFTER_S": "0.7",
            "SALESPULSE_EPOCH_MS": "100",
            "SALESPULSE_SESSION_TIMEOUT_S": str(session_timeout_s),
            "SALESPULSE_COMMIT_TIMEOUT_S": str(commit_timeout_s),
        }
        self.rng = random.Random(seed)
        self.oracle, self.records = Oracle(), Records(self.rng, ACCOUNTS, TENANTS)
        self.workers: list[Worker] = []
        self._numbers = count()
        self._enough = False
        self._folder = tempfile.TemporaryDirectory(prefix="salespulse-test-")
        self.settings: Settings

    async def __aenter__(self) -> Flow:
        self.settings = load_settings(
            kafka_brokers=self.environment["KAFKA_BROKERS"], topic_prefix=self.environment["SALESPULSE_TOPIC_PREFIX"]
        )
        self.counts = await asyncio.to_thread(ensure_topics, self.settings)
        self.producer = AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_brokers, enable_idempotence=True, linger_ms=2
        )
        await self.producer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers:
            worker.end()
        await self.producer.stop()
        self._folder.cleanup()

    def start(self, stage: str) -> Worker:
        """A worker process of a stage."""
        worker = Worker(stage, self.environment, Path(self._folder.name) / f"{next(self._numbers)}-{stage}.log")
        self.workers.append(worker)
        return worker

    async def start_all(self) -> list[Worker]:
        """A worker of each stage, once it has taken over at least one slot."""
        workers = [self.start(stage) for stage in STAGES]
        await asyncio.gather(*(worker.until_working() for worker in workers))
        return workers

    async def publish(self, count: int) -> None:
        """``count`` acknowledged records: some repeated, some in a foreign partition, some not JSON."""
        activity, parts = self.settings.topics.name_of(Role.ACTIVITY), self.settings.activity_partitions
        waiting = []
        for _ in range(count):
            event, raw = self.records.draw()
            place, at_home = self.records.place(event, parts)
            waiting.append(await self.producer.send(activity, raw, partition=place))
            self.oracle.take(event, at_home=at_home)
            if self.rng.random() < 0.02:
                tenant = f"t{self.rng.randrange(TENANTS)}"
                organisation = self.settings.topics.name_of(Role.ORGANISATION)
                place = home_of(tenant.encode(), self.settings.cells_partitions)
                waiting.append(await self.producer.send(organisation, b"{}", key=tenant.encode(), partition=place))
                self.oracle.totals[tenant][2] += 1
        await asyncio.gather(*waiting)

    async def keep_publishing(self) -> None:
        """Publish at an even pace until `stop`."""
        while not self._enough:
            await self.publish(20)
            await asyncio.sleep(0.1)

    async def stop(self, publishing: asyncio.Task[None]) -> None:
        """Let the last records be acknowledged: of a cancelled one nobody would know whether it was published."""
        self._enough = True
        await publishing

    async def latest(self, role: Role) -> dict[bytes, bytes]:
        """Committed records of a topic, the last of each key and partition; keys are prefixed with the partition."""
        name = self.settings.topics.name_of(role)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.settings.kafka_brokers,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        await consumer.start()
        try:
            tps = [TopicPartition(name, p) for p in range(self.counts[role])]
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            found: dict[bytes, bytes] = {}
            while [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
                for tp, records in (await consumer.getmany(timeout_ms=200)).items():
                    found |= {b"%d/%b" % (tp.partition, record.key or b""): record.value or b"" for record in records}
            return found
        finally:
            await consumer.stop()

    async def board(self) -> dict[str, list[int]]:
        """Totals by tenant, as BOARD has written them."""
        rows = await self.latest(Role.BOARD_STATE)
        return {
            key.split(b"/", 1)[1].decode(): json.loads(value)[0]
            for key, value in rows.items()
            if not key.endswith(POSITION_KEY)
        }

    async def tallies(self) -> Counter[str]:
        """Verdicts over all ACCOUNTS slots, as of the last commits."""
        rows = await self.latest(Role.ACCOUNTS_STATE)
        return sum(
            (Counter(json.loads(value)[2]) for key, value in rows.items() if key.endswith(POSITION_KEY)), Counter()
        )

    async def settle(self, *, supervised: bool = False) -> None:
        """Wait until totals and verdicts equal the oracle's; fail once nothing has moved for STILL_LIMIT_S.

        A busy machine is slow, which is no mistake; standing still is. ``supervised``: a worker that gave up, as it may
        when its broker goes away, is followed by another.
        """
        wanted = {tenant: total for tenant, total in self.oracle.totals.items() if any(total)}, self.oracle.tallies
        before, until = None, time.monotonic() + STILL_LIMIT_S
        while (found := (await self.board(), await self.tallies())) != wanted:
            if found != before:
                before, until = found, time.monotonic() + STILL_LIMIT_S
            assert time.monotonic() < until or found == wanted
            if supervised:
                self._follow_those_that_gave_up()
            await asyncio.sleep(0.3)

    def _follow_those_that_gave_up(self) -> None:
        for worker in [worker for worker in self.workers if worker.gave_up()]:
            worker.end()
            self.workers.remove(worker)
            self.start(worker.stage)
