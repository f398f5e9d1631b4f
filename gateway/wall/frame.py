"""A frame: everything all pages of a tenant's wallboard show at one moment, in one line of JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from gateway.gate import Gate, sliced
from gateway.reading import now_ms
from gateway.wall.boards import alerts_page, goals_page, names_of, policy_of, ranking_page, teams_of, trust_page
from gateway.wall.memory import Memory
from gateway.wall.plan import RANKINGS, TEAM_PAGES_MAX, TilePlan, activity_tiles, company_tiles, team_tiles
from gateway.wall.tiles import Look, tile_of
from gateway.wall.wins import Win
from schemas.alert import AlertRecord
from schemas.money import exponent
from stream.board.board import Board
from stream.board.moment import moment_at
from stream.board.values import instant
from stream.catalogue.catalogue import Catalogue

USUAL_EXPONENT = 2
HELD_MAX_MS = 24 * 3_600_000
"""A moment further back is not held: a clock would not tell it from today's."""

_encode = msgspec.json.encode


class Wall:
    """Makes frames from the boards that ``boards()`` gives, read through ``gate``. ``changed`` is set where the next
    frame should not wait for an event, because this one had no time for everything.
    """

    def __init__(
        self,
        boards: Callable[[], Mapping[str, Board]],
        gate: Gate,
        catalogue: Catalogue,
        *,
        is_ready: Callable[[], bool],
        is_stale: Callable[[], bool],
        wins: Callable[[str], list[Win]] = lambda _tenant: [],
        alerts: Callable[[str], list[AlertRecord]] = lambda _tenant: [],
        changed: asyncio.Event | None = None,
    ) -> None:
        self._boards = boards
        self._gate = gate
        self._catalogue = catalogue
        self._is_ready, self._is_stale = is_ready, is_stale
        self._wins, self._alerts = wins, alerts
        self._changed = changed
        self._memory = Memory()
        self._fresh_ms = 0

    async def frame(self, tenant: str | None) -> bytes | None:
        """A tenant's frame (None: of the first there is); None before the replica has caught up once."""
        if not self._is_ready():
            return None
        async with self._gate.reading():
            boards, made_ms = self._boards(), now_ms()
            shown = min(boards, default=None) if tenant is None else tenant
            frame: dict[str, Any] = {"tenant": shown, "tenants": sorted(boards), "made_ms": made_ms, "pages": []}
            if shown is None or shown not in boards:
                return _encode(frame | {"as_of": None, "wins": [], "stale": self._is_stale()})
            board, stale = boards[shown], self._is_stale()
            moment = moment_at(board, self._moment_ms(board, made_ms, is_stale=stale))
            self._memory.begin()
            look = Look(shown, board, self._catalogue, moment, self._memory, stale)
            frame["pages"] = [page async for page in sliced(_pages(look))]
            frame["pages"] += alerts_page(self._alerts(shown), names_of(look))
            frame |= {"as_of": instant(moment.cut * 60), "stale": stale, "zone": str(look.zone)}
            frame |= _money(moment.base_currency) | {"policy": policy_of(look)}
            frame["wins"] = [win.shown(policy_of(look), board, moment.cut_ms) for win in self._wins(shown)]
        if self._memory.is_behind and self._changed is not None:
            self._changed.set()
        return _encode(frame)

    def _moment_ms(self, board: Board, made_ms: int, *, is_stale: bool) -> int:
        """Of when a frame is: of now. While workers or the log are away, of the last moment that was whole, or of the
        newest event: else a silence of ours would be shown as the publishers', and after midnight a day without sales.
        """
        if not is_stale:
            self._fresh_ms = max(self._fresh_ms, made_ms)
            return made_ms
        held_ms = max(self._fresh_ms, min(board.newest_ms, made_ms))
        return held_ms if 0 <= made_ms - held_ms < HELD_MAX_MS else made_ms


def _pages(look: Look) -> Iterator[dict[str, Any]]:
    teams = teams_of(look)
    kept = teams[:TEAM_PAGES_MAX]
    tiles: list[dict[str, Any]] = []

    def page(page_id: str, title: str, plans: tuple[TilePlan, ...]) -> dict[str, Any]:
        made = [tile_of(look, plan) for plan in plans]
        tiles.extend(made)
        return {"id": page_id, "kind": "tiles", "title": title, "tiles": made}

    yield page("company", "Company", company_tiles())
    for team in kept:
        yield page(f"team:{team}", team, team_tiles(team))
    for kpi, window, title in RANKINGS:
        yield ranking_page(look, kpi, window, title)
    yield page("activity", "Activity", activity_tiles())
    yield goals_page(look, ["company", *(f"team:{team}" for team in kept)])
    yield trust_page(look, tiles) | {"hidden_teams": len(teams) - len(kept)}


def _money(currency: str | None) -> dict[str, Any]:
    return {"currency": currency, "exponent": USUAL_EXPONENT if currency is None else exponent(currency)}
