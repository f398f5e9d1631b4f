"""`GET /v1/events`: what became of one event, for its publisher."""

from __future__ import annotations

import msgspec
from fastapi import FastAPI, Request, Response

from gateway.ingest import RETRY_AFTER_S
from gateway.keyring import DEFAULT_TENANT, Keyring
from gateway.letters.selection import one
from gateway.query import BadQuery
from gateway.verdicts import shown
from gateway.verdicts.desk import NoAnswerYet, VerdictDesk
from gateway.verdicts.identity import Identity

PARAMETERS = ("source", "subject", "id", "tenant")
LONGEST = 4_096
ANYONE = "anyone"

_encode = msgspec.json.encode


class _Refused(Exception):
    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def add(app: FastAPI, desk: VerdictDesk, keyring: Keyring) -> None:
    """Serve verdicts under the asker's rights."""

    @app.get("/v1/events")
    async def verdict(request: Request) -> Response:
        """What became of an event: each of its records with its verdict, and what stands."""
        try:
            wanted, asker = _question(request, keyring)
            found = await desk.ask(wanted, asker=asker)
        except BadQuery as exc:
            return _json({"detail": str(exc)}, 400)
        except _Refused as exc:
            return _json({"detail": str(exc)}, exc.status)
        except NoAnswerYet as exc:
            return _json({"detail": str(exc)}, 503, {"Retry-After": str(RETRY_AFTER_S)})
        if found.told:
            return _json(shown.story(wanted, found))
        return _json({"detail": _unseen(wanted, found.is_complete)}, 404)


def _question(request: Request, keyring: Keyring) -> tuple[Identity, str]:
    """The event that is asked for, and who asks. Raises BadQuery, or _Refused for a key that is not its tenant's."""
    publisher = keyring.publisher(request.headers.get("authorization"))
    if publisher is None:
        raise _Refused(401, "an API key is needed: Authorization: Bearer KEY")
    given: dict[str, list[str]] = {}
    for name, text in request.query_params.multi_items():
        if name not in PARAMETERS:
            raise BadQuery(f'parameter "{name}" is unknown; allowed are {", ".join(PARAMETERS)}')
        given.setdefault(name, []).append(text)
    named = {name: one(given, name) for name in PARAMETERS}
    for name, length in ((name, len(text)) for name, text in named.items() if text is not None):
        if not 0 < length <= LONGEST:
            raise BadQuery(f"{name} has {length} characters; allowed are 1 to {LONGEST}")
    source, event_id = named["source"], named["id"]
    if source is None or event_id is None:
        raise BadQuery("source and id are needed, and subject for an event of an account")
    own = DEFAULT_TENANT if keyring.is_open else publisher.tenant
    tenant = named["tenant"] or own
    if tenant != own and not (keyring.is_open or publisher.operator):
        raise _Refused(403, f'tenant is "{tenant}"; this API key reads "{own}"')
    return Identity(tenant, named["subject"] or tenant, source, event_id), ANYONE if keyring.is_open else own


def _unseen(wanted: Identity, is_complete: bool) -> str:
    where = f"subject {wanted.subject}, tenant {wanted.tenant}"
    known = f"no record of event {wanted.source}#{wanted.id} ({where}) has arrived, neither taken nor refused"
    if is_complete:
        return f"{known}; an event of an account is found by its subject, too"
    return f"{known}, among the records that were looked at; older ones were not"


def _json(answer: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    # Somebody's own events: nobody on the way keeps the answer, nobody takes it for a page.
    kept = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} | (headers or {})
    return Response(_encode(answer), status, kept, "application/json")
