"""`GET /v1/behind`: the newest events that a number rests on, for whoever may see deals and customers."""

from __future__ import annotations

import msgspec
from fastapi import FastAPI, Request, Response

from gateway.behind import shown
from gateway.behind.desk import BehindDesk, NoAnswerYet
from gateway.behind.question import Asked, NothingBehind
from gateway.ingest import RETRY_AFTER_S
from gateway.keyring import DEFAULT_TENANT, Keyring
from gateway.query import PARAMETERS, BadQuery, Selection, parse
from gateway.reading import now_ms
from gateway.screens import Screens
from stream.board.windows import UnknownWindow
from stream.catalogue.catalogue import UnknownKpi, UnknownScope

DEFAULT_LIMIT, LIMIT_MAX = 50, 500

_encode = msgspec.json.encode


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def add(app: FastAPI, desk: BehindDesk, keyring: Keyring, screens: Screens) -> None:
    """Serve the question under the asker's rights."""

    @app.get("/v1/behind")
    async def behind(request: Request) -> Response:
        """The newest events behind a value, each with what it adds, and whether they are all of it."""
        try:
            tenant = _tenant_of(request, keyring, screens)
            asked, limit = _question(request)
            question, found = await desk.ask(tenant, asked, limit=limit)
        except (BadQuery, UnknownKpi, UnknownScope, UnknownWindow) as exc:
            return _json({"detail": str(exc)}, 400)
        except _Refused as exc:
            return _json({"detail": str(exc)}, exc.status)
        except NothingBehind as exc:
            return _json({"detail": str(exc)}, 404)
        except NoAnswerYet as exc:
            return _json({"detail": str(exc)}, 503, {"Retry-After": str(RETRY_AFTER_S)})
        return _json(shown.answer(question, found))


def _tenant_of(request: Request, keyring: Keyring, screens: Screens) -> str:
    """Whose numbers may be looked behind. A screen's token shows none of its tenant's customers, so where keys are
    configured a key is needed, and where there are only tokens nobody may. Raises _Refused.
    """
    asked = request.query_params.get("tenant")
    if keyring.is_open and screens.is_open:
        return asked or DEFAULT_TENANT
    if keyring.is_open:
        raise _Refused(403, "events are shown to whoever has an API key, and none is configured")
    publisher = keyring.publisher(request.headers.get("authorization"))
    if publisher is None:
        raise _Refused(401, "an API key is needed to see events: Authorization: Bearer KEY")
    if asked not in (None, publisher.tenant) and not publisher.operator:
        raise _Refused(403, f'tenant is "{asked}"; this API key reads "{publisher.tenant}"')
    return asked or publisher.tenant


def _question(request: Request) -> tuple[Asked, int]:
    """Which number, and how many of its events. Raises BadQuery."""
    given = request.query_params.multi_items()
    selection = parse([each for each in given if each[0] != "limit"], names=PARAMETERS)
    limits = [text for name, text in given if name == "limit"]
    limit = limits[0] if limits else str(DEFAULT_LIMIT)
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 6 and 1 <= int(limit) <= LIMIT_MAX):
        raise BadQuery(f'limit is "{limit}"; it must be an integer from 1 to {LIMIT_MAX}')
    as_of_ms = now_ms() if selection.as_of_ms is None else selection.as_of_ms
    return Asked(_one(selection, "kpi"), _one(selection, "scope"), _one(selection, "window"), as_of_ms), int(limit)


def _one(selection: Selection, name: str) -> str:
    chosen = {"kpi": selection.kpis, "scope": selection.scopes, "window": selection.windows}[name]
    if chosen is None or len(chosen) != 1:
        raise BadQuery(f"{name} is {'missing' if chosen is None else ', '.join(chosen)}; give one")
    return chosen[0]


def _json(answer: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # Names of customers and deals: nobody on the way keeps the answer, nobody takes it for a page.
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | (headers or {})
    return Response(_encode(answer), status, kept, "application/json")
