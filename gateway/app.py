"""The HTTP surface: routes and the background work behind them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from gateway import pages
from gateway.alerts import routes as alert_routes
from gateway.alerts.book import AlertBook
from gateway.behind import routes as behind
from gateway.behind.desk import BehindDesk
from gateway.bodies import MAX_BODY_BYTES, OVERSIZE, Form, form_of
from gateway.broadcast import Broadcast, TooManyClients
from gateway.ingest import RETRY_AFTER_S, Ingest, unread
from gateway.keyring import Keyring
from gateway.letters import routes as letters
from gateway.letters.desk import LettersDesk
from gateway.metrics import GatewayMetrics
from gateway.query import BadQuery, Selection, parse
from gateway.reading import Reading
from gateway.screens import COOKIE, Screens, bearer
from gateway.supervision import keep_running
from gateway.tables import QUESTIONS, Question
from gateway.verdicts import routes as verdicts
from gateway.verdicts.desk import VerdictDesk
from stream.board.windows import UnknownWindow
from stream.catalogue.catalogue import UnknownKpi, UnknownScope

JSON = "application/json"
NDJSON = "application/x-ndjson"
EXPOSITION = "text/plain; version=0.0.4; charset=utf-8"

_encode = msgspec.json.encode


class NotYours(Exception):
    """A key that is unknown, or another tenant's. ``status`` is the answer's."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Readiness(Protocol):
    """What decides whether the gateway may be sent requests."""

    @property
    def is_ready(self) -> bool: ...


@dataclass(frozen=True)
class Parts:
    """What the routes speak to; `gateway.wiring` puts the real ones together."""

    ingest: Ingest
    can_write: Callable[[], bool]
    keyring: Keyring
    replica: Readiness
    reading: Reading
    broadcast: Broadcast
    metrics: GatewayMetrics
    background: Mapping[str, Callable[[], Awaitable[None]]]
    letters: LettersDesk
    screens: Screens = field(default_factory=lambda: Screens({}))
    alerts: AlertBook = field(default_factory=AlertBook)
    actions: alert_routes.Actions | None = None
    public_url: str = ""
    verdicts: VerdictDesk | None = None
    behind: BehindDesk | None = None


