"""`/metrics` of a worker over HTTP, and `/healthz`."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agents.scrapes import Scrapes

PORTS_TRIED = 50
GATHER_LIMIT_S = 5.0
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

log = logging.getLogger(__name__)


class Answer(BaseHTTPRequestHandler):
    """Answers one request. A scrape is written in its own thread, from what the loop gave at one moment."""

    def __init__(self, scrapes: Scrapes, loop: asyncio.AbstractEventLoop, *of_the_server: Any) -> None:
        self._scrapes, self._loop = scrapes, loop
        super().__init__(*of_the_server)

    def do_GET(self) -> None:
        """Answer by the path."""
        if self.path == "/metrics":
            self._send(*self._scrape())
        elif self.path == "/healthz":
            self._send(HTTPStatus.OK, b"ok\n")
        else:
            self._send(HTTPStatus.NOT_FOUND, b"there is /metrics, and /healthz\n")

    def _scrape(self) -> tuple[HTTPStatus, bytes]:
        gathering = asyncio.run_coroutine_threadsafe(self._scrapes.gather(), self._loop)
        try:
            owned = gathering.result(GATHER_LIMIT_S)
        except TimeoutError:
            gathering.cancel()
            return HTTPStatus.SERVICE_UNAVAILABLE, b"the worker is busy with an epoch; ask again\n"
        return HTTPStatus.OK, self._scrapes.render(owned)

    def _send(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(body)))
        with suppress(ConnectionError):  # who asked has given up
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the standard library
        """A scrape is not worth a line."""


def serve_metrics(
    scrapes: Scrapes, loop: asyncio.AbstractEventLoop, host: str, port: int
) -> ThreadingHTTPServer | None:
    """Serve on ``port``, or the next free one; None, with a line in the log, if none is free. Nothing is compressed:
    that would take longer than everything else.
    """
    for tried in range(port, port + PORTS_TRIED):
        try:
            server = ThreadingHTTPServer((host, tried), partial(Answer, scrapes, loop))
        except OSError:
            continue
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        log.info("metrics at http://%s:%d/metrics", host, tried)
        return server
    log.warning("no port between %d and %d is free; there are no metrics", port, port + PORTS_TRIED - 1)
    return None
