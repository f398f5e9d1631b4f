"""Verdicts over paper: a log that the stages of the workers fold, and the desk that is asked afterwards."""

from __future__ import annotations

from typing import Any

import httpx
from fastapi import FastAPI

from gateway.keyring import Keyring, Publisher
from gateway.records import Outgoing, Router
from gateway.verdicts import routes
from gateway.verdicts.desk import VerdictDesk
from schemas.event import Event, decode, encode_key, home_partition, is_activity
from schemas.records import Output
from schemas.rows import POSITION_KEY
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from tests.gateway.letters.paper import PaperReader, batch_of
from tests.gateway.making import NOW_MS, PARTITIONS

COUNTS = PARTITIONS | {"accounts_state": PARTITIONS["activity"], "board_state": PARTITIONS["organisation"]}
TOPICS = {"activity": "sales.activity.v1", "organisation": "sales.organisation.v1"}
Place = tuple[str, int]


class News(PaperReader):
    """A log on paper with the state topics, too."""

    def partitions_of(self, role: str) -> int:
        """As many as everywhere in these tests."""
        return COUNTS[role]


class Newsroom:
    """A log, workers that fold it when they are told to, and the route."""

    def __init__(self, keys: dict[str, Publisher] | None = None) -> None:
        self.log = News()
        self.desk = VerdictDesk(lambda: self.log, TOPICS)
        self._stages: dict[Place, tuple[AccountsStage | BoardStage, int]] = {}
        self._options = AccountsOptions(activity_topic=TOPICS["activity"])
        app = FastAPI()
        routes.add(app, self.desk, Keyring(keys or {}, allow_backfill=False))
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway")

    def publish(
        self, raw: bytes, *, key: bytes | None = None, partition: int | None = None, at_ms: int = NOW_MS
    ) -> None:
        """Put an event into the log, where it belongs or somewhere else."""
        event = decode(raw)
        role = "activity" if not isinstance(event, Event) or is_activity(event.kind) else "organisation"
        own = encode_key(event.tenant, event.subject) if role == "activity" else event.tenant.encode()
        home = home_partition(own, COUNTS[role])
        self.log.append(Outgoing(role, home if partition is None else partition, key or own, raw, ()), at_ms)

    def refuse(self, raw: bytes, tenant: str = "default", at_ms: int = NOW_MS) -> None:
        """What the gateway refuses."""
        refused = decode(raw)
        assert not isinstance(refused, Event), "this event is sound"
        self.log.append(Router(COUNTS, b"").letter(refused, raw, at_ms, tenant=tenant), at_ms)

    def work(self) -> None:
        """Fold everything that is there, until nothing is left to put home."""
        while due := [place for place in self.log.records if place[0] in TOPICS and self._is_due(place)]:
            for place in due:
                self._fold(place)

    def stage(self, place: Place) -> AccountsStage | BoardStage:
        """The stage of a partition."""
        return self._stages[place][0]

    def _is_due(self, place: Place) -> bool:
        return place not in self._stages or self._stages[place][1] < len(self.log.records[place])

    def _fold(self, place: Place) -> None:
        role, number = place
        made: AccountsStage | BoardStage
        if role == "activity":
            made = AccountsStage(number, partitions=COUNTS[role], cells_partitions=4, options=self._options)
        else:
            made = BoardStage(number, partitions=COUNTS[role], organisation_topic=TOPICS[role])
        stage, begin = self._stages.get(place, (made, 0))
        records = self.log.records[place][begin:]
        stage.fold(batch_of(place, begin, records))
        end = begin + len(records)
        self._stages[place] = stage, end
        offsets = {source: end if source == role else 0 for source in stage.sources}
        taken = stage.snapshot(offsets, flush_before=dict.fromkeys(offsets, 0))
        for output in taken.outputs:
            if output.topic != "cells":
                self.log.append(Outgoing(*output), NOW_MS)
        state = "accounts_state" if role == "activity" else "board_state"
        self.log.append(Outgoing(*Output(state, number, POSITION_KEY, taken.position)), NOW_MS)

    async def ask(self, key: str | None = None, **asked: str) -> tuple[int, Any]:
        """Status and answer."""
        headers = {} if key is None else {"authorization": f"Bearer {key}"}
        answer = await self.http.get("/v1/events", params=asked, headers=headers)
        return answer.status_code, answer.json()

    async def verdicts(self, **asked: str) -> list[str]:
        """The verdicts of an event's records, in order."""
        status, answer = await self.ask(**asked)
        assert status == 200, answer
        return [record["verdict"] for record in answer["records"]]
