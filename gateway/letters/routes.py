"""The letters' routes: who asks, what for, and the answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response

from gateway.ingest import NOT_TAKEN, RETRY_AFTER_S
from gateway.keyring import Keyring
from gateway.letters import shown
from gateway.letters.desk import LettersAway, LettersDesk, Sent
from gateway.letters.judging import Rules
from gateway.letters.letter import Address, address_of
from gateway.letters.patching import Patch, Unpatchable, patch_from
from gateway.letters.selection import FILTERS, Order, one, parse_filters, read_cursor, spell
from gateway.query import BadQuery
from schemas.plain_json import MalformedJson, parse

PAGING = ("order", "limit", "cursor")
MEMBERS = ("patch", "set", "event", "revision", "dry_run")
DEFAULT_LIMIT, LIMIT_MAX = 50, 500
BODY_MAX = 256 * 1024
OPERATOR = "operator"

Answering = Callable[[Request], Awaitable[Response]]
_encode = msgspec.json.encode


class Refused(Exception):
    """An answer that is an error: its status, what is wrong, and headers."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.headers = status, headers


def add(app: FastAPI, desk: LettersDesk, keyring: Keyring) -> None:
    """Serve the letters of each asker."""
    counter = _Counter(desk, keyring)
    app.get("/v1/letters")(_guarded(counter.letters))
    app.get("/v1/letters/{address}")(_guarded(counter.letter))
    app.post("/v1/letters/{address}/send")(_guarded(counter.send))


class _Counter:
    """Takes questions, hands them to the desk under the asker's rights, and words the answers."""

    def __init__(self, desk: LettersDesk, keyring: Keyring) -> None:
        self._desk, self._keyring = desk, keyring

    async def letters(self, request: Request) -> Response:
        """A page of letters."""
        rules = self._rules_of(request)
        given: dict[str, list[str]] = {}
        for name, text in request.query_params.multi_items():
            if name not in (*FILTERS, *PAGING):
                raise BadQuery(f'parameter "{name}" is unknown; allowed are {", ".join((*FILTERS, *PAGING))}')
            given.setdefault(name, []).append(text)
        selection = parse_filters(given, _now_ms())
        if rules.publisher is not None and selection.tenant not in (None, rules.publisher.tenant):
            raise Refused(403, f'tenant is "{selection.tenant}"; this API key reads "{rules.publisher.tenant}"')
        order, spelled = _order(one(given, "order")), one(given, "cursor")
        cursor = None if spelled is None else read_cursor(spelled, order)
        found, rest = await self._desk.page(rules, selection, order, limit=_limit(one(given, "limit")), cursor=cursor)
        return _json({"letters": found, "cursor": None if rest is None else spell(rest)})

    async def letter(self, request: Request) -> Response:
        """A letter whole."""
        rules, address = self._rules_of(request), _address(request)
        found = await self._desk.show(rules, address, _now_ms())
        return _absent(address) if found is None else _json(found)

    async def send(self, request: Request) -> Response:
        """Send a letter again, as it came or patched."""
        rules, address = self._rules_of(request), _address(request)
        given = await _body(request)
        dry = given.get("dry_run", False)
        if not isinstance(dry, bool):
            raise BadQuery("dry_run must be true or false")
        sent = await self._desk.send(rules, address, _patch(given), _now_ms(), dry=dry)
        return _absent(address) if sent is None else _told(sent, dry=dry)

    def _rules_of(self, request: Request) -> Rules:
        """The asker's rights: an operator's where no keys are configured, since then nobody is told from anybody."""
        publisher = self._keyring.publisher(request.headers.get("authorization"))
        if publisher is None:
            raise Refused(401, "an API key is needed: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})
        keeps_receipt, lets_backfill = self._desk.redriver.keeps_receipt, self._keyring.lets_backfill
        if self._keyring.is_open or publisher.operator:
            return Rules(OPERATOR, None, keeps_receipt, lets_backfill)
        return Rules(publisher.tenant, publisher, keeps_receipt, lets_backfill)


def _guarded(answer: Answering) -> Answering:
    """The same, with an answer for each way to go wrong."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except (BadQuery, Unpatchable) as exc:
            return _json({"detail": str(exc)}, 400)
        except Refused as exc:
            return _json({"detail": str(exc)}, exc.status, exc.headers)
        except LettersAway as exc:
            return _json({"detail": str(exc)}, 503, {"Retry-After": str(RETRY_AFTER_S)})

    return answered


def _told(sent: Sent, *, dry: bool) -> Response:
    """What became of a letter: 200 if it was sent or can be, 400 if it is refused, 503 if the broker can't."""
    told = shown.told(sent.outcome)
    if dry and sent.raw is not None:
        told |= shown.held(sent.raw)
    if sent.outcome.code == NOT_TAKEN:
        return _json(told, 503, {"Retry-After": str(RETRY_AFTER_S)})
    return _json(told, 200 if sent.outcome.is_good else 400)


def _absent(address: Address) -> Response:
    return _json({"detail": f"there is no letter {address}"}, 404)


def _address(request: Request) -> Address:
    text = request.path_params["address"]
    address = address_of(text)
    if address is None:
        raise BadQuery(f'address is "{text}"; it must be partition-offset, such as 3-1742')
    return address


def _order(text: str | None) -> Order:
    if text is not None and text not in [order.value for order in Order]:
        raise BadQuery(f'order is "{text}"; allowed are {", ".join(Order)}')
    return Order(text or Order.NEWEST)


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text) <= LIMIT_MAX):
        raise BadQuery(f'limit is "{text}"; it must be an integer from 1 to {LIMIT_MAX}')
    return int(text)


async def _body(request: Request) -> dict[str, Any]:
    """The members of the body; none where there is no body."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_MAX:
            raise Refused(413, f"the body is longer than {BODY_MAX} bytes")
        chunks.append(chunk)
    body = b"".join(chunks)
    if not body.strip():
        return {}
    try:
        given = parse(body)
    except MalformedJson as exc:
        raise BadQuery(f"the body is malformed JSON: {exc}") from None
    if not isinstance(given, dict) or not set(given) <= set(MEMBERS):
        raise BadQuery(f"the body must be an object with none but these members: {', '.join(MEMBERS)}")
    return given


def _patch(given: dict[str, Any]) -> Patch:
    return patch_from({name: held_value for name, held_value in given.items() if name != "dry_run"})


def _json(answer: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # A letter is somebody's own words: nobody on the way keeps it, nobody takes it for a page.
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | (headers or {})
    return Response(_encode(answer), status, kept, "application/json")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
