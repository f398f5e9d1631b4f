"""Where a report's numbers come from: a gateway's API, or event files read here. Both answer the same questions."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from cli.endings import UsageError
from gateway.query import BadQuery, parse
from gateway.reading import Reading
from gateway.tables import QUESTIONS
from schemas.kpi import KpiValue
from stream.board.board import Board
from stream.board.windows import UnknownWindow
from stream.catalogue.catalogue import Catalogue, UnknownKpi, UnknownScope

ANSWER_LIMIT_S = 60.0
REFUSED = range(400, 500)

Row = dict[str, Any]


class NoAnswer(Exception):
    """The gateway can't be reached or isn't ready. The text says which and why; it may answer later."""


class Answers(Protocol):
    """Answers of one tenant. Both raise UsageError for what can't be asked, NoAnswer where there is none now."""

    tenant: str

    def kpis(self) -> dict[str, Row]:
        """The definitions of the catalogue, by slug."""

    def rows(self, path: str, asked: Mapping[str, str]) -> list[Row]:
        """The rows of a path of the API."""


def values(answers: Answers, asked: Mapping[str, str], path: str = "/v1/values") -> list[KpiValue]:
    """Answers that are values of KPIs."""
    return [msgspec.convert(row, KpiValue) for row in answers.rows(path, asked)]


class Gateway:
    """Asks a gateway over HTTP. ``key`` is an API key or a screen's token of the tenant."""

    def __init__(self, url: str, tenant: str, key: str | None) -> None:
        self.tenant, self._url, self._key = tenant, url.rstrip("/"), key

    def kpis(self) -> dict[str, Row]:
        return {row["slug"]: row for row in json.loads(self._get("/v1/kpis", {}))["kpis"]}

    def rows(self, path: str, asked: Mapping[str, str]) -> list[Row]:
        return [json.loads(line) for line in self._get(path, {**asked, "tenant": self.tenant}).splitlines()]

    def tenants(self) -> list[str]:
        """Whose numbers there are; the first frame of the stream names them."""
        frame = self._get("/v1/stream", {}, until=b"data:")
        found: list[str] = json.loads(frame.removeprefix(b"data:"))["tenants"]
        return found

    def _get(self, path: str, asked: Mapping[str, str], *, until: bytes = b"") -> bytes:
        """The whole answer; of a stream the first line that begins with ``until``."""
        address = f"{self._url}{path}?{urllib.parse.urlencode(asked)}"
        request = urllib.request.Request(address)
        if self._key:
            request.add_header("Authorization", f"Bearer {self._key}")
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_LIMIT_S) as answer:
                found: bytes = next(line for line in answer if line.startswith(until)) if until else answer.read()
        except urllib.error.HTTPError as exc:
            detail = f"{self._url}{path}: {exc.code} {exc.read().decode(errors='replace')[:500]}"
            raise UsageError(detail) if exc.code in REFUSED else NoAnswer(detail) from None
        except (OSError, http.client.HTTPException) as exc:
            raise NoAnswer(f"no gateway answers at {self._url}: {exc}; start it or give --url") from None
        return found


class Files:
    """Answers from the boards of a replay."""

    def __init__(self, boards: Mapping[str, Board], catalogue: Catalogue, tenant: str) -> None:
        from gateway.gate import Gate

        self.tenant, self._catalogue = tenant, catalogue
        self._reading = Reading(lambda: boards, Gate(), catalogue, lambda: False)

    def kpis(self) -> dict[str, Row]:
        return {row["slug"]: row for row in json.loads(json.dumps(self._reading.describe()))["kpis"]}

    def rows(self, path: str, asked: Mapping[str, str]) -> list[Row]:
        parameters = [*asked.items(), ("tenant", self.tenant)]
        try:
            if path in QUESTIONS:
                question = QUESTIONS[path]
                selection = parse(parameters, names=question.parameters)
                found = asyncio.run(self._reading.rows(selection, question.ask(selection)))
            else:
                found = asyncio.run(self._reading.lines(parse(parameters)))
        except (BadQuery, UnknownKpi, UnknownScope, UnknownWindow) as exc:
            raise UsageError(str(exc)) from None
        return [json.loads(line) for line in found.splitlines()]


def replayed(files: list[Path], tenant: str | None) -> tuple[Files, int]:
    """Answers from event files, and the moment of their newest event (epoch ms). Raises UsageError."""
    from cli.replay.command import run
    from cli.replay.lines import EventFiles
    from config.catalogue import load_definitions

    with EventFiles(files) as lines:
        boards = run(lines, partitions=8)
    if tenant is None and len(boards) != 1:
        raise UsageError(
            f"the files hold {len(boards)} tenants ({', '.join(sorted(boards))}); choose one with --tenant"
        )
    chosen = next(iter(boards)) if tenant is None else tenant
    if chosen not in boards:
        raise UsageError(f"the files hold nothing of tenant {chosen!r}; there is {', '.join(sorted(boards))}")
    return Files(boards, Catalogue(load_definitions()), chosen), boards[chosen].newest_ms
