"""Wins: what the log tells of them, and that the wall celebrates each deal once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page

from gateway.log_reader import LogReader
from gateway.wall.wins import SHOWN_MS, Win, WinFeed
from schemas.records import RecordBatch
from stream.board.board import Board
from tests.gateway.making import NOW_MS as WIN_MS
from tests.gateway.making import at, raw
from tests.wallboard.company import NOW_MS, TENANT
from tests.wallboard.looking import until
from tests.wallboard.serving import Hung

pytestmark = [pytest.mark.timeout(600), pytest.mark.takes(15)]


def never() -> LogReader:
    raise AssertionError("nothing is read here")


def told(*values: bytes, received_ms: int = WIN_MS + 1_000) -> WinFeed:
    """A feed that has read these records."""
    feed = WinFeed(never)
    for offset, value in enumerate(values):
        feed.read(
            RecordBatch(
                "activity",
                0,
                start=offset,
                next_offset=offset + 1,
                keys=[b"default/A-17"],
                values=[value],
                offsets=[offset],
                received_ms=[received_ms],
            )
        )
    return feed


def deals(feed: WinFeed) -> list[tuple[str, int]]:
    return [(win.deal, win.amount_minor) for win in feed.recent("default", WIN_MS + 2_000)]


def won(**changes: Any) -> bytes:
    data = {"deal": "D-9", "amount_minor": 120_000, "currency": "EUR", "rep": "R-4"}
    return raw(**{"data": data} | changes)


def test_a_deal_is_one_win_however_often_it_is_told() -> None:
    mended = {"deal": "D-9", "amount_minor": 90_000, "currency": "EUR", "rep": "R-4"}
    assert deals(told(won(), won(), won(id="W-2"))) == [("D-9", 120_000)]
    assert deals(told(won(), won(revision=1, data=mended, time=at(WIN_MS - 60_000)))) == [("D-9", 90_000)]
    assert deals(told(won(), won(revision=2, voided=True, data=None))) == []


def test_what_is_no_news_is_not_told() -> None:
    assert deals(told(won(backfill=True))) == []
    assert deals(told(won(time=at(WIN_MS - 3_600_000)))) == []
    assert deals(told(b'{"type": "sales.deal.won", "broken', raw(type="sales.deal.lost", data={"deal": "D-9"}))) == []
    assert told(won()).recent("default", WIN_MS + SHOWN_MS + 2_000) == []
    assert told(won()).recent("other", WIN_MS) == []


def win(deal: str, at_ms: int = NOW_MS) -> Win:
    return Win(TENANT, deal, "R-1", 100_000, "EUR", at_ms, 0)


WATCH = """addEventListener("DOMContentLoaded", () => {
  const cheer = document.getElementById("cheer");
  const note = () => {
    const seen = JSON.parse(localStorage.getItem("test.cheered") ?? "[]");
    if (!cheer.hidden) localStorage.setItem("test.cheered", JSON.stringify([...seen, cheer.dataset.mark]));
  };
  new MutationObserver(note).observe(cheer, { attributeFilter: ["hidden"] });
});"""


def test_each_deal_is_celebrated_once_also_over_a_reload_and_a_replay(hung: Hung, page: Page) -> None:
    page.add_init_script(WATCH)

    def cheered() -> list[str]:
        found: list[str] = page.evaluate("() => JSON.parse(localStorage.getItem('test.cheered') ?? '[]')")
        return found

    hung.wins.append(win("D-old", NOW_MS - 300_000))
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector(".tile")
    hung.wins += [win("D-1"), win("D-2")]
    hung.touch()
    until(lambda: cheered() == [win("D-1").mark], "the first win")
    took_s = until(lambda: cheered() == [win("D-1").mark, win("D-2").mark], "the second waits for the first")
    assert 5 <= took_s <= 8.5
    page.wait_for_selector("#cheer", state="hidden", timeout=10_000)
    page.reload()
    page.wait_for_selector(".tile")
    hung.stop()
    hung.restart()
    hung.touch()
    page.wait_for_timeout(3_000)
    assert cheered() == [win("D-1").mark, win("D-2").mark]
    assert page.locator("audio, video").count() == 0
    assert "D-1" not in json.dumps(win("D-1").shown("full", Board(), NOW_MS)), "a wall names no deals"


def test_reduced_motion_is_respected(hung: Hung, page: Page) -> None:
    hung.wins.append(win("D-3"))
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector("#cheer:not([hidden])")
    moving = "() => document.getAnimations().filter((each) => each.playState === 'running').length"
    assert page.evaluate(moving) == 0
    assert page.evaluate("() => getComputedStyle(document.getElementById('stage')).transitionDuration") == "0s"
