"""A toy pipeline on a real Kafka: worker processes of both stages, a publisher, and an oracle that only adds up."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from pathlib import Path
from types import TracebackType

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.structs import TopicPartition

from cli.topics import ensure_topics
from config.settings import Settings, load_settings
from config.topics import Role
from schemas.rows import POSITION_KEY
from tests.simulation.toys import BONUS, home_of

ROOT = Path(__file__).parents[2]
TENANTS = 6
ACCOUNTS = 40
REPEATED, ELSEWHERE, BROKEN = 0.1, 0.03, 0.02


class Oracle:
    """What the totals have to be, from the records that were published and acknowledged."""

    def __init__(self) -> None:
        self.totals: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.tallies: Counter[str] = Counter()
        self._seen: dict[str, set[str]] = defaultdict(set)

    def take(self, event: dict[str, str | int] | None, *, at_home: bool) -> None:
        """Count one published record."""
        if event is None:
            self.tallies["dead"] += 1
            return
        if not at_home:
            self.tallies["rekeyed"] += 1
        name, tenant = str(event["account"]), str(event["tenant"])
        if event["id"] in self._seen[name]:
            self.tallies["duplicate"] += 1
            return
        self._seen[name].add(str(event["id"]))
        self.tallies["accepted"] += 1
        self.totals[tenant][0] += int(event["amount"]) + (BONUS if len(self._seen[name]) == 3 else 0)
        self.totals[tenant][1] += 1


class Flow:
    """Use as ``async with``: makes the topics, stops every worker at the end."""

    def __init__(self, bootstrap: str, *, seed: int, session_timeout_s: float = 6.0, commit_timeout_s: float = 30.0) -> None:
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
        self.oracle = Oracle()
        self.workers: list[subprocess.Popen[bytes]] = []
        self.settings: Settings
        self._sent: list[dict[str, str | int]] = []
        self._number = 0

    async def __aenter__(self) -> Flow:
        self.settings = load_settings(
            kafka_brokers=self.environment["KAFKA_BROKERS"], topic_prefix=self.environment["SALESPULSE_TOPIC_PREFIX"]
        )
        self.counts = await asyncio.to_thread(ensure_topics, self.settings)
        self.producer = AIOKafkaProducer(bootstrap_servers=self.settings.kafka_brokers, enable_idempotence=True, linger_ms=2)
        await self.producer.start()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()
        await self.producer.stop()

    def start(self, stage: str) -> subprocess.Popen[bytes]:
        """A worker process of a stage."""
        command = [sys.executable, "-m", "tests.agents.toy_worker", stage, str(os.getpid())]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | self.environment)
        self.workers.append(process)
        return process

    async def publish(self, count: int) -> None:
        """``count`` acknowledged records: some repeated, some in a foreign partition, some not JSON."""
        activity, parts = self.settings.topics.name_of(Role.ACTIVITY), self.settings.activity_partitions
        waiting = []
        for _ in range(count):
            event, raw = self._next()
            home = home_of(str(event["account"]).encode(), parts) if event else self.rng.randrange(parts)
            place = self.rng.randrange(parts) if self.rng.random() < ELSEWHERE else home
            waiting.append(await self.producer.send(activity, raw, partition=place))
            self.oracle.take(event, at_home=place == home)
            if self.rng.random() < 0.02:
                tenant = f"t{self.rng.randrange(TENANTS)}"
                organisation = self.settings.topics.name_of(Role.ORGANISATION)
                place = home_of(tenant.encode(), self.settings.cells_partitions)
                waiting.append(await self.producer.send(organisation, b"{}", key=tenant.encode(), partition=place))
                self.oracle.totals[tenant][2] += 1
        await asyncio.gather(*waiting)

    def _next(self) -> tuple[dict[str, str | int] | None, bytes]:
        if self.rng.random() < BROKEN:
            return None, b"not JSON"
        if self._sent and self.rng.random() < REPEATED:
            event = self.rng.choice(self._sent)
        else:
            self._number += 1
            account = self.rng.randrange(ACCOUNTS)
            amount = self.rng.randrange(1, 500)
            event = {"tenant": f"t{account % TENANTS}", "account": f"a{account}", "id": str(self._number), "amount": amount}
            self._sent.append(event)
        return event, json.dumps(event).encode()

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
        return {key.split(b"/", 1)[1].decode(): json.loads(value)[0] for key, value in rows.items() if not key.endswith(POSITION_KEY)}

    async def tallies(self) -> Counter[str]:
        """Verdicts over all ACCOUNTS slots, as of the last commits."""
        rows = await self.latest(Role.ACCOUNTS_STATE)
        return sum((Counter(json.loads(value)[2]) for key, value in rows.items() if key.endswith(POSITION_KEY)), Counter())

    async def settle(self, limit_s: float) -> None:
        """Wait until totals and verdicts equal the oracle's; fail after ``limit_s``."""
        until = time.monotonic() + limit_s
        wanted = {tenant: total for tenant, total in self.oracle.totals.items() if any(total)}
        while True:
            board, tallies = await self.board(), await self.tallies()
            if board == wanted and tallies == self.oracle.tallies:
                return
            if time.monotonic() > until:
                assert (board, dict(tallies)) == (wanted, dict(self.oracle.tallies))
            await asyncio.sleep(0.3)
