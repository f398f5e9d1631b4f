"""The page on paper: A4, nothing cut off at the side, heads on every sheet."""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import sync_playwright

from cli.report.answers import replayed
from cli.report.command import compose
from cli.report.gather import Wanted
from tests.cli.report.office import TENANT, write
from tests.views.report.test_page import report, value
from views.report.figures import Figure, Target
from views.report.page import to_html

PICTURE = Path(__file__).resolve().parents[3] / "docs" / "images" / "report.png"
PAPER_PX = round((210 - 28) / 25.4 * 96)


def test_it_prints_on_a4(chromium: str, tmp_path: Path) -> None:
    target = Target(98_765_432_100, 0.5, 0.9)
    long = "Theodora-Wilhelmina von und zu Hohenlohe-Langenburg " * 2
    figures = [Figure("Sales revenue", long, value(status="partial", missing=["source:crm/eu"]), target=target)] * 60
    file = tmp_path / "page.html"
    file.write_text(to_html(report(*figures)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": PAPER_PX, "height": 900})
        page.goto(file.as_uri())
        page.emulate_media(media="print")
        assert page.evaluate("document.documentElement.scrollWidth") <= PAPER_PX
        printed = page.pdf(prefer_css_page_size=True)
        browser.close()
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)
    assert len(sizes) > 2
    assert {tuple(round(float(edge)) for edge in size) for size in sizes} == {(595, 842)}


def test_the_picture_in_the_docs(chromium: str, tmp_path: Path) -> None:
    """A month of the tests' office; SALESPULSE_PICTURES makes the picture anew."""
    if os.environ.get("SALESPULSE_PICTURES"):
        answers, newest_ms = replayed([write(tmp_path)], TENANT)
        page = tmp_path / "page.html"
        page.write_text(to_html(compose(answers, Wanted("October", board="company"), "2026-10", now_ms=newest_ms)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            shown = browser.new_page(viewport={"width": 794, "height": 420}, device_scale_factor=1.5)
            shown.goto(page.as_uri())
            shown.screenshot(path=PICTURE)
            browser.close()
    assert PICTURE.is_file()
