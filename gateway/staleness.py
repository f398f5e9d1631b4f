"""Is what we serve old? Compares how far the workers and the replica are with how far the log is."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from aiokafka.errors import KafkaError

from gateway.log_reader import reason_of

CHECK_EVERY_S = 2.0
ANSWER_WITHIN_S = 5.0
NOTICE_EVERY_S = 0.5
REPLICA = "replica"

Place = tuple[str, int]
log = logging.getLogger(__name__)


class Progress(Protocol):
    """Where the log and its readers are, asked of the broker. Raises KafkaError or OSError."""

    async def ends(self) -> Mapping[Place, int]:
        """The last stable offset by (source, partition)."""

    async def folded(self) -> Mapping[str, Mapping[Place, int]]:
        """By stage: the next offset it will fold, by (source, partition). What it never folded may be absent."""


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


class Staleness:
    """Judges every CHECK_EVERY_S. Not knowing, because the broker doesn't answer, counts as old after the same time."""

    def __init__(
        self,
        replica_offsets: Callable[[], Mapping[Place, int]],
        report: Callable[[bool, dict[str, float]], None],
        *,
        stale_after_s: float,
        turned: Callable[[], None] = lambda: None,
    ) -> None:
        """``turned`` is told when values become stale, or fresh again."""
        self._replica_offsets = replica_offsets
        self._report = report
        self._stale_after_s = stale_after_s
        self._turned = turned
        self._waits: dict[tuple[str, str, int], Wait] = {}
        self._is_old = True
        self._checked_s: float | None = None

    @property
    def is_stale(self) -> bool:
        """Whether values have to be marked as stale now."""
        if self._checked_s is None:
            return True
        return self._is_old or time.monotonic() - self._checked_s > self._stale_after_s + 2 * CHECK_EVERY_S

    async def watch(self, open_progress: Callable[[], AbstractAsyncContextManager[Progress]]) -> None:
        """Check until cancelled; a failed check is made again with a new connection."""
        noticing = asyncio.create_task(self._notice())
        try:
            await self._keep_checking(open_progress)
        finally:
            noticing.cancel()

    async def _notice(self) -> None:
        """Tell of a turn at once: a check that gets no answer takes its time."""
        was_stale = self.is_stale
        while True:
            await asyncio.sleep(NOTICE_EVERY_S)
            if was_stale != self.is_stale:
                was_stale = not was_stale
                self._turned()

    async def _keep_checking(self, open_progress: Callable[[], AbstractAsyncContextManager[Progress]]) -> None:
        failures = 0
        while True:
            try:
                async with open_progress() as progress:
                    while True:
                        await asyncio.wait_for(self.check(progress), ANSWER_WITHIN_S)
                        failures = 0
                        await asyncio.sleep(CHECK_EVERY_S)
            except (KafkaError, OSError, TimeoutError) as exc:
                failures += 1
                # One failure is usual while a broker starts; the second is worth a line, the third is not.
                if failures == 2:
                    log.warning(
                        "can't compare the workers' progress with the log, values turn stale: %s", reason_of(exc)
                    )
                await asyncio.sleep(CHECK_EVERY_S)

    async def check(self, progress: Progress) -> None:
        """Look once."""
        # Positions first: an end that is read later can only make a reader look further behind than it is.
        folded = dict(await progress.folded())
        folded[REPLICA] = self._replica_offsets()
        ends = await progress.ends()
        self._note(time.monotonic(), ends, folded)

    def _note(self, now_s: float, ends: Mapping[Place, int], folded: Mapping[str, Mapping[Place, int]]) -> None:
        waited: dict[str, float] = {}
        for stage, positions in folded.items():
            waits = [
                self._waits.setdefault((stage, source, number), Wait()).note(
                    now_s, end, positions.get((source, number), 0)
                )
                for (source, number), end in ends.items()
                if source in READS[stage]
            ]
            waited[stage] = max(waits, default=0.0)
        self._is_old = any(seconds > self._stale_after_s for seconds in waited.values())
        self._checked_s = now_s
        self._report(self._is_old, waited)


READS: Mapping[str, tuple[str, ...]] = {
    "accounts": ("activity",),
    "board": ("cells", "organisation"),
    REPLICA: ("cells", "organisation"),
}
