"""The wallboard at `/`: our own files and two vendored ones, read once, under a policy that lets nothing else in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from gateway.screens import COOKIE, COOKIE_S, Screens, bearer

FOLDER = Path(__file__).parent / "static"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
}
WORKER = "worker.js"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self'; "
        "img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def add(app: FastAPI, screens: Screens) -> None:
    """Serve the page and its files, and let a screen show its token."""
    app.get("/")(_serving(FOLDER / "index.html"))
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in TYPES and path.suffix != ".html" and path.name != WORKER:
            app.get(f"/static/{path.relative_to(FOLDER).as_posix()}")(_serving(path))
    # A service worker rules only the folder it is served from.
    app.get(f"/{WORKER}")(_serving(FOLDER / WORKER))

    @app.post("/v1/screen")
    async def screen(request: Request) -> Response:
        """A token becomes a cookie, which the stream of events needs: it can't send headers."""
        token = bearer(request.headers.get("authorization"))
        if screens.is_open:
            return Response(status_code=204)
        if token is None or screens.tenant(token) is None:
            return Response(b'{"detail":"this screen token is unknown"}', 401, media_type="application/json")
        answer = Response(status_code=204)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, token, max_age=COOKIE_S, httponly=True, samesite="strict", secure=secure)
        return answer


def _serving(path: Path) -> Callable[[], Coroutine[Any, Any, Response]]:
    content, media_type = path.read_bytes(), TYPES[path.suffix]

    async def serve() -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return serve
