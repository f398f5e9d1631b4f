"""Keeps the gateway's background work going."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

RESTART_PAUSE_S = 2.0

log = logging.getLogger(__name__)


async def keep_running(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Run ``work`` until cancelled. It is not meant to end: an exception is a bug of ours, logged and begun anew.

    The rest of the gateway goes on meanwhile: a view that fails must not keep events out.
    """
    while True:
        task = asyncio.ensure_future(work())
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        failure = None if task.cancelled() else task.exception()
        log.error("background work %s ended, starting it again", name, exc_info=failure)
        await asyncio.sleep(RESTART_PAUSE_S)
