"""How long something has waited, and what follows."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from gateway import staleness as module
from gateway.staleness import Place, Staleness, Wait


def test_a_wait_counts_from_when_the_record_was_first_seen() -> None:
    wait = Wait()
    assert wait.note(100.0, 5, 5) == 0
    assert wait.note(102.0, 8, 5) == 0
    assert wait.note(104.0, 9, 5) == 2
    assert wait.note(106.0, 9, 7) == 4, "offset 7 was there at 102"
    assert wait.note(108.0, 9, 8) == 4, "offset 8 came by 104"
    assert wait.note(110.0, 9, 9) == 0


def test_a_steady_flow_that_is_kept_up_with_never_waits_long() -> None:
    wait = Wait()
    waited = [wait.note(2.0 * n, 100 * n, max(0, 100 * (n - 1))) for n in range(50)]
    assert max(waited) <= 2.0


class Lagging:
    """A broker's answers that a test sets."""

    def __init__(self) -> None:
        self.end = 0
        self.done = 0

    async def ends(self) -> Mapping[Place, int]:
        return {("activity", 0): self.end, ("cells", 0): 3, ("organisation", 0): 0}

    async def folded(self) -> Mapping[str, Mapping[Place, int]]:
        return {"accounts": {("activity", 0): self.done}, "board": {("cells", 0): 3}}


async def test_stale_after_a_record_waited_too_long_and_not_before() -> None:
    reports: list[tuple[bool, dict[str, float]]] = []
    broker = Lagging()
    staleness = Staleness(
        lambda: {("cells", 0): 3}, lambda stale, waited: reports.append((stale, waited)), stale_after_s=0.0
    )
    judged = [staleness.is_stale]
    for end, done in ((0, 0), (10, 0), (10, 0), (10, 10)):
        broker.end, broker.done = end, done
        await staleness.check(broker)
        judged.append(staleness.is_stale)
    assert judged == [True, False, False, True, False], "not knowing is not fresh; a wait takes two looks to see"
    assert reports[2][1]["accounts"] > 0
    assert reports[2][1]["board"] == reports[2][1]["replica"] == 0


async def test_a_replica_that_lags_makes_values_stale_too() -> None:
    staleness = Staleness(lambda: {("cells", 0): 1}, lambda *_: None, stale_after_s=0.0)
    await staleness.check(Lagging())
    await staleness.check(Lagging())
    assert staleness.is_stale


async def test_a_broker_that_answers_no_more_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Lagging):
        async def ends(self) -> Mapping[Place, int]:
            if self.done:
                await asyncio.sleep(60)
            return await super().ends()

    @asynccontextmanager
    async def opened() -> AsyncIterator[Hanging]:
        yield broker

    monkeypatch.setattr(module, "CHECK_EVERY_S", 0.05)
    monkeypatch.setattr(module, "NOTICE_EVERY_S", 0.01)
    broker, told = Hanging(), asyncio.Event()
    staleness = Staleness(lambda: {("cells", 0): 3}, lambda *_: None, stale_after_s=0.2, turned=told.set)
    watching = asyncio.create_task(staleness.watch(opened))
    for is_stale in (False, True):
        async with asyncio.timeout(5):
            await told.wait()
        told.clear()
        assert staleness.is_stale is is_stale
        broker.done = 1
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
