"""Puts the real parts of the gateway together: Kafka behind the ports, the core's board behind the reads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from config.catalogue import load_definitions
from config.settings import Settings
from gateway.alerts.book import ROLE as ALERTS
from gateway.alerts.book import AlertBook
from gateway.alerts.routes import Actions
from gateway.app import Parts
from gateway.behind.desk import desk_of as behind_desk
from gateway.broadcast import Broadcast
from gateway.ingest import Ingest
from gateway.keyring import Keyring
from gateway.letters.desk import LettersDesk
from gateway.letters.log import open_letters
from gateway.letters.sending import Redriver
from gateway.log_reader import LogReader
from gateway.log_writer import LogWriter
from gateway.metrics import GatewayMetrics
from gateway.progress import KafkaProgress
from gateway.reading import Reading
from gateway.replica import Replica
from gateway.screens import Screens
from gateway.staleness import Staleness
from gateway.verdicts.desk import desk_of as verdict_desk
from gateway.wall.frame import Wall
from gateway.wall.wins import ROLE, WinFeed
from stream.board.stage import BoardStage
from stream.catalogue.catalogue import Catalogue

READ_ROLES = ("activity", "cells", "organisation", "board_state")
WRITTEN_ROLES = ("activity", "organisation", "dead_letters", "redrives", "alert_actions")
TOPICS_PAUSE_S = 2.0

log = logging.getLogger(__name__)


class TopicsNotReady(Exception):
    """The topics could not be created or checked. The text says why, in one line."""


def wire(settings: Settings, ensure_topics: Callable[[], None]) -> Parts:
    """The gateway of these settings. ``ensure_topics`` blocks for some seconds at most and raises TopicsNotReady.

    Call it inside the event loop that serves.
    """
    topics, brokers, signing_key = settings.topics, settings.kafka_brokers, settings.signing_key.encode()
    metrics = GatewayMetrics()

    def reader() -> LogReader:
        return LogReader(brokers, {role: topics.name_of(role) for role in READ_ROLES}, signing_key)

    def only(role: str) -> LogReader:
        return LogReader(brokers, {role: topics.name_of(role)}, signing_key)

    def stage(partition: int, partitions: int) -> BoardStage:
        return BoardStage(partition, partitions=partitions, generation=settings.generation, follower=True)

    replica = Replica(reader, stage, metrics)
    staleness = _staleness(settings, replica, metrics)
    catalogue = Catalogue(load_definitions())
    reading = Reading(replica.boards, replica.gate, catalogue, lambda: staleness.is_stale)
    feed, book = WinFeed(lambda: only(ROLE)), AlertBook()
    broadcast = Broadcast(_wall(replica, staleness, catalogue, feed, book).frame, replica.changed, metrics)
    topics_there = asyncio.Event()
    writer = LogWriter(brokers, {role: topics.name_of(role) for role in WRITTEN_ROLES})
    ingest = Ingest(writer, signing_key, metrics.events_judged)
    redriver = Redriver(writer, signing_key)
    actions = Actions(writer, "alert_actions")
    desk = LettersDesk(lambda known: open_letters(settings, known), redriver, metrics.letter_sent)
    verdicts, behind = (
        verdict_desk(settings),
        behind_desk(settings, replica.boards, catalogue, lambda: staleness.is_stale),
    )

    async def prepare() -> None:
        await _wait_for_topics(brokers, ensure_topics)
        topics_there.set()
        await asyncio.Event().wait()

    def learn_partitions(partitions: Mapping[str, int]) -> None:
        ingest.learn_partitions(partitions)
        redriver.learn_partitions(partitions)
        actions.learn_partitions(partitions["alert_actions"])

    def after_topics(run: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def started() -> None:
            await topics_there.wait()
            await run()

        return started

    background: dict[str, Callable[[], Awaitable[None]]] = {"topics": prepare, "broadcast": broadcast.run}
    background |= {"letters": desk.run, "verdicts": verdicts.run, "behind": behind.run}
    background |= {"writer": after_topics(lambda: writer.run(learn_partitions))}
    background |= {"replica": after_topics(replica.run), "wins": after_topics(feed.run)}
    background |= {"alerts": after_topics(lambda: book.follow(lambda: only(ALERTS)))}
    compare = partial(staleness.watch, lambda: KafkaProgress(brokers, topics, reader()).opened())
    background |= {"staleness": after_topics(compare)}
    keyring = Keyring(settings.api_keys, allow_backfill=settings.allow_backfill)
    parts = (ingest, lambda: writer.is_open, keyring, replica, reading, broadcast, metrics, background, desk)
    return Parts(
        *parts,
        screens=Screens(settings.screen_tokens),
        alerts=book,
        actions=actions,
        public_url=settings.public_url,
        verdicts=verdicts,
        behind=behind,
    )


def _staleness(settings: Settings, replica: Replica, metrics: GatewayMetrics) -> Staleness:
    """Screens get a frame as soon as values turn stale, and fresh again."""
    offsets, turned = replica.offsets, replica.changed.set
    return Staleness(offsets, metrics.staleness_judged, stale_after_s=settings.stale_after_s, turned=turned)


def _wall(replica: Replica, staleness: Staleness, catalogue: Catalogue, feed: WinFeed, book: AlertBook) -> Wall:
    return Wall(
        replica.boards,
        replica.gate,
        catalogue,
        is_ready=lambda: replica.is_ready,
        is_stale=lambda: staleness.is_stale,
        wins=feed.recent,
        alerts=book.of,
        changed=replica.changed,
    )


async def _wait_for_topics(brokers: str, ensure_topics: Callable[[], None]) -> None:
    """Until the topics are there; says once why they aren't."""
    said = ""
    while True:
        try:
            await asyncio.to_thread(ensure_topics)
            return
        except TopicsNotReady as exc:
            if str(exc) != said:
                said = str(exc)
                log.warning("the topics at %s can't be used yet, trying on: %s", brokers, said)
            await asyncio.sleep(TOPICS_PAUSE_S)
