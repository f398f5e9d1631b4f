"""The wall through outages: the last good numbers stay, turn grey, outlive a reload, and come back by themselves."""

from __future__ import annotations

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from schemas.alert import AlertRecord
from tests.gateway.making import at
from tests.wallboard.company import NOW_MS, TENANT
from tests.wallboard.looking import number_of, texts, turn_to, until
from tests.wallboard.serving import Hung, frame_of

pytestmark = [pytest.mark.timeout(600), pytest.mark.takes(40)]
REVENUE = "revenue|company|mtd"
OLD_AFTER_S = 25.0


def opened(page: Page, hung: Hung) -> str:
    """Open the wall; the revenue it shows."""
    page.goto(f"{hung.url}/#tenant={TENANT}&pages=company")
    page.wait_for_selector(f'[data-key="{REVENUE}"]')
    return number_of(page, REVENUE)


def is_old(page: Page) -> bool:
    """Whether the wall is greyed out."""
    return bool(page.evaluate("() => document.body.classList.contains('old')"))


def state(page: Page) -> str:
    """What the wall says of itself."""
    return page.inner_text("#state")


def test_a_killed_gateway_leaves_the_last_good_numbers_and_is_found_again(hung: Hung, page: Page) -> None:
    shown = opened(page, hung)
    assert not is_old(page)
    assert page.inner_text(".tile.hero .as") == "as of 14:40", "the minute that has begun, not its end"
    hung.stop()
    until(lambda: "reconnecting" in state(page), "the loss is told at once", 5)
    took_s = until(lambda: is_old(page), "the numbers turn grey", OLD_AFTER_S)
    assert took_s > 5, "a short break greys nothing"
    assert number_of(page, REVENUE) == shown
    assert "old" in state(page)
    assert "grayscale" in page.evaluate("() => getComputedStyle(document.getElementById('page')).filter")
    until(lambda: set(page.locator(".badge").all_inner_texts()) == {"! old"}, "no number says that it is live", 5)
    assert len(texts(page)) > 15
    hung.restart()
    until(lambda: "live" in state(page), "the wall recovers by itself", 15)
    assert not is_old(page)
    assert number_of(page, REVENUE) == shown


def test_a_reload_during_an_outage_shows_the_last_good_numbers(hung: Hung, page: Page) -> None:
    shown = opened(page, hung)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    page.reload()  # now every file has passed through the page's own keeper
    page.wait_for_selector(f'[data-key="{REVENUE}"]')
    page.wait_for_timeout(1_000)
    hung.stop()
    page.reload()
    page.wait_for_selector(f'[data-key="{REVENUE}"]')
    assert number_of(page, REVENUE) == shown
    assert is_old(page), "what was kept is never shown as new"
    hung.restart()
    until(lambda: not is_old(page), "the wall recovers by itself", 15)


def test_lagging_workers_are_told(hung: Hung, page: Page) -> None:
    shown = opened(page, hung)
    hung.is_stale = True
    hung.touch()
    until(lambda: "pipeline behind" in state(page), "the lag is told")
    assert number_of(page, REVENUE) == shown
    assert page.locator(".tile.stale").count() == 5
    assert page.inner_text(".tile.hero .badge") == "! stale"
    page.evaluate("() => { location.hash = '#tenant=acme&pages=goals,company'; location.reload(); }")
    turn_to(page, "goals")
    until(lambda: page.locator(".goals.stale").count() == 1, "lists turn grey as well")
    turn_to(page, "company")
    hung.is_stale = False
    hung.touch()
    until(lambda: page.locator(".tile.stale").count() == 0, "the numbers are fresh again")


def test_a_gateway_that_is_back_but_knows_nothing_yet_is_not_live(page: Page) -> None:
    known = [True]

    async def frames(_tenant: str | None) -> bytes | None:
        return frame_of() if known[0] else None

    with Hung(frames=frames) as hung:
        page.goto(hung.url)
        until(lambda: "● live" in state(page), "the first frame", 10)
        known[0] = False
        hung.stop()
        with page.expect_response("**/v1/stream"):
            hung.restart()
        page.wait_for_timeout(500)
        assert "reconnecting" in state(page), "what is shown is from before"
        known[0] = True
        hung.touch()
        until(lambda: "● live" in state(page), "a frame has come", 15)


