"""`/metrics` of a worker: its operational counters and, of BOARD, the values of the KPIs."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from agents.app import StageApp
from agents.metrics import Metrics
from config.catalogue import load_definitions
from stream.accounts.stage import AccountsStage
from stream.board.board import Board
from stream.board.stage import BoardStage
from stream.board.values import every_value
from stream.catalogue.catalogue import Catalogue
from views.exposition import render

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
            # States are read on the worker's loop: there no fold is half done.
            body = asyncio.run_coroutine_threadsafe(exposition(metrics, app), loop).result(RENDER_LIMIT_S)
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


async def exposition(metrics: Metrics, app: StageApp) -> bytes:
    """Everything a scrape gets."""
    counts: Counter[tuple[str, str, str]] = Counter()
    ignored: Counter[tuple[str, str, str]] = Counter()
    boards: dict[str, Board] = {}
    for slot in app.crew.slots.values():
        if isinstance(slot.stage, AccountsStage | BoardStage):
            for (tenant, source), verdicts in slot.stage.tallies.by_source.items():
                for verdict, count in verdicts.items():
                    counts[tenant, source, str(verdict)] += count
            for (tenant, source), fields in slot.stage.tallies.ignored.items():
                for name, count in fields.items():
                    ignored[tenant, source, name] += count
        if isinstance(slot.stage, BoardStage):
            boards |= slot.stage.tenants
    metrics.events_judged(counts)
    metrics.fields_ignored(ignored)
    kpis = render(boards, _catalogue(), int(time.time() * 1000), read=every_value) if boards else b""
    return metrics.exposition() + kpis


@functools.cache
def _catalogue() -> Catalogue:
    return Catalogue(load_definitions())
