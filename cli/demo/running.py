"""The demo's course: what was published before, the history, what has happened since, and then the present."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from cli.demo.company import DAY_MS, OFFICE, TENANT, DemoEvent, instant
from cli.demo.history import Demo, Plan, to_json
from cli.demo.incidents import Incidents, Played
from cli.demo.keeping import Letterbox
from cli.demo.log import log_ends, read_log
from cli.demo.memory import Memory, remember, remembered
from cli.demo.mishaps import Sent
from cli.demo.screen import Screen
from cli.demo.story import effective
from cli.demo.systems import HEARTBEAT, Systems
from cli.publishing import Publisher
from config.settings import Settings
from config.topics import Role
from schemas.event import encode_key

CHUNK = 2_000
TICK_S = 0.2
OFFICE_EVERY_MS = 60_000
GAP_MAX_MS = 14 * DAY_MS
"""What happened while nobody ran the demo is made up for so long; before that the company had closed."""
TOUCH = "sales.touch.logged"
CLOCK_TICKS = 100


class Course:
    """Publishes a company's events. ``plan`` is followed where the log holds no history yet."""

    def __init__(
        self, publisher: Publisher, settings: Settings, screen: Screen, plan: Plan, folder: Path | None = None
    ) -> None:
        self._publisher, self._settings, self._screen, self._folder = publisher, settings, screen, folder
        self._demo = Demo(plan)
        self._systems = Systems()
        self._incidents = Incidents(self._demo, self._systems)
        self._touches: set[str] = set()
        self._before = 0
        self._told_ms = plan.end_ms
        self.resumes = False
        """Whether a whole history was there already."""

    @property
    def touches(self) -> int:
        """How many touches stand after everything that was published."""
        return self._before + len(self._touches)

    async def look_back(self) -> None:
        """Find out what was published before; a history that was cut short is told again, word for word."""
        memory = remembered(self._folder, await log_ends(self._settings))
        if memory is not None:
            self._follow(memory.begin_ms, memory.end_ms, resumes=True)
            self._before, self._told_ms = memory.touches, memory.told_ms
            self._demo.floor.take_over(memory.accounts)
            return
        office = await read_log(self._settings, [Role.ORGANISATION])
        names = [e.id.split("-") for e in office if e.source == OFFICE and e.id.startswith("history-")]
        if names:
            begin_ms, end_ms = (int(part) for part in names[0][1:])
            self._follow(begin_ms, end_ms, resumes=any(event.type == HEARTBEAT for event in office))
        if self.resumes:
            self._screen.step("reading what was published before")
            events = effective(await read_log(self._settings, [Role.ACTIVITY]))
            self._before = sum(event.type == TOUCH for event in events)
            self._told_ms = max((event.time_ms for event in events), default=self._told_ms)
            self._demo.floor.recall(events)

    def _follow(self, begin_ms: int, end_ms: int, *, resumes: bool) -> None:
        """Go on with the history of that span, after it or from its beginning."""
        plan = replace(self._demo.plan, begin_ms=begin_ms, end_ms=end_ms)
        self._demo = Demo(plan, run=f"{_now_ms():x}-" if resumes else self._demo.run)
        self._incidents = Incidents(self._demo, self._systems)
        self.resumes, self._told_ms = resumes, end_ms

    async def history(self) -> None:
        """Publish the plan's span."""
        plan = self._demo.plan
        days = (plan.end_ms - plan.begin_ms) // DAY_MS
        expected = self._demo.expected(plan.begin_ms, plan.end_ms)
        await self._import(f"publishing {days} days of history", self._demo.history(), expected)

    async def gap(self) -> None:
        """Publish what happened since the log ends, as history, and then the heartbeats of those who are there."""
        now_ms = _now_ms()
        since_ms = max(self._told_ms, now_ms - GAP_MAX_MS)
        if since_ms > self._told_ms:
            self._screen.say(
                f"closed   from {instant(self._told_ms)} to {instant(since_ms)}: nothing is made up for that"
            )
        self._publish(self._demo.office.between(self._demo.plan.end_ms, now_ms))
        what = f"publishing what happened since {instant(since_ms)}"
        await self._import(what, self._demo.past(since_ms, now_ms), self._demo.expected(since_ms, now_ms))
        self._told_ms = now_ms
        self._publish(self._systems.beats(now_ms))
        await self._publisher.flush()

    async def _import(self, what: str, sent: Iterable[Sent], expected: int) -> None:
        self._screen.begin(what, expected)
        started, count, chunk = time.monotonic(), 0, 0
        for one in sent:
            self._add(one)
            chunk += 1
            if chunk == CHUNK:
                await self._publisher.pump()
                self._screen.advance(chunk)
                count, chunk = count + chunk, 0
        await self._publisher.flush()
        self._screen.advance(chunk)
        self._screen.say(f"history  {count + chunk:,} events published in {time.monotonic() - started:.1f} s")

    def at_work(self) -> str:
        """Who works at present, in words: at night and at weekends it is somebody else than in the morning."""
        duty = self._demo.on_duty(_now_ms())
        teams = ", ".join(sorted({rep.team for rep in duty})) or "customers only"
        return f"{len(duty)} of {len(self._demo.reps)} reps at work ({teams})"

    async def live(self, *, speed: float, letterbox: Letterbox | None, look: Callable[[], bool]) -> None:
        """Publish what happens, ``speed`` times as much as usual, while ``look`` says so. Wishes are played."""
        said_ms = _now_ms()
        while look():
            now_ms = _now_ms()
            happened = self._demo.live(self._told_ms, now_ms, speed=speed)
            count = self._publish(self._systems.passing(happened)) + self._publish(self._systems.beats(now_ms))
            self._told_ms = now_ms
            if now_ms - said_ms >= OFFICE_EVERY_MS:
                self._publish(self._demo.office.between(said_ms, now_ms))
                said_ms = now_ms
            over = self._incidents.due(now_ms)
            if over is not None:
                self._show(over)
            for wish in letterbox.wishes() if letterbox is not None else ():
                assert letterbox is not None
                letterbox.answer(wish, await self.play(wish))
            await self._publisher.flush()
            self._screen.advance(count)
            await asyncio.sleep(TICK_S)

    async def play(self, scenario: str) -> str:
        """Play an incident now; what was played, in words."""
        log = await read_log(self._settings, [Role.ACTIVITY])
        return self._show(self._incidents.play(scenario, log, _now_ms()))

    async def end(self) -> None:
        """Publish what is still on its way, and remember where everything stands."""
        self._publish(self._systems.speak_again())
        self._publish(self._demo.rest())
        await self._publisher.flush()
        if self._folder is not None:
            ends = await log_ends(self._settings)
            plan, accounts = self._demo.plan, self._demo.floor.accounts
            remember(self._folder, Memory(ends, plan.begin_ms, plan.end_ms, self._told_ms, self.touches, accounts))

    def _show(self, played: Played) -> str:
        self._publish(played.events)
        self._screen.say(f"incident {played.text}")
        return played.text

    def _publish(self, sent: Iterable[Sent]) -> int:
        count = 0
        for one in sent:
            self._add(one)
            count += 1
        return count

    def _add(self, one: Sent) -> None:
        is_office = isinstance(one, DemoEvent) and one.subject == TENANT
        role = Role.ORGANISATION if is_office else Role.ACTIVITY
        key = TENANT.encode() if is_office else encode_key(TENANT, one.subject)
        self._publisher.add_keyed(role, key, to_json(one))
        # A touch of an earlier run may be moved to somebody else: it is counted already.
        if isinstance(one, DemoEvent) and one.type == TOUCH and one.id.startswith(f"e-{self._demo.run}"):
            (self._touches.discard if one.voided else self._touches.add)(one.id)


def since_start_s() -> float:
    """How long ago this process was started: the stopwatch begins with the command, not with our first line."""
    started = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]) / CLOCK_TICKS
    return float(Path("/proc/uptime").read_text().split()[0]) - started


def _now_ms() -> int:
    return int(time.time() * 1000)
