"""An outage of ours is nobody's silence: publishers get the time to speak before they are judged."""

from __future__ import annotations

import asyncio

from agents.alerts.desk import HEARING_MAX_MS, Desk, hearing_ms
from schemas.alert import decode_alert, is_mark
from stream.board.board import Board
from tests.agents.alerts.test_desk import Scene

BEAT_S = 30


def silences(scene: Scene) -> set[tuple[str, str]]:
    """Every state that was written of a publisher's silence."""
    written = [(output.key or b"", output.value) for output in scene.log.records["alerts"]]
    records = [decode_alert(value) for key, value in written if value is not None and not is_mark(key)]
    return {(record.scope, record.state) for record in records if record.alert == "source_silent"}


async def after_an_outage(scene: Scene) -> Desk:
    """A desk of a worker that goes on after nobody could be heard for minutes."""
    for source in ("crm", "pos"):
        scene.board.heard.hear(source, BEAT_S, scene.now_ms - 200_000)
    desk = await scene.desk()
    await scene.turns(desk)
    assert not silences(scene), "nobody had the time to speak yet"
    return desk


def test_who_speaks_within_a_heartbeat_after_an_outage_was_never_silent() -> None:
    async def story() -> None:
        scene = Scene()
        desk = await after_an_outage(scene)
        scene.now_ms += BEAT_S * 1_000
        for source in ("crm", "pos"):
            scene.board.heard.hear(source, BEAT_S, scene.now_ms)
        scene.now_ms += 6_000
        await scene.turns(desk)
        assert not silences(scene)
        assert scene.ears.heard, "everything else is judged"

    asyncio.run(story())


def test_who_stays_silent_is_told_a_heartbeat_later() -> None:
    async def story() -> None:
        scene = Scene()
        desk = await after_an_outage(scene)
        scene.now_ms += BEAT_S * 1_000
        scene.board.heard.hear("crm", BEAT_S, scene.now_ms)
        scene.now_ms += 6_000
        await scene.turns(desk)
        assert silences(scene) == {("publisher:pos", "firing")}
        await scene.turns(desk, is_fresh=False)
        scene.now_ms += 200_000
        await scene.turns(desk)
        assert silences(scene) == {("publisher:pos", "firing")}, "crm could not be heard, either"

    asyncio.run(story())


def test_nobody_waits_for_long_or_for_nothing() -> None:
    board = Board()
    assert hearing_ms(board) == 0
    board.heard.hear("crm", 0, 0)
    assert hearing_ms(board) == 0
    board.heard.hear("crm", 3_600, 0)
    assert hearing_ms(board) == HEARING_MAX_MS
