"""Can it be read across the room: sizes, contrast, colours, nothing cut, at 1080p; and the pictures for the docs."""

from __future__ import annotations

import os
import re
from itertools import combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page

from gateway.pages import FOLDER
from gateway.wall.wins import Win
from schemas.alert import AlertRecord, Severity
from tests.wallboard.company import NOW, NOW_MS, TENANT
from tests.wallboard.looking import shown, texts, turn_to, until
from tests.wallboard.serving import Hung

pytestmark = pytest.mark.timeout(600)
PICTURES = Path(__file__).parent.parent.parent / "docs" / "images"
PAGES = ("company", "team:Key accounts", "ranking:revenue", "ranking:win_rate", "activity", "goals", "trust")
CLOCK = f"{NOW.astimezone(ZoneInfo('Europe/Berlin')):%H:%M}"
LEAST_PX, HERO_TIMES = 51, 2
CONTRAST, DISTANCE = 4.5, 0.06
Rgb = tuple[float, float, float]

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
BLINDNESS = {
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour: str) -> Rgb:
    """Linear RGB of "rgb(…)" or "#rrggbb"."""
    numbers = [int(colour[n : n + 2], 16) for n in (1, 3, 5)] if colour[0] == "#" else re.findall(r"[\d.]+", colour)[:3]
    parts = [float(number) / 255 for number in numbers]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def seen(colour: str, kind: str) -> Rgb:
    """How a colour looks to somebody with a colour blindness, linear RGB."""
    red, green, blue = linear(colour)
    one, two, three = (sum(f * p for f, p in zip(row, (red, green, blue), strict=True)) for row in BLINDNESS[kind])
    return one, two, three


@pytest.mark.parametrize("name", PAGES)
def test_everything_can_be_read_from_five_metres(hung: Hung, page: Page, name: str) -> None:
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector("[data-page]")
    turn_to(page, name)
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    if page.locator(".tile").count() > 1:  # comparisons and trends come a few at a time
        page.wait_for_function("() => document.querySelectorAll('.tile .change:not(:empty)').length >= 3")
        sparks = 4 if name == "company" else 3
        page.wait_for_function(f"() => document.querySelectorAll('.spark svg').length === {sparks}")
    found = texts(page)
    assert len(found) > 15
    assert not [text for text in found if text["size"] < LEAST_PX]
    assert not [text for text in found if contrast(text["colour"], text["ground"]) < CONTRAST]
    assert not [text for text in found if text["right"] > 1921 or text["bottom"] > 1081]
    assert not [text for text in found if text["cut"] and "number" in text["classes"]]
    assert {text["figures"] for text in found} == {"tabular-nums"}
    assert 4 <= page.locator(".tile, .row").count() <= 7
    heroes = [text["size"] for text in found if text["classes"] == "number" and text["size"] > 150]
    others = [text["size"] for text in found if text["classes"] == "number" and text["size"] <= 150]
    assert len(heroes) == (1 if page.locator(".tile").count() else 0)
    assert not heroes or not others or heroes[0] >= HERO_TIMES * max(others)
    _picture(page, name)


def alert(scope: str, title: str, text: str, severity: Severity) -> AlertRecord:
    """An alert that fired nine minutes ago."""
    record = AlertRecord(TENANT, "rule", scope, "firing", severity, "lead", NOW_MS, NOW_MS, NOW_MS)
    said = {"title": title, "text": text, "next_step": "Look whether it runs, and what was refused."}
    return replace(record, since_ms=NOW_MS - 540_000, fired_ms=1, **said)


def test_alerts_are_told_in_words_that_can_be_read_from_five_metres(hung: Hung, page: Page) -> None:
    stalled = "R-3 of team West has done nothing that qualifies for 1 h 42 min of working time, since Tue 17 Nov 16:42."
    silent = "telephony was last heard at 14:31, 1 min before this. Expected: a heartbeat every 15 s."
    hung.alerts += [
        alert("publisher:telephony", "Source silent: telephony", silent, "critical"),
        alert("rep:R-3", "Rep stall: R-3", stalled, "warning"),
    ]
    page.goto(f"{hung.url}/#tenant={TENANT}&pages=alerts")
    page.wait_for_selector(".alerts .row")
    page.wait_for_function("() => document.fonts.status === 'loaded'")
    found = texts(page)
    assert not [text for text in found if text["size"] < LEAST_PX or text["cut"]]
    assert not [text for text in found if contrast(text["colour"], text["ground"]) < CONTRAST]
    assert not [text for text in found if text["right"] > 1921 or text["bottom"] > 1081]
    assert "Dora" in page.inner_text(".alerts .row:nth-child(2)")
    assert "last heard at 14:31" in page.inner_text(".alerts .told")
    _picture(page, "alerts")


def _picture(page: Page, name: str) -> None:
    """The docs' pictures are made here, where SALESPULSE_PICTURES asks for them."""
    if os.environ.get("SALESPULSE_PICTURES"):
        PICTURES.mkdir(parents=True, exist_ok=True)
        # The corner's clock is the browser's own: it tells the company's moment like everything else.
        page.clock.set_fixed_time(NOW)
        page.wait_for_selector(f"#state:has(.good):has-text('{CLOCK}')")
        page.screenshot(path=PICTURES / f"wallboard-{re.sub(r'[^a-z]+', '-', name.lower())}.png")


def test_each_tile_says_what_it_rests_on(hung: Hung, page: Page) -> None:
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector(".tile .change:not(:empty)")
    until(lambda: page.locator(".tile .change:not(:empty)").count() >= 4, "comparisons")
    for tile in page.locator(".tile").all():
        words = tile.inner_text()
        assert re.search(r"\bn [\d,]+", words)
        assert re.search(r"as of \d\d:\d\d", words)
        assert re.search(r"[●↻!~…–×] (live|restated|partial|stale|few|maturing)", words)
        assert re.search(r"no target|target|pace|%", words)


def test_colours_are_told_apart_by_everybody_and_never_stand_alone(hung: Hung, page: Page) -> None:
    style = (FOLDER / "wall.css").read_text()
    palette = dict(re.findall(r"--(good|warn|bad|info): (#[0-9a-f]{6})", style))
    assert palette == {"good": "#009e73", "warn": "#e69f00", "bad": "#d55e00", "info": "#56b4e9"}
    for kind in BLINDNESS:
        for one, other in combinations(palette.values(), 2):
            distance = sum((a - b) ** 2 for a, b in zip(seen(one, kind), seen(other, kind), strict=True)) ** 0.5
            assert distance > DISTANCE, (kind, one, other)
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector("[data-page]")
    for name in PAGES:
        turn_to(page, name)
        graded = page.locator("#stage .good, #stage .warn, #stage .bad, #stage .info").all_inner_texts()
        assert not [words for words in graded if words.strip() and not re.match(r"\s*[●▲▼=!↻~…–×]", words)]


def test_a_win_fills_the_screen(hung: Hung, page: Page) -> None:
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector("[data-page]")
    hung.wins.append(Win(TENANT, "D-1", "R-3", 1_250_000, "EUR", NOW_MS, 0))
    hung.touch()
    page.wait_for_selector("#cheer:not([hidden])")
    words = page.inner_text("#cheer")
    assert "Dora Aydın" in words
    assert "€12,500" in words
    assert "team West" in words
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('#cheer p')].map((p) => parseFloat(getComputedStyle(p).fontSize))"
    )
    assert min(sizes) >= LEAST_PX
    _picture(page, "win")
    assert shown(page) == "company", "the page behind it stays"
