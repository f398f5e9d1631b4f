"""Long reads of the replica are cut into slices so that events keep coming in; the gate keeps them consistent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic
from typing import TypeVar

SLICE_S = 0.01

T = TypeVar("T")


class Gate:
    """Many readers or one writer; a waiting writer goes before readers that come later, so neither starves.

    A read that doesn't await needs no gate: nothing else runs meanwhile.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Condition()
        self._readers = 0
        self._writers_waiting = 0

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Nothing is written while the block runs, whatever it awaits."""
        async with self._turn:
            await self._turn.wait_for(lambda: self._writers_waiting == 0)
            self._readers += 1
        try:
            yield
        finally:
            async with self._turn:
                self._readers -= 1
                self._turn.notify_all()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        """Nobody reads through the gate while the block runs."""
        async with self._turn:
            self._writers_waiting += 1
            try:
                await self._turn.wait_for(lambda: self._readers == 0)
                yield
            finally:
                self._writers_waiting -= 1
                self._turn.notify_all()


async def sliced(values: Iterable[T]) -> AsyncIterator[T]:
    """The same values, letting others run whenever SLICE_S were spent on them."""
    until = monotonic() + SLICE_S
    for value in values:
        yield value
        if monotonic() > until:
            await asyncio.sleep(0)
            until = monotonic() + SLICE_S
