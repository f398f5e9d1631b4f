"""Server-sent events: one frame is made for all clients of a tenant, each client has a short queue of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Protocol

QUEUE_FRAMES = 2
CLIENTS_MAX = 2_000
PING_S = 15.0
# At most five frames a second; and one now and then although nothing happens, because time passes: windows move on.
SHORTEST_PERIOD_S = 0.2
LONGEST_PERIOD_S = 5.0
# Making frames may take at most this share of the event loop's time; unless that would keep clients waiting for longer
# than the longest period: time passes for other reasons, too, such as a machine that stood still.
BUSY_SHARE = 0.2
PING = b": ping\n\n"
RETRY = b"retry: 1000\n\n"


class StreamMetrics(Protocol):
    """What the broadcast reports."""

    def stream_opened(self) -> None: ...

    def stream_closed(self) -> None: ...

    def frame_dropped(self) -> None: ...


class TooManyClients(Exception):
    """CLIENTS_MAX streams are open."""


class _Client:
    """What one connection has yet to be sent: the newest QUEUE_FRAMES frames at most."""

    def __init__(self) -> None:
        self.frames: deque[bytes] = deque(maxlen=QUEUE_FRAMES)
        self.ready = asyncio.Event()

    def offer(self, frame: bytes) -> bool:
        """Queue a frame; True if an older one had to give way."""
        is_full = len(self.frames) == QUEUE_FRAMES
        self.frames.append(frame)
        self.ready.set()
        return is_full


class Broadcast:
    """Frames by tenant. A tenant without clients costs nothing."""

    def __init__(
        self,
        make_frame: Callable[[str | None], Awaitable[bytes | None]],
        changed: asyncio.Event,
        metrics: StreamMetrics,
    ) -> None:
        """``make_frame(tenant)``: the JSON of a tenant's snapshot, one line; None if there is nothing yet."""
        self._make_frame = make_frame
        self._changed = changed
        self._metrics = metrics
        self._clients: dict[str | None, set[_Client]] = {}
        self._newest: dict[str | None, bytes] = {}
        self._beginning: set[str | None] = set()
        self._number = 0
        self._is_closed = False

    def close(self) -> None:
        """End every stream: a server that stops waits for its connections."""
        self._is_closed = True
        for clients in self._clients.values():
            for client in clients:
                client.ready.set()

    async def run(self) -> None:
        """Make and hand out frames until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), LONGEST_PERIOD_S)
            self._changed.clear()
            begun = loop.time()
            for tenant in list(self._clients):
                await self._publish(tenant)
            rest_s = (loop.time() - begun) / BUSY_SHARE
            await asyncio.sleep(min(max(SHORTEST_PERIOD_S, rest_s), LONGEST_PERIOD_S))

    def subscribe(self, tenant: str | None) -> AsyncGenerator[bytes, None]:
        """The bytes of one client's stream, until it is closed. Raises TooManyClients."""
        if sum(map(len, self._clients.values())) >= CLIENTS_MAX:
            raise TooManyClients(f"{CLIENTS_MAX} streams are open already")
        return self._stream(tenant)

    async def _stream(self, tenant: str | None) -> AsyncGenerator[bytes, None]:
        client = _Client()
        clients = self._clients.setdefault(tenant, set())
        clients.add(client)
        self._metrics.stream_opened()
        try:
            yield RETRY
            if not client.frames:
                await self._welcome(tenant, client)
            while not self._is_closed:
                try:
                    await asyncio.wait_for(client.ready.wait(), PING_S)
                except TimeoutError:
                    yield PING
                    continue
                client.ready.clear()
                while client.frames:
                    yield client.frames.popleft()
        finally:
            self._metrics.stream_closed()
            clients.discard(client)
            if not clients and self._clients.get(tenant) is clients:
                del self._clients[tenant]
                self._newest.pop(tenant, None)

    async def _welcome(self, tenant: str | None, client: _Client) -> None:
        """Give a new client the newest frame. Those who come while the first one is made get it with everybody else."""
        if tenant in self._newest:
            client.offer(self._newest[tenant])
        elif tenant not in self._beginning:
            self._beginning.add(tenant)
            try:
                await self._publish(tenant)
            finally:
                self._beginning.discard(tenant)

    async def _publish(self, tenant: str | None) -> None:
        made = await self._make_frame(tenant)
        if made is None or tenant not in self._clients:
            return
        self._number += 1
        frame = self._newest[tenant] = b"id: %d\ndata: %b\n\n" % (self._number, made)
        for client in self._clients[tenant]:
            if client.offer(frame):
                self._metrics.frame_dropped()
