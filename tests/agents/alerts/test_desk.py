"""A partition's desk: it takes over what was written, only one judges, and nothing is told before it is committed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from agents.alerts.desk import Desk
from agents.alerts.telling import Teller
from agents.epochs.port import Fenced, OutcomeUnknown
from agents.metrics import BoardMetrics
from agents.notify.channel import NotTaken, Telling
from schemas.alert import AlertAction, encode_alert
from schemas.records import Output
from stream.board.board import Board
from tests.agents.memory_log import MemoryLog
from tests.stream.alerts.watching import RULES
from tests.stream.office import OFFICE_HOURS, Office, at_ms, call, rep

MINUTE_MS = 60_000
BEGIN_MS = at_ms("2026-05-13 12:00")


class Ears:
    """A channel that keeps what it was told; ``is_deaf``: it takes nothing."""

    name = "webhook"

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.is_deaf = False

    def together(self, tellings: Sequence[Telling]) -> list[list[Telling]]:
        return [[telling] for telling in tellings]

    async def tell(self, tellings: Sequence[Telling]) -> None:
        if self.is_deaf:
            raise NotTaken("HTTP 503")
        self.heard += [telling.notice.key for telling in tellings]


class Scene:
    """A rep who called at 10:00 and another at 12:00, and desks that come and go."""

    def __init__(self) -> None:
        office = Office(
            ("2026-01-01 00:00", "calendar.changed", {"calendar": "office", "shifts": OFFICE_HOURS}),
            ("2026-01-01 00:01", "tenant.configured", {"calendar": "office"}),
            ("2026-05-04 08:00", "roster.changed", rep("R-1", team="T-1")),
            ("2026-05-04 08:00", "roster.changed", rep("R-2", team="T-1")),
            ("2026-05-13 10:00", "touch.logged", call("R-1")),
            ("2026-05-13 11:59", "touch.logged", call("R-2")),
        )
        self.log, self.ears, self.board = MemoryLog(), Ears(), office.board
        self.metrics = BoardMetrics()
        self.now_ms = BEGIN_MS

    async def desk(self) -> Desk:
        found = Desk(0, self.log, RULES, Teller({"webhook": self.ears}), self.metrics)
        await found.open("alerts-0")
        return found

    async def turns(self, desk: Desk, count: int = 3, *, is_fresh: bool = True) -> None:
        """Some turns, a second apart; what is told gets its answer in between."""
        boards: dict[str, Board] = {"acme": self.board}
        for _ in range(count):
            self.now_ms += 1_000
            await desk.turn(boards, {"cells": 1}, self.now_ms, is_fresh=is_fresh, is_ours=lambda: True)
            await asyncio.sleep(0.01)


def test_a_second_desk_goes_on_where_the_first_one_was() -> None:
    async def story() -> None:
        scene = Scene()
        first = await scene.desk()
        await scene.turns(first)
        assert len(scene.ears.heard) == 1
        for _ in range(3):
            await scene.turns(await scene.desk())
        assert len(scene.ears.heard) == 1
        scene.now_ms += 60 * MINUTE_MS  # R-2 has stalled, too: the first one would fire as well
        with pytest.raises(Fenced):
            await scene.turns(first)
        assert len(scene.ears.heard) == 1

    asyncio.run(story())


def test_what_is_not_committed_is_not_told() -> None:
    async def story() -> None:
        scene = Scene()
        scene.log.fails = True
        desk = await scene.desk()
        with pytest.raises(OutcomeUnknown):
            await scene.turns(desk)
        assert not scene.ears.heard
        scene.log.fails = False
        await scene.turns(await scene.desk())
        assert len(scene.ears.heard) == 1

    asyncio.run(story())


def test_a_deaf_channel_is_told_later_under_the_same_key_by_whoever_judges_then() -> None:
    async def story() -> None:
        scene = Scene()
        scene.ears.is_deaf = True
        await scene.turns(await scene.desk())
        assert not scene.ears.heard
        scene.ears.is_deaf = False
        scene.now_ms += 10_000
        await scene.turns(await scene.desk())
        assert len(scene.ears.heard) == 1
        await scene.turns(await scene.desk())
        assert len(scene.ears.heard) == 1

    asyncio.run(story())


def test_actions_count_once_and_outlast_desks() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.turns(await scene.desk())
        fired_ms = BEGIN_MS + 1_000
        place = ("acme", "rep_stall", "rep:R-1", fired_ms)
        snooze = AlertAction(*place, "snooze", scene.now_ms, "Ann", until_ms=scene.now_ms + 5 * MINUTE_MS)
        scene.log.records["alert_actions"].append(Output("alert_actions", 0, b"k", encode_alert(snooze)))
        await scene.turns(await scene.desk())
        scene.now_ms += 6 * MINUTE_MS
        await scene.turns(await scene.desk())
        assert [key.split("-")[2] for key in scene.ears.heard] == ["fired", "reminded"]
        await scene.turns(await scene.desk())  # reads the snooze again, which is over
        assert len(scene.ears.heard) == 2

    asyncio.run(story())


def test_nothing_is_judged_on_boards_that_lag() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.turns(await scene.desk(), is_fresh=False)
        assert not scene.log.records["alerts"]

    asyncio.run(story())


def test_metrics_say_what_is_open_and_what_became_of_notices() -> None:
    async def story() -> None:
        scene = Scene()
        scene.ears.is_deaf = True
        desk = await scene.desk()
        await scene.turns(desk, 2)
        text = scene.metrics.exposition().decode()
        is_open = 'salespulse_alerts_open{tenant="acme",alert="rep_stall",severity="warning",state="firing"} 1\n'
        assert is_open in text
        assert 'salespulse_alert_notices_waiting{channel="webhook"} 1\n' in text
        assert 'salespulse_alert_notices_total{channel="webhook",outcome="failed"} 1.0\n' in text
        judged_s = (BEGIN_MS + 1_000) // 1_000
        assert f'salespulse_alerts_judged_timestamp_seconds{{tenant="acme"}} {judged_s}.0\n' in text
        scene.ears.is_deaf = False
        scene.now_ms += 10_000
        await scene.turns(desk)
        text = scene.metrics.exposition().decode()
        assert 'salespulse_alert_notices_waiting{channel="webhook"} 0\n' in text
        assert 'salespulse_alert_notices_total{channel="webhook",outcome="delivered"} 1.0\n' in text
        assert is_open in text
        scene.metrics.alerts_released(0)
        assert is_open not in scene.metrics.exposition().decode()

    asyncio.run(story())
