"""One frame for all clients; slow ones lose the oldest and get the newest."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway import broadcast as module
from gateway.broadcast import PING, RETRY, Broadcast, TooManyClients
from gateway.metrics import GatewayMetrics


class Frames:
    """Counts what was made."""

    def __init__(self) -> None:
        self.made = 0

    async def make(self, tenant: str | None) -> bytes | None:
        self.made += 1
        return None if tenant == "nobody" else f"{tenant} {self.made}".encode()


@pytest.fixture
def frames() -> Frames:
    return Frames()


@pytest.fixture
async def running(frames: Frames) -> AsyncIterator[tuple[Broadcast, asyncio.Event]]:
    changed = asyncio.Event()
    broadcast = Broadcast(frames.make, changed, GatewayMetrics())
    task = asyncio.create_task(broadcast.run())
    yield broadcast, changed
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SHORTEST_PERIOD_S", 0.02)


async def test_a_client_gets_a_snapshot_at_once_and_frames_after(
    running: tuple[Broadcast, asyncio.Event], frames: Frames
) -> None:
    broadcast, changed = running
    stream = broadcast.subscribe("acme")
    assert [await anext(stream), await anext(stream)] == [RETRY, b"id: 1\ndata: acme 1\n\n"]
    changed.set()
    assert await anext(stream) == b"id: 2\ndata: acme 2\n\n"
    assert frames.made == 2


async def test_all_clients_share_a_frame(running: tuple[Broadcast, asyncio.Event], frames: Frames) -> None:
    broadcast, changed = running
    streams = [broadcast.subscribe("acme") for _ in range(50)]
    for expected in (0, 1, 2):
        assert len(set(await asyncio.gather(*(anext(stream) for stream in streams)))) == 1
        assert frames.made == expected
        if expected:
            changed.set()


async def test_a_slow_client_loses_the_oldest(running: tuple[Broadcast, asyncio.Event], frames: Frames) -> None:
    broadcast, changed = running
    stream = broadcast.subscribe("acme")
    await anext(stream)
    await anext(stream)
    for _ in range(6):
        changed.set()
        await asyncio.sleep(0.05)
    newest = [await anext(stream), await anext(stream)]
    assert newest[-1] == f"id: {frames.made}\ndata: acme {frames.made}\n\n".encode()


async def test_a_gateway_that_stood_still_goes_on_at_once(
    running: tuple[Broadcast, asyncio.Event], frames: Frames, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST_PERIOD_S", 0.1)
    broadcast, changed = running
    stream = broadcast.subscribe("acme")
    await anext(stream)
    await anext(stream)
    usual = frames.make

    async def frozen(tenant: str | None) -> bytes | None:
        time.sleep(0.5)  # noqa: ASYNC251 - the whole loop stands still
        return await usual(tenant)

    monkeypatch.setattr(broadcast, "_make_frame", frozen)
    changed.set()
    await anext(stream)
    monkeypatch.setattr(broadcast, "_make_frame", usual)
    async with asyncio.timeout(1.5):
        await anext(stream)


async def test_nothing_is_made_for_nobody(running: tuple[Broadcast, asyncio.Event], frames: Frames) -> None:
    broadcast, changed = running
    stream = broadcast.subscribe("acme")
    await anext(stream)
    await anext(stream)
    await stream.aclose()
    changed.set()
    await asyncio.sleep(0.05)
    assert frames.made == 1


async def test_silence_is_pinged(running: tuple[Broadcast, asyncio.Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PING_S", 0.02)
    stream = running[0].subscribe("nobody")
    assert await anext(stream) == RETRY
    assert await anext(stream) == PING


async def test_there_is_a_limit(running: tuple[Broadcast, asyncio.Event], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLIENTS_MAX", 1)
    stream = running[0].subscribe("acme")
    await anext(stream)
    with pytest.raises(TooManyClients):
        running[0].subscribe("acme")


async def test_closing_ends_the_streams(running: tuple[Broadcast, asyncio.Event]) -> None:
    stream = running[0].subscribe("acme")
    await anext(stream)
    await anext(stream)
    running[0].close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(stream), 1)