def create_app(parts: Parts) -> FastAPI:
    """The application; its background work runs for as long as it is served."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(keep_running(name, work), name=name) for name, work in parts.background.items()]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    app = FastAPI(title="SalesPulse", lifespan=lifespan, openapi_url=None)
    _add_publishing(app, parts)
    _add_reading(app, parts)
    _add_tables(app, parts)
    _add_operation(app, parts)
    letters.add(app, parts.letters, parts.keyring)
    _add_alerts(app, parts)
    if parts.verdicts is not None:
        verdicts.add(app, parts.verdicts, parts.keyring)
    if parts.behind is not None:
        behind.add(app, parts.behind, parts.keyring, parts.screens)
    pages.add(app, parts.screens)
    return app


def _add_publishing(app: FastAPI, parts: Parts) -> None:
    @app.post("/v1/events")
    async def publish(request: Request) -> Response:
        """Take events: CloudEvents structured, in a batch, as NDJSON, or in binary mode."""
        publisher = parts.keyring.publisher(request.headers.get("authorization"))
        if publisher is None:
            return _refuse(401, "an API key is needed: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})
        form = form_of(request.headers.get("content-type", ""), request.headers)
        if form is None or request.headers.get("content-encoding", "identity") != "identity":
            taken = ", ".join(str(form) for form in Form if form is not Form.BINARY)
            return _refuse(
                415,
                f"this body is not taken; allowed are {taken} in UTF-8, uncompressed, or binary mode with ce- headers",
            )
        body = await _body(request)
        begun = time.perf_counter()
        if body is None:
            answer = unread(OVERSIZE)
        else:
            answer = await parts.ingest.take(form, body, request.headers, publisher, time.time_ns() // 1_000_000)
        parts.metrics.request_published(time.perf_counter() - begun)
        headers = {"Retry-After": str(RETRY_AFTER_S)} if answer.status == 503 else None
        return Response(_encode({"verdicts": answer.verdicts}), answer.status, headers, JSON)


def _add_reading(app: FastAPI, parts: Parts) -> None:
    @app.get("/v1/kpis")
    async def kpis() -> Response:
        """The catalogue: every KPI with its unit, formula, scopes and windows."""
        return Response(_encode(parts.reading.describe()), media_type=JSON)

    @app.get("/v1/values")
    async def values(request: Request) -> Response:
        """Values, one JSON object a line, sorted by KPI, scope and window."""
        try:
            selection = _confine(parse(request.query_params.multi_items()), parts, request)
            if not parts.replica.is_ready:
                return _not_ready()
            return Response(await parts.reading.lines(selection), media_type=NDJSON)
        except (BadQuery, UnknownKpi, UnknownScope, UnknownWindow) as exc:
            return _refuse(400, str(exc))
        except NotYours as exc:
            return _refuse(exc.status, str(exc))

    @app.get("/v1/stream")
    async def stream(request: Request) -> Response:
        """Server-sent events: snapshots of what the live page shows."""
        try:
            selection = _confine(parse(request.query_params.multi_items()), parts, request)
            frames = parts.broadcast.subscribe(selection.tenant)
        except BadQuery as exc:
            return _refuse(400, str(exc))
        except NotYours as exc:
            return _refuse(exc.status, str(exc))
        except TooManyClients as exc:
            return _refuse(503, str(exc), {"Retry-After": str(RETRY_AFTER_S)})
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def _add_tables(app: FastAPI, parts: Parts) -> None:
    def serve(path: str, question: Question) -> None:
        async def rows(request: Request) -> Response:
            try:
                asked = parse(request.query_params.multi_items(), names=question.parameters)
                selection = _confine(asked, parts, request)
                read = question.ask(selection)
                if not parts.replica.is_ready:
                    return _not_ready()
                return Response(await parts.reading.rows(selection, read), media_type=NDJSON)
            except (BadQuery, UnknownKpi, UnknownScope, UnknownWindow) as exc:
                return _refuse(400, str(exc))
            except NotYours as exc:
                return _refuse(exc.status, str(exc))

        app.add_api_route(path, rows, methods=["GET"])

    for path, question in QUESTIONS.items():
        serve(path, question)


def _add_operation(app: FastAPI, parts: Parts) -> None:
    @app.get("/healthz")
    async def healthz() -> Response:
        """Whether the process answers at all."""
        return Response(b'{"status":"ok"}', media_type=JSON)

    @app.get("/readyz")
    async def readyz() -> Response:
        """Whether the gateway may be sent requests: the replica has caught up once and the log can be written to."""
        state = {"replica": parts.replica.is_ready, "log": parts.can_write()}
        return Response(_encode(state), 200 if all(state.values()) else 503, media_type=JSON)

    @app.get("/metrics")
    async def metrics() -> Response:
        """The gateway's own. KPIs are shown by BOARD workers, each by the one that owns its tenant."""
        return Response(parts.metrics.exposition(), media_type=EXPOSITION)


def _add_alerts(app: FastAPI, parts: Parts) -> None:
    def confine(request: Request, tenant: str | None) -> str | None:
        try:
            return _confine(Selection(None, None, None, None, tenant), parts, request).tenant
        except NotYours as exc:
            raise alert_routes.Refused(exc.status, str(exc)) from exc

    if parts.actions is not None:
        alert_routes.add(app, parts.alerts, parts.actions, parts.keyring, confine, parts.public_url)


def _confine(selection: Selection, parts: Parts, request: Request) -> Selection:
    """A key or a screen's token that is presented confines the question to its tenant. Where there are tokens, one of
    the two is needed. Raises NotYours.
    """
    authorization = request.headers.get("authorization")
    own = parts.screens.tenant(bearer(authorization) if authorization is not None else request.cookies.get(COOKIE))
    if own is None and authorization is not None and not parts.keyring.is_open:
        publisher = parts.keyring.publisher(authorization)
        if publisher is None:
            raise NotYours(401, "the API key is unknown; leave the Authorization header out or give a known key")
        own = publisher.tenant
    if own is None and not parts.screens.is_open:
        raise NotYours(401, "a screen token or an API key is needed: Authorization: Bearer TOKEN")
    if own is None:
        return selection
    if selection.tenant not in (None, own):
        raise NotYours(403, f'tenant is "{selection.tenant}"; this key or token reads "{own}"')
    return replace(selection, tenant=own)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is longer than MAX_BODY_BYTES."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _not_ready() -> Response:
    return _refuse(
        503, "the replica has not caught up with the log yet; try again", {"Retry-After": str(RETRY_AFTER_S)}
    )


def _refuse(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    return Response(_encode({"detail": detail}), status, headers, JSON)
