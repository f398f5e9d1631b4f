"""Judging goes on after a failure that nobody thought of."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from agents.alerts import watch
from agents.alerts.watch import AlertWatch, keep_judging


class Failing:
    """Fails twice, then judges."""

    begun = 0
    judges: asyncio.Event

    async def run(self) -> None:
        Failing.begun += 1
        if Failing.begun <= 2:
            raise KeyError("a mistake of ours")
        self.judges.set()
        await asyncio.Event().wait()


def test_what_fails_is_begun_anew_and_ends_with_its_worker(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(watch, "AFTER_FAILURE_S", 0.0)

    async def story() -> None:
        Failing.judges = asyncio.Event()
        judging = asyncio.create_task(keep_judging(lambda: cast(AlertWatch, Failing())))
        await Failing.judges.wait()
        judging.cancel()
        await asyncio.wait([judging])
        assert judging.cancelled()

    asyncio.run(story())
    assert caplog.text.count("alerts are not judged for 0 s: 'a mistake of ours'") == 2
