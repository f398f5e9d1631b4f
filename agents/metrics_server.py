"""`/metrics` of a worker: its operational counters and, of BOARD, the values of the KPIs."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.app import StageApp
from agents.metrics import Metrics
from config.topics import StageName

PORTS_TRIED = 50
RENDER_LIMIT_S = 5.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = logging.getLogger(__name__)


def serve_metrics(
    metrics: Metrics, app: StageApp, loop: asyncio.AbstractEventLoop, host: str, port: int
) -> ThreadingHTTPServer | None:
    """Serve on ``port``, or the next free one; None, with a line in the log, if none is free."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer every path alike."""
            # KPIs are read on the worker's loop: there no fold is half done.
            body = metrics.exposition() + asyncio.run_coroutine_threadsafe(_kpis(app), loop).result(RENDER_LIMIT_S)
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the standard library
            """A scrape is not worth a line."""

    for tried in range(port, port + PORTS_TRIED):
        try:
            server = ThreadingHTTPServer((host, tried), Handler)
        except OSError:
            continue
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log.info("metrics at http://%s:%d/metrics", host, tried)
        return server
    log.warning("no port between %d and %d is free; there are no metrics", port, port + PORTS_TRIED - 1)
    return None


async def _kpis(app: StageApp) -> bytes:
    """The KPI series of the tenants whose boards this worker owns; nothing for another stage."""
    if app.crew.spec.name != StageName.BOARD:
        return b""
    from config.catalogue import load_catalogue
    from views.exposition import render

    boards: dict[str, Any] = {}
    for slot in app.crew.slots.values():
        boards.update(getattr(slot.stage, "tenants", {}))
    rendered: bytes = render(boards, load_catalogue(), int(time.time() * 1000))
    return rendered
