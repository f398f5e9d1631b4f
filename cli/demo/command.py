"""The `salespulse demo` command."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from cli.broker import BrokerUnavailable
from cli.demo.check import check, count_letters
from cli.demo.company import REPS_MAX, TENANT
from cli.demo.history import Plan
from cli.demo.incidents import SCENARIOS
from cli.demo.keeping import Letterbox, NobodyPlays, home, kept, remove_all
from cli.demo.log import read_everything
from cli.demo.recompute import Spreadsheet
from cli.demo.running import Course, since_start_s
from cli.demo.screen import Screen
from cli.demo.watch import POLL_S, BoardWatch, touches_counted
from cli.endings import UsageError, fail
from cli.publishing import BrokerAbsent, Publisher
from cli.stack import Stack, StackFailed, end_on_signals
from cli.topics import BrokerAway
from config.settings import Settings, load_settings

ONCE_SPEED, ONCE_LIVE_S = 800.0, 8.0
SEEN_LIMIT_S = 30.0
CHECK_LIMIT_S = 60.0
LETTERS_LIMIT_S = 15.0
COMPLETE_LIMIT_S = 900.0
END_LIMIT_S = 15.0

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@dataclass(frozen=True)
class Wanted:
    """What the user asked for."""

    once: bool
    seed: int
    reps: int
    days: int
    speed: float
    place: Path | None
    scenario: str | None


@app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    *,
    once: Annotated[bool, typer.Option("--once", help="end after a short live phase and the self-check")] = False,
    seed: Annotated[int, typer.Option(help="another seed tells another story")] = 1,
    reps: Annotated[int, typer.Option(min=2, max=REPS_MAX)] = 40,
    days: Annotated[int, typer.Option(min=1, max=365, help="length of the history")] = 90,
    speed: Annotated[float, typer.Option(min=0.1, max=5_000, help="how much more happens than in real life")] = 30.0,
    keep: Annotated[bool, typer.Option(help="keep the history for the next start")] = True,
    folder: Annotated[Path | None, typer.Option(help="keep it there, not in the cache folder")] = None,
    scenario: Annotated[str | None, typer.Option(help=f"play one at once: {', '.join(SCENARIOS[:-1])}")] = None,
    publish_only: Annotated[bool, typer.Option("--publish-only", help="only publish, to KAFKA_BROKERS")] = False,
) -> None:
    """Run everything with a made-up company: months of its sales in seconds, then live events until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    if scenario is not None and scenario not in SCENARIOS:
        raise UsageError(f"there is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    place = (folder or home()) if keep else None
    wanted = Wanted(once, seed, reps, days, speed, place, scenario)
    end_on_signals()
    try:
        with Screen() as screen:
            if publish_only:
                asyncio.run(_only_publish(wanted, screen))
            else:
                _run(wanted, screen)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    except (StackFailed, BrokerUnavailable, BrokerAway, BrokerAbsent) as exc:
        raise fail(str(exc)) from None


@app.command("play", short_help="Let an incident happen in the running demo.")
def play(scenario: Annotated[str, typer.Argument(help=", ".join(SCENARIOS))]) -> None:
    """Let an incident happen in the demo that runs here; `calm` ends it."""
    if scenario not in SCENARIOS:
        raise UsageError(f"there is no scenario {scenario!r}; there are {', '.join(SCENARIOS)}")
    try:
        typer.echo(Letterbox().ask(scenario))
    except NobodyPlays as exc:
        raise fail(str(exc)) from None


@app.command("reset", short_help="Remove every kept history.")
def reset() -> None:
    """Remove every kept history; the next demo begins anew."""
    if not remove_all():
        raise fail("a demo runs on a kept history; end it first")
    typer.echo("removed")


def _run(wanted: Wanted, screen: Screen) -> None:
    settings = load_settings()
    has_own_kafka = "kafka_brokers" in settings.model_fields_set
    with ExitStack() as open_things:
        folder = open_things.enter_context(_folder(wanted, screen, has_own_kafka=has_own_kafka))
        # On somebody's own cluster each run has topics of its own: an earlier run's events would be counted with it.
        prefix = settings.topic_prefix + (f"demo-{int(time.time())}-" if has_own_kafka else "")
        stack = Stack(
            brokers=settings.kafka_brokers if has_own_kafka else None,
            port=settings.port,
            settings={"SALESPULSE_ALLOW_BACKFILL": "true", "SALESPULSE_TOPIC_PREFIX": prefix},
            folder=folder,
            worker=False,
            wait=False,
            say=screen.step,
        )
        open_things.enter_context(stack)
        screen.say(f"board    {stack.address}/")
        screen.say(f"values   {stack.address}/v1/values?tenant={TENANT}")
        screen.say(f"Kafka    {stack.brokers}")
        own = load_settings(kafka_brokers=stack.brokers, topic_prefix=prefix)
        as_of_ms = asyncio.run(_tell(wanted, own, stack, screen, folder))
        if wanted.once and not _is_right(own, as_of_ms, stack, screen):
            raise typer.Exit(1)


@contextmanager
def _folder(wanted: Wanted, screen: Screen, *, has_own_kafka: bool) -> Iterator[Path | None]:
    """Where the history is kept; None where it isn't."""
    if has_own_kafka or wanted.place is None:
        yield None
        return
    with kept(wanted.place, seed=wanted.seed, reps=wanted.reps, days=wanted.days) as folder:
        if folder is None:
            screen.say("another demo runs here: this one keeps nothing")
        yield folder


async def _tell(wanted: Wanted, own: Settings, stack: Stack, screen: Screen, folder: Path | None) -> int:
    """Publish everything until Ctrl-C, or for a while; when it ended, epoch milliseconds."""
    async with Publisher(own) as publisher:
        course = Course(publisher, own, screen, _plan(wanted), folder)
        await course.look_back()
        if course.resumes:
            await course.gap()
            stack.start("worker")
        else:
            stack.start("worker")
            await course.history()
        await asyncio.to_thread(stack.wait_ready)
        await _complete(course, stack, screen)
        try:
            hears = folder is not None and wanted.place == home()
            await _live(course, wanted, stack, screen, Letterbox() if hears else None)
        finally:
            # Also after Ctrl-C: nothing that has happened is lost, and the next start is quick. Without a broker the
            # next one finds out from the log how far this one came.
            with suppress(TimeoutError, BrokerAbsent, KafkaError):
                await asyncio.wait_for(course.end(), END_LIMIT_S)
    return _now_ms()


async def _complete(course: Course, stack: Stack, screen: Screen) -> None:
    """Wait until the board has counted the whole history."""
    screen.begin("counting the history", course.touches)
    limit, counted = time.monotonic() + COMPLETE_LIMIT_S, 0
    while counted < course.touches:
        stack.check()
        if time.monotonic() > limit:
            raise StackFailed(f"the board has counted {counted:,} of {course.touches:,} touches; see {stack.logs}")
        found = await asyncio.to_thread(touches_counted, stack.address)
        screen.advance(found - counted)
        counted = found
        await asyncio.sleep(POLL_S)
    screen.say(f"counted  the history, {since_start_s():.1f} s after the command")


async def _live(course: Course, wanted: Wanted, stack: Stack, screen: Screen, letterbox: Letterbox | None) -> None:
    stack.keep()
    watch = BoardWatch(stack.address)
    await asyncio.to_thread(watch.start)
    until = time.monotonic() + ONCE_LIVE_S if wanted.once else None
    speed = ONCE_SPEED if wanted.once else wanted.speed
    is_seen = False

    def look() -> bool:
        nonlocal is_seen
        stack.check()
        if watch.moved_at is not None and not is_seen:
            is_seen = True
            ago = time.monotonic() - watch.moved_at
            screen.say(
                f"live     the first live number was on the board {since_start_s() - ago:.1f} s after the command"
            )
        return until is None or time.monotonic() < (until if is_seen else until + SEEN_LIMIT_S)

    screen.say(f"now      {course.at_work()}, {speed:g} times as busy as in real life")
    screen.begin("live events" if wanted.once else "live events until Ctrl-C", None)
    if letterbox is not None:
        letterbox.empty()
    if wanted.scenario is not None:
        await course.play(wanted.scenario)
    await course.live(speed=speed, letterbox=letterbox, look=look)


async def _only_publish(wanted: Wanted, screen: Screen) -> None:
    """The company without a pipeline of its own: somebody else runs that."""
    settings = load_settings()
    async with Publisher(settings) as publisher:
        course = Course(publisher, settings, screen, _plan(wanted))
        await course.look_back()
        if course.resumes:
            await course.gap()
        else:
            await course.history()
        screen.begin("live events until Ctrl-C", None)
        await course.live(speed=wanted.speed, letterbox=None, look=lambda: True)


def _is_right(own: Settings, as_of_ms: int, stack: Stack, screen: Screen) -> bool:
    screen.step("adding everything up by hand")
    events, broken = asyncio.run(read_everything(own))
    expected = Spreadsheet(events).values(as_of_ms)
    screen.step("comparing with the API")
    outcome = check(stack.address, expected, as_of_ms=as_of_ms, limit_s=CHECK_LIMIT_S)
    letters = count_letters(stack.address, at_least=broken, limit_s=LETTERS_LIMIT_S)
    if letters != broken:
        outcome.differences.append(f"{broken} broken lines were published, and there are {letters} dead letters")
    screen.outcome(outcome)
    screen.say(f"{letters} dead letters for {broken} broken lines")
    return not outcome.differences


def _plan(wanted: Wanted) -> Plan:
    return Plan.until(_now_ms(), seed=wanted.seed, reps=wanted.reps, days=wanted.days)


def _now_ms() -> int:
    return int(time.time() * 1000)
