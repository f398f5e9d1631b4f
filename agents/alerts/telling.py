"""Having people told in the background: what is due goes out, what became of it comes back to the desk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Mapping

from agents.notify.alertmanager import Alertmanager
from agents.notify.channel import Channel, NotTaken, Telling
from schemas.alert import AlertRecord
from stream.alerts.notices import due

REPEAT_EVERY_MS = 60_000
AT_ONCE = 8
"""Tellings under way at one time; the others wait."""

NOT_CONFIGURED = "the channel is no longer configured"

Outcome = tuple[bytes, str, str | None]
"""The record's key, the notice's, and why it was not taken; None: it was."""

log = logging.getLogger(__name__)


class Teller:
    """Tells by the channels that are configured. One for a worker."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels
        self.names = sorted(channels)
        self._outcomes: dict[int, list[Outcome]] = {}
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._repeated_ms: dict[int, int] = {}

    def outcomes(self, partition: int) -> list[Outcome]:
        """What became of tellings since the last time."""
        return self._outcomes.pop(partition, [])

    def forget(self, partition: int) -> None:
        """A desk is given up: what it told will be told again by the next, or was."""
        self._outcomes.pop(partition, None)
        self._repeated_ms.pop(partition, None)

    def tell(self, partition: int, records: Iterable[AlertRecord], now_ms: int) -> None:
        """Begin to tell what is due and not under way. The records must be committed."""
        records = list(records)
        ready: dict[str, list[Telling]] = {}
        for record in records:
            for notice in due(record, now_ms):
                if notice.channel not in self._channels:
                    self._outcomes.setdefault(partition, []).append((record.key, notice.key, NOT_CONFIGURED))
                elif notice.key not in self._under_way:
                    ready.setdefault(notice.channel, []).append(Telling(record, notice))
        for name, tellings in ready.items():
            for part in self._channels[name].together(tellings):
                self._under_way |= {telling.notice.key for telling in part}
                self._start(self._deliver(partition, self._channels[name], part))
        self._repeat(partition, records, now_ms)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _repeat(self, partition: int, records: list[AlertRecord], now_ms: int) -> None:
        """Alertmanager forgets what it hears no more of, and silences that nobody prolongs."""
        channel = self._channels.get(Alertmanager.name)
        if not isinstance(channel, Alertmanager) or now_ms - self._repeated_ms.get(partition, 0) < REPEAT_EVERY_MS:
            return
        self._repeated_ms[partition] = now_ms
        self._start(self._send_open(channel, records, now_ms))

    async def _send_open(self, channel: Alertmanager, records: list[AlertRecord], now_ms: int) -> None:
        try:
            async with self._room:
                await channel.repeat(records, now_ms)
        except NotTaken as exc:
            log.warning("Alertmanager did not take the open alerts, trying on: %s", exc)

    async def _deliver(self, partition: int, channel: Channel, part: list[Telling]) -> None:
        failure: str | None = None
        try:
            async with self._room:
                await channel.tell(part)
        except NotTaken as exc:
            failure = str(exc)
            if part[0].notice.attempts == 0:
                log.warning("%s did not take %d notices, trying again later: %s", channel.name, len(part), failure)
        finally:
            self._under_way -= {telling.notice.key for telling in part}
        self._outcomes.setdefault(partition, []).extend(
            (telling.record.key, telling.notice.key, failure) for telling in part
        )

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
