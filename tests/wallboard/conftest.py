"""A browser, and a board to look at."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

import gateway.wall.frame
from stream.board.board import Board
from tests.wallboard.company import NOW_MS, TENANT, Company
from tests.wallboard.serving import Hung

SCREEN: ViewportSize = {"width": 1920, "height": 1080}


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Ended with its module: while it runs, no other test may run an event loop in this thread."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--enable-precise-memory-info"]
        )
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that remembers nothing yet, on a screen of 1080p."""
    context = browser.new_context(viewport=SCREEN, reduced_motion="reduce")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """An empty page that fails the test if it meets an error, or something its policy forbids."""
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield page
    assert not errors


@pytest.fixture(scope="session")
def board() -> Board:
    """The made-up company's board."""
    return Company().board()


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's clock stands at the company's NOW."""
    monkeypatch.setattr(gateway.wall.frame, "now_ms", lambda: NOW_MS)


@pytest.fixture
def hung(board: Board, still_clock: None) -> Iterator[Hung]:
    """The company's wallboard."""
    with Hung({TENANT: board}) as hung:
        yield hung
