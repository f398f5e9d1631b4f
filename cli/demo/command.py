"""The `salespulse demo` command."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated

import typer

from cli.broker import BrokerUnavailable
from cli.demo.check import check
from cli.demo.company import TENANT
from cli.demo.history import Demo, to_json
from cli.demo.recompute import Spreadsheet
from cli.demo.screen import Screen
from cli.endings import fail
from cli.publishing import BrokerAbsent, Publisher
from cli.stack import Stack, StackFailed, end_on_signals
from cli.topics import BrokerAway
from config.settings import Settings, load_settings
from schemas.event import Event, decode

CHUNK = 500
LIVE_PER_SECOND = 3.0
ONCE_PER_SECOND, ONCE_LIVE_S = 25.0, 8.0
CHECK_LIMIT_S = 60.0


def demo(
    *,
    once: Annotated[bool, typer.Option("--once", help="end after a short live phase and the self-check")] = False,
    seed: Annotated[int, typer.Option(help="another seed tells another story")] = 1,
    reps: Annotated[int, typer.Option(min=2, max=200)] = 8,
    days: Annotated[int, typer.Option(min=1, max=365, help="length of the history")] = 30,
) -> None:
    """Run everything with a made-up company: a month of its sales in seconds, then live events until Ctrl-C."""
    settings = load_settings()
    has_own_kafka = "kafka_brokers" in settings.model_fields_set
    # On somebody's own cluster each run has topics of its own: an earlier run's events would be counted with it.
    prefix = settings.topic_prefix + (f"demo-{int(time.time())}-" if has_own_kafka else "")
    given = {"SALESPULSE_ALLOW_BACKFILL": "true", "SALESPULSE_TOPIC_PREFIX": prefix}
    end_on_signals()
    try:
        with (
            Screen() as screen,
            Stack(
                brokers=settings.kafka_brokers if has_own_kafka else None,
                port=settings.port,
                settings=given,
                say=screen.step,
            ) as stack,
        ):
            screen.say(f"page     {stack.address}/")
            screen.say(f"values   {stack.address}/v1/values?tenant={TENANT}")
            screen.say(f"Kafka    {stack.brokers}")
            story = Demo(seed=seed, reps=reps, days=days, now_ms=_now_ms())
            own = load_settings(kafka_brokers=stack.brokers, topic_prefix=prefix)
            asyncio.run(_publish(story, own, stack, screen, once=once))
            if once and not _is_right(story, stack, screen):
                raise typer.Exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    except (StackFailed, BrokerUnavailable, BrokerAway, BrokerAbsent) as exc:
        raise fail(str(exc)) from None


async def _publish(story: Demo, settings: Settings, stack: Stack, screen: Screen, *, once: bool) -> None:
    async with Publisher(settings) as publisher:
        history = [(to_json(event)) for event in story.history()]
        screen.begin("publishing the history", len(history))
        started = time.monotonic()
        for begin in range(0, len(history), CHUNK):
            chunk = history[begin : begin + CHUNK]
            for raw in chunk:
                publisher.add(raw, _decoded(raw))
            await publisher.flush()
            screen.advance(len(chunk))
        screen.say(f"history  {len(history):,} events published in {time.monotonic() - started:.1f} s")
        screen.begin("live events until Ctrl-C" if not once else "live events", None)
        until = time.monotonic() + ONCE_LIVE_S if once else None
        while until is None or time.monotonic() < until:
            await _send_live(story, publisher, screen)
            stack.check()
            await asyncio.sleep(story.pause_s(ONCE_PER_SECOND if once else LIVE_PER_SECOND))
        for event in story.rest():
            raw = to_json(event)
            publisher.add(raw, _decoded(raw))


async def _send_live(story: Demo, publisher: Publisher, screen: Screen) -> None:
    for event in story.live(_now_ms()):
        raw = to_json(event)
        publisher.add(raw, _decoded(raw))
        screen.advance(1)
    await publisher.flush()


def _is_right(story: Demo, stack: Stack, screen: Screen) -> bool:
    as_of_ms = _now_ms()
    screen.step("adding everything up by hand")
    expected = Spreadsheet(story.published).values(as_of_ms)
    screen.step("comparing with the API")
    outcome = check(stack.address, expected, as_of_ms=as_of_ms, limit_s=CHECK_LIMIT_S)
    screen.outcome(outcome)
    return not outcome.differences


def _decoded(raw: bytes) -> Event:
    event = decode(raw)
    assert isinstance(event, Event), event
    return event


def _now_ms() -> int:
    return int(time.time() * 1000)
