"""Whether a worker still moves: offsets must move while there is lag.

Consumers can stop without a word after broker trouble, so this asks the cluster, not the consumer.
"""

from __future__ import annotations

import asyncio
import logging

from agents.epochs.crew import Crew
from agents.epochs.kafka import KafkaLog
from agents.epochs.port import OutcomeUnknown
from agents.metrics import Metrics

LOOKS_PER_TIMEOUT = 12
ANSWER_LIMIT_S = 5.0
RESTORE_TIMEOUTS = 5  # a large state takes longer to restore than a batch to fold

log = logging.getLogger(__name__)


class StoodStill(Exception):
    """Records wait and nothing has moved for the whole timeout, or the broker gave no answer for it."""


class Liveness:
    """Compares, every ``interval_s``, where slots stand with where their sources end."""

    def __init__(self, crew: Crew, port: KafkaLog, timeout_s: float, metrics: Metrics) -> None:
        self.interval_s = timeout_s / LOOKS_PER_TIMEOUT
        self._crew, self._port, self._timeout_s, self._metrics = crew, port, timeout_s, metrics
        self._moved_at: dict[tuple[str, int], tuple[int, float]] = {}
        self._away_since: float | None = None

    async def look(self) -> None:
        """Raises StoodStill."""
        now = asyncio.get_running_loop().time()
        places = {
            (source, p): slot.positions.get(source, -1)
            for p, slot in self._crew.slots.items()
            for source in slot.sources
        }
        if not places:
            self._moved_at.clear()
            return
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                ends = await self._port.all_ends(list(places))
        except (OutcomeUnknown, TimeoutError) as exc:
            self._no_answer(now, exc)
            return
        self._away_since = None
        self._moved_at = {place: self._moved_at[place] for place in places if place in self._moved_at}
        for place, position in places.items():
            lag = ends[place].stable - max(position, 0)
            self._metrics.lag_seen(place[0], place[1], lag)
            last, at = self._moved_at.get(place, (None, now))
            ready = self._crew.is_ready(place[1])
            if (ready and lag <= 0) or position != last:
                self._moved_at[place] = (position, now)
            elif now - at > self._timeout_s * (1 if ready else RESTORE_TIMEOUTS):
                raise StoodStill(
                    f"{place[0]}-{place[1]} stands at {position} for {now - at:.0f} s while {lag} records wait"
                )

    def _no_answer(self, now: float, error: Exception) -> None:
        if self._away_since is None:
            self._away_since = now
            log.warning("the broker does not answer (%s); waiting up to %.0f s", type(error).__name__, self._timeout_s)
        elif now - self._away_since > self._timeout_s:
            raise StoodStill(f"the broker gave no answer for {now - self._away_since:.0f} s")
