"""The dashboards drawn with Grafana's own components, in a browser, against a Prometheus: what a screen would show.

There is no Grafana server here: provisioning, variables' menus, its proxy to Prometheus are not what this tries.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.grafana.boards import VARIABLES, boards
from tests.grafana.exposed import Exposed
from tests.grafana.hosting import hosted
from tests.grafana.scraped import Prometheus
from tests.source_tree import ROOT

pytestmark = [pytest.mark.takes(45), pytest.mark.timeout(400)]

PICTURES = ROOT / "docs" / "images"
PATIENCE_MS = 60_000
SCREEN = ViewportSize(width=1920, height=1080)
RULED = "count_over_time(salespulse:transaction_seconds:p99[1m])"
RULED_MIN = 15
"""The engine has no history: its lines are drawn over a minute, once Prometheus has evaluated its rules this often."""

# Of each panel: its words, whether anything coloured is painted on a canvas, and words that stick out of it.
LOOK = """() => [...document.querySelectorAll("[data-panel]")].map((panel) => {
  const box = panel.getBoundingClientRect(), words = [], cut = [];
  const walker = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node.textContent.trim();
    if (!text) continue;
    words.push(text);
    const range = document.createRange();
    range.selectNodeContents(node);
    const at = range.getBoundingClientRect();
    const beside = at.left < box.left || at.right > box.right + 1;
    const { scrollWidth, clientWidth } = node.parentElement;
    const shortened = clientWidth && scrollWidth > clientWidth + 1;
    if (at.width && (shortened || beside || at.top < box.top || at.bottom > box.bottom + 1)) cut.push(text);
  }
  const painted = [...panel.querySelectorAll("canvas")].some((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue, opaque] = data.subarray(at, at + 4);
      if (opaque > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true;
    }
    return false;
  });
  return { title: panel.dataset.panel, words, cut, painted };
})"""
WITHOUT_DIGITS = {"text", "timeseries"}
"""The words of a time series' axes are painted, too."""


@dataclass(frozen=True)
class Look:
    """What a panel shows."""

    words: list[str]
    cut: list[str]
    painted: bool

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.words)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Ended with its module: while it runs, no other test may run an event loop in this thread."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(page_folder: Path) -> Iterator[str]:
    """Where the page is."""
    with hosted(page_folder) as found:
        yield found


def drawn(browser: Browser, address: str, prometheus: str, board: str) -> tuple[Page, list[str]]:
    """A board on a screen of 1080p, drawn once, and the errors it met."""
    page, errors = browser.new_page(viewport=SCREEN), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    asked: dict[str, Any] = {"dashboard": board, "prometheus": prometheus, "hours": hours_of(board)}
    page.goto(f"{address}?{urlencode(asked | {f'var-{name}': value for name, value in VARIABLES.items()})}")
    page.wait_for_selector("body[data-drawn]", timeout=PATIENCE_MS)
    page.wait_for_function("document.querySelectorAll('[data-panel]').length == document.body.dataset.drawn")
    return page, errors


def hours_of(board: str) -> float:
    """The time that a board shows; of the engine the last minute."""
    since = re.fullmatch(r"now-(\d+)h", boards()[board]["time"]["from"])
    assert since is not None
    return 1 / 60 if board == "engine" else float(since[1])


@pytest.mark.parametrize("board", boards())
def test_every_panel_shows_something_whole(browser: Browser, address: str, scraped: Prometheus, board: str) -> None:
    if board == "engine":
        scraped.wait_for(f"{RULED} >= {RULED_MIN}")
    page, errors = drawn(browser, address, scraped.url, board)
    kinds = {panel["title"]: panel["type"] for panel in boards()[board]["panels"]}
    if "timeseries" in kinds.values():
        page.wait_for_selector("canvas")
    looks = {each.pop("title"): Look(**each) for each in page.evaluate(LOOK)}
    assert not errors
    assert not page.locator("[data-broken], [data-nothing]").all_inner_texts()
    assert set(looks) == set(kinds)
    for title, look in looks.items():
        assert look.painted or kinds[title] != "timeseries", f"{title}: no line is painted"
        said = look.text.removeprefix(title)
        assert re.search(r"\d", said) or kinds[title] in WITHOUT_DIGITS, f"{title}: {said}"
        assert not look.cut, f"{title}: {look.cut}"
    if os.environ.get("SALESPULSE_PICTURES"):  # the docs' pictures are made here
        page.wait_for_timeout(500)
        page.screenshot(path=PICTURES / f"grafana-{board}.png")
    page.close()


def test_the_numbers_on_the_screen_are_the_engines(
    browser: Browser, address: str, scraped: Prometheus, exposed: Exposed
) -> None:
    page, _ = drawn(browser, address, scraped.url, "sales-lead")
    looks = {each.pop("title"): Look(**each) for each in page.evaluate(LOOK)}
    value = exposed.value
    revenue, won = value("revenue", "company", "mtd").value, value("deals_won", "company", "today").value
    rate, goal = value("win_rate", "company", "30d").value, value("quota_attainment", "company", "mtd")
    assert revenue is not None
    assert rate is not None
    assert goal.value is not None
    pace = goal.facets["pace"]
    word = "on track" if pace >= 0.99 else "behind" if pace >= 0.81 else "at risk"
    assert f"EUR this month {shortened(revenue / 100)}" in looks["Revenue of the month"].text
    assert f"won today {won}" in looks["Won today"].text
    assert f"of target {goal.value:.1%}".replace("%", " %") in looks["Target of the month"].text
    assert f"pace: {word} {pace:.1%}".replace("%", " %") in looks["Target of the month"].text
    assert f"win rate, 30 d {rate:.1%}".replace("%", " %") in looks["Win rate, promoters, deals that stand still"].text
    assert "silent sources 1" in looks["How far to believe it"].text
    page.close()
    page, _ = drawn(browser, address, scraped.url, "team")
    assert "touches today · partial" in page.inner_text("body")
    assert "Ada Aydın" in page.inner_text("body")
    page.close()


def shortened(amount: float) -> str:
    """As Grafana's unit "short" writes it, with a space where the screen has a smaller letter."""
    for size, name in ((1e6, "Mil"), (1e3, "K")):
        if amount >= size:
            return f"{amount / size:.2f} {name}"
    return f"{amount:.2f}"
