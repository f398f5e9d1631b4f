"""`salespulse gateway`: events in and values out over HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket

import typer

from cli.endings import fail
from cli.topics import BrokerAway, WrongTopics, ensure_topics
from config.settings import Settings, load_settings

BACKLOG = 2_048
SHUTDOWN_S = 5


def gateway() -> None:
    """Serve the HTTP API and the live page. Start as many as are needed: each has a replica of its own."""
    from agents.logs import set_up_logging

    settings = load_settings()
    set_up_logging(settings.log_level, settings.log_format, "gateway")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=BACKLOG, reuse_port=False)
    except OSError as exc:
        raise fail(
            f"can't listen on {settings.host}:{settings.port}: {exc.strerror}; set SALESPULSE_HOST and SALESPULSE_PORT"
        ) from None
    import uvloop

    uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from gateway.app import create_app
    from gateway.wiring import TopicsNotReady, wire

    def ensure() -> None:
        try:
            ensure_topics(settings, limit_s=0)
        except (BrokerAway, WrongTopics) as exc:
            raise TopicsNotReady(str(exc)) from None

    app = create_app(wire(settings, ensure))
    host, port = listener.getsockname()[:2]
    typer.echo(f"SalesPulse gateway at http://{host}:{port}/", err=True)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_S,
        server_header=False,
    )
    server = uvicorn.Server(config)
    await server.serve(sockets=[listener])
    # An attempt to reach the broker may still sit in its thread; it has its own, short limit.
    await asyncio.get_running_loop().shutdown_default_executor()
