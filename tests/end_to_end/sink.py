"""A webhook sink: takes what is posted, checks the signature, remembers keys."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from agents.notify.webhook import KEY, SIGNATURE, TIMESTAMP, signature


class Sink:
    """Use as a context manager. The first ``refusals`` posts are answered 503, as by a receiver that is starting."""

    def __init__(self, secret: str = "", *, refusals: int = 0) -> None:
        self.posts: list[tuple[str, Any]] = []
        self.refused = 0
        self._lock = threading.Lock()
        sink = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Take a post."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with sink._lock:
                    is_refused = sink.refused < refusals
                    sink.refused += is_refused
                    if not is_refused:
                        sink.posts.append((self.headers.get(KEY, ""), json.loads(body)))
                if secret:
                    stamp = self.headers[TIMESTAMP]
                    assert self.headers[SIGNATURE] == signature(secret.encode(), stamp, body)
                self.send_response(503 if is_refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the standard library
                """Tests say what they saw themselves."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Sink:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def told(self) -> list[tuple[str, str, str]]:
        """(kind, alert, scope) of every key that came, each once, in order of arrival."""
        seen: dict[str, tuple[str, str, str]] = {}
        for key, body in list(self.posts):
            seen.setdefault(key, (body["kind"], body["alert"]["alert"], body["alert"]["scope"]))
        return list(seen.values())