def test_a_gateway_that_hangs_is_asked_again(page: Page) -> None:
    async def nothing(_tenant: str | None) -> None:
        return None

    page.clock.install()
    with Hung(frames=nothing) as hung:
        with page.expect_request("**/v1/stream"):
            page.goto(hung.url)
        with page.expect_request("**/v1/stream"):
            page.clock.fast_forward(31_000)


def test_a_token_is_needed_where_there_are_tokens(hung: Hung, context: BrowserContext) -> None:
    token = "a-screen-in-the-hall"
    with Hung(hung.boards, tokens={token: TENANT}) as guarded:
        stranger = context.new_page()
        stranger.goto(f"{guarded.url}/#tenant={TENANT}")
        stranger.wait_for_timeout(1_500)
        assert stranger.locator(".tile").count() == 0
        asked: list[str] = []
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{guarded.url}/?screen#token={token}")
        page.wait_for_selector(".tile")
        assert token not in page.url
        assert token not in " ".join(asked)
        page.reload()
        page.wait_for_function("() => !document.body.classList.contains('old') && document.querySelector('.tile')")
        assert page.evaluate("() => document.cookie") == "", "scripts can't read the token"


def test_the_keyboard_turns_pages(hung: Hung, page: Page) -> None:
    page.goto(f"{hung.url}/#tenant={TENANT}")
    page.wait_for_selector(".tile")
    turn_to(page, "goals")
    page.keyboard.press("Home")
    page.wait_for_selector('#page[data-page="company"]')


def test_open_alerts_have_a_page_and_can_be_acted_on(hung: Hung, page: Page) -> None:
    stalled = AlertRecord(
        *(TENANT, "rep_stall", "rep:R-0", "firing", "warning", "lead", NOW_MS, NOW_MS, NOW_MS),
        title="Rep stalled",
        text="Ada has been idle for 95 minutes",
        next_step="Ask Ada",
        fired_ms=1,
    )
    hung.alerts.append(stalled)
    page.goto(f"{hung.url}/#tenant={TENANT}&pages=alerts")
    page.wait_for_selector(".alerts .row")
    assert "Rep stalled" in page.inner_text(".alerts .row")
    assert not [text for text in texts(page) if text["size"] < 51]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.focus(".alerts .row")
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[open]")
    assert "Ask Ada" in page.inner_text("#detail")
    page.get_by_role("button", name="Acknowledge").click()
    until(lambda: page.locator("#detail >> text=/^[●!]/").count() > 0, "the answer is told")
    assert any(f"/v1/alerts/{stalled.id}/acknowledge" in each for each in asked)


def test_the_keyboard_asks_what_is_behind_a_number(hung: Hung, page: Page) -> None:
    opened(page, hung)
    page.focus('[data-key="win_rate|company|30d"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[open] a")
    said = page.inner_text("#detail")
    for expected in (
        "Numerator",
        "Denominator",
        "95 % interval",
        "Status",
        "Formula",
        "deals_won",
        "Late data",
        "won ",
    ):
        assert expected in said
    page.keyboard.press("Escape")
    assert page.locator("#detail[open]").count() == 0


def test_events_are_listed_for_whoever_has_a_key(hung: Hung, page: Page) -> None:
    event: dict[str, object] = {"time": at(NOW_MS), "type": "sales.deal.won", "subject": "A-17", "id": None}
    event |= {"source": "crm", "reps": ["R-4"]}
    event["adds"] = [{"measure": "revenue", "facet": "JPY", "amount": 1_200_000}]
    keys: list[str | None] = []

    def answer(route: Route) -> None:
        keys.append(route.request.headers.get("authorization"))
        told = {"events": [event], "count": 2, "complete": False, "why": "only the newest 1 of 2 events are listed"}
        known = keys[-1] == "Bearer secret"
        route.fulfill(status=200 if known else 401, json=told if known else {"detail": "an API key is needed"})

    page.route("**/v1/behind?*", answer)
    opened(page, hung)
    page.focus('[data-key="win_rate|company|30d"]')
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail[open] .behind button:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector(".behind input:focus")
    assert "! an API key is needed" in page.inner_text(".behind")
    page.keyboard.type("secret")
    page.keyboard.press("Enter")
    page.wait_for_selector(".events:focus")
    assert keys == [None, "Bearer secret"]
    (row,) = page.locator(".events tbody tr").all_inner_texts()
    assert row.split("\t")[1:] == ["deal won", "A-17", "R-4", "revenue ¥1,200,000", "settled"]
    assert "! only the newest 1 of 2 events are listed" in page.inner_text(".behind")
