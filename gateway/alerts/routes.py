"""The alerts' routes: who asks, what people want done, and the answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import msgspec
from fastapi import FastAPI, Request, Response

from gateway.alerts.book import AlertBook
from gateway.keyring import Keyring
from gateway.log_writer import LogUnavailable, LogWriter
from gateway.records import Outgoing
from schemas.alert import OPEN, AlertAction, AlertRecord, State, encode_alert
from schemas.alert_view import view
from schemas.instants import milliseconds_of
from schemas.partitioning import home_partition
from schemas.plain_json import MalformedJson, parse

STATES: dict[str, tuple[State, ...]] = {"open": OPEN, "resolved": ("resolved",), "all": (*OPEN, "resolved")}
SNOOZE_MAX_S = 30 * 24 * 3600
NOTE_CHARS = 500
BODY_MAX = 16 * 1024
MEMBERS = {"acknowledge": ("note", "by"), "snooze": ("note", "by", "until", "for_s", "unless_worse")}

Confine = Callable[[Request, str | None], str | None]
"""The tenant that a request may read (None: all), of the one it names. Raises what the application answers."""
_encode = msgspec.json.encode


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class Actions:
    """Writes down what people do about alerts."""

    def __init__(self, writer: LogWriter, role: str) -> None:
        self._writer, self._role = writer, role
        self._partitions = 0

    def learn_partitions(self, partitions: int) -> None:
        """How many partitions the topic of actions has."""
        self._partitions = partitions

    async def write(self, record: AlertRecord, action: AlertAction) -> None:
        """Write an action where the alert's judge reads it. Raises Refused."""
        if not self._partitions:
            raise Refused(503, "the log can't be written to yet; try again")
        home = home_partition(record.tenant.encode(), self._partitions)
        try:
            written = await self._writer.append([Outgoing(self._role, home, record.key, encode_alert(action), ())])
        except LogUnavailable as exc:
            raise Refused(503, str(exc)) from exc
        if not all(written):
            raise Refused(503, "the log did not confirm the action; try again, twice does no harm")


def add(
    app: FastAPI, book: AlertBook, actions: Actions, keyring: Keyring, confine: Confine, public_url: str = ""
) -> None:
    """Serve the alerts of each asker."""

    def answered(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def guarded(request: Request) -> Response:
            try:
                return await answer(request)
            except Refused as exc:
                return _json({"detail": str(exc)}, exc.status)

        return guarded

    async def alerts(request: Request) -> Response:
        """The open alerts, or those of another state."""
        given = _parameters(request, ("tenant", "state"))
        tenant, state = confine(request, given.get("tenant")), given.get("state", "open")
        if state not in STATES:
            raise Refused(400, f'state is "{state}"; allowed are {", ".join(STATES)}')
        if not book.is_ready:
            raise Refused(503, "the alerts have not been read yet; try again")
        return _json({"alerts": [view(record, public_url) for record in book.of(tenant, STATES[state])]})

    def acting(kind: Literal["acknowledge", "snooze"]) -> Callable[[Request], Awaitable[Response]]:
        async def act(request: Request) -> Response:
            record = _theirs(request, book, keyring)
            action = _action(kind, record, await _body(request, MEMBERS[kind]), time.time_ns() // 1_000_000)
            await actions.write(record, action)
            return _json({"id": record.id, "accepted": kind}, 202)

        return act

    app.get("/v1/alerts")(answered(alerts))
    app.post("/v1/alerts/{alert_id}/acknowledge")(answered(acting("acknowledge")))
    app.post("/v1/alerts/{alert_id}/snooze")(answered(acting("snooze")))


def _theirs(request: Request, book: AlertBook, keyring: Keyring) -> AlertRecord:
    """The open alert that a request is about, if its key is of the alert's tenant."""
    publisher = keyring.publisher(request.headers.get("authorization"))
    if publisher is None:
        raise Refused(401, "an API key is needed: Authorization: Bearer KEY")
    record = book.find(request.path_params["alert_id"])
    is_theirs = keyring.is_open or publisher.operator
    if record is None or not (is_theirs or record.tenant == publisher.tenant):
        raise Refused(404, f"there is no alert {request.path_params['alert_id']}")
    if not record.is_open:
        raise Refused(409, f"the alert is {record.state}; only an open one can be acknowledged or snoozed")
    return record


def _action(
    kind: Literal["acknowledge", "snooze"], record: AlertRecord, given: dict[str, Any], now_ms: int
) -> AlertAction:
    note, actor = _text(given, "note"), _text(given, "by")
    until_ms, unless_worse = None, given.get("unless_worse", True)
    if not isinstance(unless_worse, bool):
        raise Refused(400, "unless_worse must be true or false")
    if kind == "snooze":
        until_ms = _until(given, now_ms)
    return AlertAction(
        record.tenant,
        record.alert,
        record.scope,
        record.fired_ms or 0,
        kind,
        now_ms,
        actor,
        note,
        until_ms,
        unless_worse,
    )


def _until(given: dict[str, Any], now_ms: int) -> int:
    if ("until" in given) == ("for_s" in given):
        raise Refused(400, 'one of "until" (RFC 3339) and "for_s" (seconds) has to be given')
    if "until" in given:
        until_ms = milliseconds_of(given["until"]) if isinstance(given["until"], str) else None
    else:
        for_s = given["for_s"]
        until_ms = now_ms + for_s * 1_000 if isinstance(for_s, int) and not isinstance(for_s, bool) else None
    if until_ms is None or not now_ms < until_ms <= now_ms + SNOOZE_MAX_S * 1_000:
        raise Refused(400, f"a snooze has to end in the future, within {SNOOZE_MAX_S // 86_400} days")
    return until_ms


def _text(given: dict[str, Any], name: str) -> str:
    text = given.get(name, "")
    if not isinstance(text, str) or len(text) > NOTE_CHARS:
        raise Refused(400, f"{name} must be a text of at most {NOTE_CHARS} characters")
    return text


def _parameters(request: Request, names: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, text in request.query_params.multi_items():
        if name not in names or name in given:
            raise Refused(400, f'parameter "{name}" is unknown or given twice; allowed are {", ".join(names)}')
        given[name] = text
    return given


async def _body(request: Request, members: tuple[str, ...]) -> dict[str, Any]:
    """The members of the body; none where there is no body."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_MAX:
            raise Refused(413, f"the body is longer than {BODY_MAX} bytes")
    if not body.strip():
        return {}
    # A page of somebody else's can post forms in a reader's name, but no JSON.
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refused(415, "the body has to be application/json")
    try:
        given = parse(body)
    except MalformedJson as exc:
        raise Refused(400, f"the body is malformed JSON: {exc}") from None
    if not isinstance(given, dict) or not set(given) <= set(members):
        raise Refused(400, f"the body must be an object with none but these members: {', '.join(members)}")
    return given


def _json(answer: object, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": "1"} if status == 503 else {})
    return Response(_encode(answer), status, headers, "application/json")
