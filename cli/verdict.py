"""The `salespulse verdict` command: what became of one event."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Annotated

import typer

from cli.endings import fail
from config.settings import Settings, load_settings
from gateway.keyring import DEFAULT_TENANT
from gateway.verdicts import shown
from gateway.verdicts.desk import NoAnswerYet, Story, VerdictDesk, desk_of
from gateway.verdicts.identity import Identity


def verdict(
    source: Annotated[str, typer.Argument(help="the event's source")],
    subject: Annotated[str, typer.Argument(help="its account; of an event of the organisation the tenant")],
    event_id: Annotated[str, typer.Argument(metavar="ID", help="its id")],
    *,
    tenant: Annotated[str, typer.Option(help="whose event it is")] = DEFAULT_TENANT,
) -> None:
    """Say what became of an event, as JSON: each record that bore its identity, with its verdict."""
    wanted = Identity(tenant, subject, source, event_id)
    found = asyncio.run(_ask(load_settings(), wanted))
    if not found.told:
        raise fail(f"no record of {source}#{event_id} (subject {subject}, tenant {tenant}) has arrived")
    typer.echo(json.dumps(shown.story(wanted, found), indent=2, ensure_ascii=False))


async def _ask(settings: Settings, wanted: Identity) -> Story:
    # The client logs every attempt; the line below says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    desk = desk_of(settings)
    try:
        return await _answered(desk, wanted)
    except NoAnswerYet as exc:
        raise fail(f"{settings.kafka_brokers}: {exc}") from None
    finally:
        await desk.close()


async def _answered(desk: VerdictDesk, wanted: Identity) -> Story:
    """The answer, however long the log: nobody else waits here. Raises NoAnswerYet where no more is read."""
    while True:
        known = desk.known
        try:
            return await desk.ask(wanted, asker="")
        except NoAnswerYet:
            if desk.known == known:
                raise
