"""The letters' routes over paper."""

from __future__ import annotations

import json
from typing import Any

import httpx
from fastapi import FastAPI

from gateway.keyring import Keyring, Publisher
from gateway.letters import routes
from gateway.letters.desk import LettersDesk
from gateway.letters.log import LetterLog
from gateway.letters.sending import Redriver
from gateway.records import Outgoing
from tests.gateway.letters.paper import PaperReader
from tests.gateway.making import NOW_MS, PARTITIONS, Paper

JSON = {"content-type": "application/json"}
BAD = {"deal": "D-9", "amount_minor": -5, "currency": "EUR"}
"""Data of a win with an amount that is none."""


class Desk:
    """The letters' routes over paper: what is written to the log can be read from it again."""

    def __init__(self, keys: dict[str, Publisher]) -> None:
        self.reader, self.paper = PaperReader(), Paper()
        redriver = Redriver(self.paper, b"secret")
        redriver.learn_partitions(PARTITIONS | {"redrives": 1})
        self.paper.confirmed_topics.add("redrives")
        self.counted: list[str] = []
        self.desk = LettersDesk(lambda known: LetterLog(self.reader, known), redriver, self.counted.append)
        app = FastAPI()
        routes.add(app, self.desk, Keyring(keys, allow_backfill=False))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    def write(self, record: Outgoing, at_ms: int = NOW_MS) -> str:
        """Put a letter into the log; its address."""
        self.reader.append(record, at_ms)
        return f"{record.partition}-{len(self.reader.records[record.topic, record.partition]) - 1}"

    async def get(self, path: str, key: dict[str, str] | None = None, **asked: str) -> tuple[int, Any]:
        """Status and answer."""
        answer = await self.http.get(path, params=asked, headers=key or {})
        return answer.status_code, answer.json()

    async def send(self, address: str, key: dict[str, str] | None = None, **body: object) -> tuple[int, Any]:
        """Status and answer of a sending."""
        content = json.dumps(body).encode() if body else b""
        answer = await self.http.post(f"/v1/letters/{address}/send", content=content, headers=JSON | (key or {}))
        for record in self.paper.of("redrives"):
            self.reader.append(record, NOW_MS)
        return answer.status_code, answer.json()
