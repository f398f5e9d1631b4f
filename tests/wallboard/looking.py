"""How tests look at the wall: which page is shown, turning pages, what is written where and how large."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

PATIENCE_S = 60.0
TURNS_MAX = 40

# Every piece of text on the wall: its words, font size, colours of text and ground, and whether it is cut.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.getElementById("stage"), NodeFilter.SHOW_TEXT);
  const ground = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!colour.endsWith(", 0)")) return colour;
    }
    return "rgb(0, 0, 0)";
  };
  const found = [];
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement, text = walker.currentNode.textContent.trim();
    const box = node.getBoundingClientRect();
    if (!text || !box.width || !box.height) continue;
    const style = getComputedStyle(node);
    found.push({
      text, size: parseFloat(style.fontSize), colour: style.color, ground: ground(node), classes: node.className,
      figures: style.fontVariantNumeric, right: box.right, bottom: box.bottom,
      cut: node.scrollWidth > node.clientWidth + 1,
    });
  }
  return found;
}"""


def texts(page: Page) -> list[dict[str, Any]]:
    """What is written on the wall."""
    found: list[dict[str, Any]] = page.evaluate(TEXTS)
    return found


def shown(page: Page) -> str | None:
    """The page that is shown."""
    return page.get_attribute("#page", "data-page")


def turn_to(page: Page, name: str) -> None:
    """Turn pages by hand until the one of this name is shown."""
    for _ in range(TURNS_MAX):
        if shown(page) == name:
            page.wait_for_timeout(150)
            return
        page.keyboard.press("ArrowRight")
    raise AssertionError(f"there is no page {name}")


def until(true: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> float:
    """Wait until something is true; how many seconds it took."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience_s, f"not within {patience_s:.0f} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - began


def number_of(page: Page, key: str) -> str:
    """The number of a tile as it is written."""
    return page.inner_text(f'[data-key="{key}"] .number')
