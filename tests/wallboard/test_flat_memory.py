"""A wall hangs for months: 20,000 frames leave no more behind than the first ones did."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.wallboard.company import TENANT
from tests.wallboard.looking import until
from tests.wallboard.serving import Hung

pytestmark = pytest.mark.takes(25)
FRAMES = 20_000
WARM = 2_000
GROWTH_BYTES = 3_000_000
# Changes every number of the page's last frame and hands it to the page as its stream would, as fast as it draws.
FEED = """async ([frame, from, to]) => {
  let text = "";
  for (let number = from; number < to; number++) {
    if (number % 5 === 0) {
      frame.made_ms = number;
      for (const page of frame.pages) for (const tile of page.tiles ?? []) tile.value = tile.n = number;
      text = JSON.stringify(frame);
    }
    window.streams[0].onmessage({ data: text });
    if (number % 20 === 0) await new Promise(requestAnimationFrame);
  }
}"""


def measured(page: Page) -> tuple[int, int]:
    """Bytes of the heap that are in use after a collection, and nodes of the document."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    found = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    session.detach()
    return int(found["JSHeapUsedSize"]), int(found["Nodes"])


@pytest.mark.timeout(600)
def test_memory_is_flat(hung: Hung, page: Page) -> None:
    page.add_init_script(
        "window.streams = []; const Own = EventSource;"
        "window.EventSource = class extends Own { constructor(path) { super(path); window.streams.push(this); } };"
    )
    page.goto(f"{hung.url}/#tenant={TENANT}&rotate=5")
    page.wait_for_selector(".tile")
    frame = page.evaluate("() => JSON.parse(localStorage.getItem('salespulse.frame.acme')).frame")
    page.evaluate(FEED, [frame, 0, WARM])
    before_bytes, before_nodes = measured(page)
    page.evaluate(FEED, [frame, WARM, WARM + FRAMES])
    after_bytes, after_nodes = measured(page)
    until(lambda: "live" in page.inner_text("#state"), "the wall still runs")
    assert after_bytes - before_bytes < GROWTH_BYTES, (before_bytes, after_bytes)
    # A page that was not shown before is built once.
    assert after_nodes - before_nodes < 2_500, (before_nodes, after_nodes)
