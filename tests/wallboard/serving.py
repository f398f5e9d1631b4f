"""A gateway with the wallboard over boards that a test makes, on a port of its own; it can be stopped and restarted."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping
from types import TracebackType

import uvicorn

from cli.broker.ports import free_pair
from config.catalogue import load_definitions
from gateway.app import Parts, create_app
from gateway.broadcast import Broadcast
from gateway.gate import Gate
from gateway.ingest import Ingest
from gateway.keyring import Keyring
from gateway.letters.desk import LettersDesk
from gateway.letters.log import LetterLog
from gateway.letters.sending import Redriver
from gateway.metrics import GatewayMetrics
from gateway.reading import Reading
from gateway.screens import Screens
from gateway.wall.frame import Wall
from gateway.wall.wins import Win
from schemas.alert import AlertRecord
from stream.board.board import Board
from stream.catalogue.catalogue import Catalogue
from tests.gateway.letters.paper import PaperReader
from tests.gateway.making import Paper

PORTS_TRIED = 20
Frames = Callable[[str | None], Awaitable[bytes | None]]


class Ready:
    """A replica that has always caught up."""

    is_ready = True


class Hung:
    """A wallboard over ``boards``, or one that shows ``frames``. ``wins`` and ``is_stale`` may be changed."""

    def __init__(
        self,
        boards: Mapping[str, Board] | None = None,
        *,
        frames: Frames | None = None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self.boards: dict[str, Board] = dict(boards or {})
        self.wins: list[Win] = []
        self.alerts: list[AlertRecord] = []
        self.is_stale = False
        self._frames, self._tokens = frames, tokens or {}
        self._listener = self._bound(0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._begin()

    @staticmethod
    def _bound(port: int) -> socket.socket:
        """Listening already: what asks before the gateway has begun waits, and nobody else can take the port."""
        for number in [port] if port else (free_pair() for _ in range(PORTS_TRIED)):
            try:
                return socket.create_server(("127.0.0.1", number))
            except OSError:
                continue
        raise RuntimeError(f"port {port} is taken" if port else f"{PORTS_TRIED} free ports were taken at once")

    def _parts(self) -> Parts:
        metrics, gate, catalogue, paper = GatewayMetrics(), Gate(), Catalogue(load_definitions()), Paper()
        self.changed = asyncio.Event()
        reading = Reading(lambda: self.boards, gate, catalogue, lambda: self.is_stale)
        wall = Wall(
            lambda: self.boards,
            gate,
            catalogue,
            is_ready=lambda: True,
            is_stale=lambda: self.is_stale,
            wins=lambda tenant: [win for win in self.wins if win.tenant == tenant],
            alerts=lambda _tenant: self.alerts,
            changed=self.changed,
        )
        self.broadcast = Broadcast(self._frames or wall.frame, self.changed, metrics)
        letters = LettersDesk(lambda known: LetterLog(PaperReader(), known), Redriver(paper, b""), metrics.letter_sent)
        return Parts(
            Ingest(paper, b"", metrics.events_judged),
            lambda: True,
            Keyring({}, allow_backfill=True),
            Ready(),
            reading,
            self.broadcast,
            metrics,
            {"broadcast": self.broadcast.run},
            letters,
            screens=Screens(self._tokens),
        )

    def _begin(self) -> None:
        begun = threading.Event()

        async def serve() -> None:
            config = uvicorn.Config(create_app(self._parts()), log_config=None, timeout_graceful_shutdown=0)
            self._server = uvicorn.Server(config)
            self._loop = asyncio.get_running_loop()
            begun.set()
            await self._server.serve(sockets=[self._listener])

        self._thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
        self._thread.start()
        assert begun.wait(60)

    def touch(self) -> None:
        """Something changed."""
        self._loop.call_soon_threadsafe(self.changed.set)

    def stop(self) -> None:
        """End the gateway, its streams with it."""
        self._loop.call_soon_threadsafe(self.broadcast.close)
        self._server.should_exit = True
        self._thread.join(60)
        assert not self._thread.is_alive(), "the gateway did not stop"
        self._listener.close()

    def restart(self) -> None:
        """Another gateway at the same address."""
        self._listener = self._bound(int(self.url.rpartition(":")[2]))
        self._begin()

    def __enter__(self) -> Hung:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self.stop()


def frame_of(**changes: object) -> bytes:
    """A frame with nothing on it but what a test says."""
    made: dict[str, object] = {"tenant": "acme", "tenants": ["acme"], "made_ms": 0, "pages": [], "wins": []}
    made |= {"as_of": "2026-11-18T13:41:00Z", "stale": False, "zone": "Europe/Berlin", "currency": "EUR", "exponent": 2}
    return json.dumps(made | {"policy": "full"} | changes).encode()
