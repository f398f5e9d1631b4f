"""An event loop without a clock: time jumps, a seed draws the order of what is ready, processes can die or freeze.

Everything runs in one thread. A task belongs to the process that was current when it was made. Callbacks of a dead
process never run again; those of a frozen one wait until it thaws.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from asyncio import events
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import Context, ContextVar
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
STEPS_MAX = 3_000_000


class Process:
    """A simulated operating system process."""

    def __init__(self, name: str) -> None:
        self.name, self.alive, self.frozen = name, True, False

    def __repr__(self) -> str:
        return f"<{self.name}{'' if self.alive else ' dead'}{' frozen' if self.frozen else ''}>"


current_process: ContextVar[Process | None] = ContextVar("current_process", default=None)


class Stuck(Exception):
    """Nothing can happen any more, or far too much has."""


class SimulatedLoop(asyncio.BaseEventLoop):
    """As much of an event loop as tasks, futures, events, timeouts and sleeps need."""

    def __init__(self, rng: random.Random) -> None:
        self.over = False
        super().__init__()
        self.rng, self._now, self._count, self._steps = rng, 0.0, 0, 0
        self._drawable: list[asyncio.Handle] = []
        self.world = Context()  # what belongs to no process: the brokers, the supervisor, fate
        self._later: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._held: list[asyncio.Handle] = []
        self.tasks: list[asyncio.Task[Any]] = []  # kept, so that no dead task's finally blocks run in the middle
        self.over = False

    # ---- what asyncio asks for

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def get_debug(self) -> bool:
        """Never."""
        return False

    def is_closed(self) -> bool:
        """Whether the story is over."""
        return self.over

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Run when it is drawn."""
        handle = asyncio.Handle(callback, args, self, context)
        self._drawable.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run after ``delay`` virtual seconds."""
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Run at a virtual time."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heapq.heappush(self._later, (when, self._count, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are passed over when their time comes."""

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: Any = None, context: Any = None) -> asyncio.Task[Any]:
        """A task of the current process."""
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=self, name=name, context=context)
        self.tasks.append(task)
        return task

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What nobody caught is caught by looking at the log in the end."""

    # ---- the simulation's own

    def spawn(self, process: Process, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start ``work`` as a task of ``process``."""
        token = current_process.set(process)
        try:
            return self.create_task(work)
        finally:
            current_process.reset(token)

    def in_world(self, delay_s: float, callback: Callable[..., object], *args: Any) -> None:
        """Let the world do something after ``delay_s``, whatever becomes of the process that asked for it."""
        self.call_later(delay_s, callback, *args, context=self.world)

    def thaw(self, process: Process) -> None:
        """Let a frozen process go on."""
        process.frozen = False
        self._drawable += self._held
        self._held = []

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run until ``work`` is done. Raises Stuck."""
        events._set_running_loop(self)
        try:
            task: asyncio.Task[T] = self.create_task(work)
            while not task.done():
                self._turn()
            return task.result()
        finally:
            self.over = True
            self._sweep()
            events._set_running_loop(None)

    def _sweep(self) -> None:
        """Close what is left of tasks, those of dead processes above all; the log refuses every call by now."""
        for left in self.tasks:
            left._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio keeps it to itself
            if not left.done():
                with suppress(RuntimeError, GeneratorExit):
                    left.get_coro().close()

    def _turn(self) -> None:
        self._steps += 1
        if self._steps > STEPS_MAX:
            raise Stuck(f"more than {STEPS_MAX} steps at {self._now:.1f} s")
        if not self._drawable:
            if not self._later:
                raise Stuck(f"nothing left to happen at {self._now:.1f} s")
            self._now = max(self._now, self._later[0][0])
        while self._later and self._later[0][0] <= self._now:
            self._drawable.append(heapq.heappop(self._later)[2])
        if not self._drawable:
            return
        n = self.rng.randrange(len(self._drawable))
        self._drawable[n], self._drawable[-1] = self._drawable[-1], self._drawable[n]
        handle = self._drawable.pop()
        process: Process | None = handle._context.get(current_process)  # type: ignore[attr-defined]  # asyncio keeps it to itself
        if handle.cancelled() or (process is not None and not process.alive):
            return
        if process is not None and process.frozen:
            self._held.append(handle)
        else:
            handle._run()
