"""`salespulse gateway`: events in and values out over HTTP."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from types import FrameType

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
    # The client library calls every attempt to reach a broker that is away an error; our own lines say it once.
    logging.getLogger("aiokafka").setLevel(logging.DEBUG if settings.log_level == "DEBUG" else logging.CRITICAL)
    try:
        listener = socket.create_server((settings.host, settings.port), backlog=BACKLOG)
    except OSError as exc:
        where = f"{settings.host}:{settings.port}"
        raise fail(f"can't listen on {where}: {exc.strerror}; set SALESPULSE_HOST and SALESPULSE_PORT") from None
    import uvloop

    uvloop.run(_serve(settings, listener))


async def _serve(settings: Settings, listener: socket.socket) -> None:
    import uvicorn

    from gateway.app import create_app
    from gateway.wiring import wire

    parts = wire(settings, preparing(settings))
    app = create_app(parts)
    host, port = listener.getsockname()[:2]
    typer.echo(f"SalesPulse gateway at http://{host}:{port}/", err=True)
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )
    loop = asyncio.get_running_loop()

    class Server(uvicorn.Server):
        """Ends the event streams first: it would wait for pages that are open to be closed."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(parts.broadcast.close)
            super().handle_exit(sig, frame)

    try:
        await Server(config).serve(sockets=[listener])
    except asyncio.CancelledError:
        # Ctrl-C while modules loaded, before uvicorn listens to signals: it would log where its lifespan was.
        logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        raise


def preparing(settings: Settings) -> Callable[[], None]:
    """What makes and checks the topics in one short attempt; raises gateway.wiring.TopicsNotReady."""
    from gateway.wiring import TopicsNotReady

    def ensure() -> None:
        try:
            ensure_topics(settings, limit_s=0)
        except (BrokerAway, WrongTopics) as exc:
            raise TopicsNotReady(str(exc)) from None

    return ensure
