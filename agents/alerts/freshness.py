"""Whether what is on the boards is all there is: records that wait in the log make silence look like a stall."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from agents.epochs.port import OutcomeUnknown
from config.settings import Settings
from config.topics import Role, StageName

CHECK_EVERY_S = 2.0
ANSWER_LIMIT_S = 5.0

Place = tuple[str, int]
log = logging.getLogger(__name__)


class Wait:
    """How long the oldest record that a reader has not reached has been there, as seen by looking now and then."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, now_s: float, end: int, position: int) -> float:
        """Seconds that the oldest unread record has waited, at least; 0 where nothing waits."""
        if not self._seen or self._seen[-1][1] < end:
            self._seen.append((now_s, end))
        while self._seen and self._seen[0][1] <= position:
            self._seen.popleft()
        return now_s - self._seen[0][0] if self._seen else 0.0


class Freshness:
    """Compares, every CHECK_EVERY_S, how far both stages are with how far the log is. Not knowing is not fresh.

    Whoever begins may be far behind: boards are fresh once all is read that was there at the first look.
    """

    def __init__(self, settings: Settings, port: KafkaLog, crew: Crew, activity_partitions: int) -> None:
        self._settings, self._port, self._crew = settings, port, crew
        self._activity = [(str(Role.ACTIVITY), number) for number in range(activity_partitions)]
        self._waits: dict[Place, Wait] = {}
        self._behind: dict[Place, int] = {}  # what is not fresh → the end that has to be reached
        self._known: set[Place] = set()
        self._checked_s = float("-inf")

    def is_fresh(self, partition: int) -> bool:
        """Whether a partition's boards hold everything that was received some seconds ago."""
        return self.holds(partition, asyncio.get_running_loop().time())

    def holds(self, partition: int, now_s: float) -> bool:
        """The same at a moment of the loop's clock."""
        if now_s - self._checked_s > self._settings.stale_after_s + 2 * CHECK_EVERY_S:
            return False
        own = [(source, partition) for source in (str(Role.CELLS), str(Role.ORGANISATION))]
        return all(place in self._known and place not in self._behind for place in (*self._activity, *own))

    async def watch(self) -> None:
        """Check until cancelled; a failed check is made again with a new connection."""
        while True:
            admin = AIOKafkaAdminClient(
                bootstrap_servers=self._settings.kafka_brokers, client_id="salespulse-alerts", request_timeout_ms=5_000
            )
            try:
                await admin.start()
                while True:
                    async with asyncio.timeout(ANSWER_LIMIT_S):
                        await self._check(admin)
                    await asyncio.sleep(CHECK_EVERY_S)
            except (KafkaError, OSError, TimeoutError, OutcomeUnknown) as exc:
                log.info("can't see how fresh the boards are (%s); no alert changes meanwhile", type(exc).__name__)
            finally:
                await admin.close()
            await asyncio.sleep(CHECK_EVERY_S)

    async def _check(self, admin: AIOKafkaAdminClient) -> None:
        # Positions first: an end that is read later can only make a reader look further behind than it is.
        positions = await self._folded(admin)
        for number, slot in self._crew.slots.items():
            positions |= {
                (source, number): slot.positions.get(source, 0) if slot.ready else 0 for source in slot.sources
            }
        ends = {place: end.stable for place, end in (await self._port.all_ends(list(positions))).items()}
        self.note(asyncio.get_running_loop().time(), positions, ends)

    def note(self, now_s: float, positions: Mapping[Place, int], ends: Mapping[Place, int]) -> None:
        """Take a look: what is read of each place, and where it ends."""
        for place, position in positions.items():
            if place not in self._known:
                self._behind[place] = ends[place]
            if position >= self._behind.get(place, position + 1):
                del self._behind[place]
            if self._waits.setdefault(place, Wait()).note(now_s, ends[place], position) > self._settings.stale_after_s:
                self._behind[place] = ends[place]
        self._known = set(positions)
        self._checked_s = now_s

    async def _folded(self, admin: AIOKafkaAdminClient) -> dict[Place, int]:
        """What ACCOUNTS has folded by place; its workers tell every two seconds or so."""
        topics = self._settings.topics
        name = topics.name_of(Role.ACTIVITY)
        wanted = [TopicPartition(name, number) for _, number in self._activity]
        told = await admin.list_consumer_group_offsets(topics.group_of(StageName.ACCOUNTS), partitions=wanted)
        offsets = {tp.partition: committed.offset for tp, committed in told.items()}
        return {place: max(offsets.get(place[1], 0), 0) for place in self._activity}
