"""The `salespulse redis` commands."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Coroutine
from typing import Annotated, Any

import typer
from redis.asyncio import Redis
from redis.exceptions import RedisError

from agents.epochs.kafka import KafkaLog
from agents.epochs.port import OutcomeUnknown
from agents.publishing.filling import OpenAlerts, fill
from agents.publishing.setup import address_of, ranks_of
from cli.endings import UsageError, fail
from cli.topics import BrokerAway, ensure_topics
from config.catalogue import load_definitions
from config.settings import Settings, load_settings
from config.topics import Role
from stream.catalogue.catalogue import Catalogue
from views import redis_keys as keys
from views.redis_view import RedisView, connect

CONNECT_LIMIT_S = 20.0
COMMIT_TIMEOUT_S = 30.0

redis = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@redis.callback()
def _redis() -> None:
    """Build the view in Redis anew, or show how it stands (docs/redis.md)."""


@redis.command()
def rebuild(
    *,
    flush_first: Annotated[
        bool, typer.Option("--flush-first", help="remove the whole view first; readers see none for a moment")
    ] = False,
) -> None:
    """Fill Redis from the topics of KPIs and alerts. Workers may go on meanwhile: what is newer stays."""
    settings = _settings()
    try:
        counts = ensure_topics(settings, limit_s=CONNECT_LIMIT_S)
    except BrokerAway as exc:
        raise fail(str(exc)) from None
    _run(settings, _rebuild(settings, counts[Role.KPIS], flush_first=flush_first))


@redis.command()
def show() -> None:
    """Say of each tenant for which moment its view holds, and how old that is."""
    settings = _settings()
    _run(settings, _show(settings))


def _settings() -> Settings:
    settings = load_settings()
    if not settings.redis_url:
        raise UsageError("SALESPULSE_REDIS_URL is not set; give it, such as redis://127.0.0.1:6379/0")
    return settings


def _run(settings: Settings, work: Coroutine[Any, Any, None]) -> None:
    """Run a command to its end; what is away is said in one line."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it logs every attempt; the lines below say it once
    try:
        asyncio.run(work)
    except RedisError as exc:
        raise fail(f"Redis at {address_of(settings.redis_url)} can't be used: {exc}") from None
    except OutcomeUnknown as exc:
        raise fail(f"the topics can't be read at {settings.kafka_brokers}: {exc}") from None


async def _rebuild(settings: Settings, partitions: int, *, flush_first: bool) -> None:
    begun_s = time.monotonic()
    client = connect(settings.redis_url)
    port = KafkaLog(
        settings.kafka_brokers,
        settings.topics,
        client_id="salespulse-redis",
        signing_key=settings.signing_key.encode(),
        commit_timeout_s=COMMIT_TIMEOUT_S,
        seek=_unused,
    )
    try:
        view = RedisView(client, ranks_of(Catalogue(load_definitions())))
        if flush_first:
            _say(f"{await view.flush()} keys removed")
        values = alerts = 0
        for number in range(partitions):
            filled = await fill(view, port, number, OpenAlerts(number, settings.public_url))
            values, alerts = values + filled.values, alerts + filled.alerts
            whose = f"{len(filled.stood)} tenant{'' if len(filled.stood) == 1 else 's'}"
            _say(
                f"partition {number + 1} of {partitions}: {whose}, {filled.values} values, {filled.alerts} open alerts"
            )
    finally:
        await port.close()
        await client.aclose()
    took_s = time.monotonic() - begun_s
    sys.stdout.write(f"{values} values and {alerts} open alerts are in Redis, {took_s:.1f} s\n")


async def _unused(*_: object) -> None:
    """No consumer of ours is fed by this log."""


async def _show(settings: Settings) -> None:
    client = connect(settings.redis_url)
    try:
        found = [str(key) async for key in client.scan_iter(match=keys.every_as_of(), count=1_000)]
        for key in sorted(found):
            sys.stdout.write(await _line(client, keys.tenant_of(key)) + "\n")
        if not found:
            sys.stdout.write("there is no view of any tenant; `salespulse redis rebuild` makes it\n")
    finally:
        await client.aclose()


async def _line(client: Redis, tenant: str) -> str:
    stood = {str(name): str(said) for name, said in (await client.hgetall(keys.as_of_key(tenant))).items()}
    alerts = await client.hlen(keys.alerts_key(tenant))
    age_s = time.time() - int(stood["as_of_ms"]) / 1_000
    stale = ", stale" if stood["stale"] == "1" else ""
    holds = f"{stood['values']} values, {alerts} open alerts"
    return f"{tenant}: as of {stood['as_of']}, read {age_s:.0f} s ago{stale}; {holds}"


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
