"""What the page brings along from others: exactly what was published, with its licence; the rest is ours and whole."""

from __future__ import annotations

import hashlib
import re

from gateway.pages import FOLDER, HEADERS

# uplot 1.6.32 and @fontsource/roboto-condensed 5.3.0, as their packages hold them.
VENDORED = {
    "roboto-condensed/roboto-condensed-cyrillic-500-normal.woff2": (
        "ef705c9547df3f7dcff7f33a33ddec60bedb86da6b86f1c4e458de2057bde3a6"
    ),
    "roboto-condensed/roboto-condensed-cyrillic-700-normal.woff2": (
        "7b9ef131039e058b622d4da5cbb6d2e783526d137cbf74738f8984c25c2d3fbf"
    ),
    "roboto-condensed/roboto-condensed-greek-500-normal.woff2": (
        "dc5b714423d135b4cc349516da534bd4e9ac6aef8bbc9ec89178bb89267ab1bc"
    ),
    "roboto-condensed/roboto-condensed-greek-700-normal.woff2": (
        "8ece2ac41b5be208f667aeaffeb7b0e1d9f827100f35b0c909714c8dce92f85c"
    ),
    "roboto-condensed/roboto-condensed-latin-500-normal.woff2": (
        "669bad4234158212f880cfa1241dc18866f748b5b52cdf4aaeb00c56cbd87352"
    ),
    "roboto-condensed/roboto-condensed-latin-700-normal.woff2": (
        "ab74f0c2d7ec37e44e017b9586675dd00c519591207dc3bbc8e003c5628dc9b7"
    ),
    "roboto-condensed/roboto-condensed-latin-ext-500-normal.woff2": (
        "775a9747bb56d95d62e4048c750c3f32180deaf9b6fa0f27b0fd40b777bfbb8c"
    ),
    "roboto-condensed/roboto-condensed-latin-ext-700-normal.woff2": (
        "b7afcd7367b91f6fafbd05ab4ac6195ebd95794e354c368a0dcb1abb5ffc87ed"
    ),
    "uplot/uPlot.iife.min.js": ("19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f"),
    "uplot/uPlot.min.css": ("df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04"),
}
PIECES_MAX = 300


def digest(name: str) -> str:
    return hashlib.sha256((FOLDER / "vendor" / name).read_bytes()).hexdigest()


def test_vendored_files_are_as_published() -> None:
    there = {
        path.relative_to(FOLDER / "vendor").as_posix() for path in (FOLDER / "vendor").rglob("*") if path.is_file()
    }
    assert there == {*VENDORED, "uplot/LICENSE", "roboto-condensed/LICENSE"}
    assert {name: digest(name) for name in VENDORED} == VENDORED
    assert "MIT" in (FOLDER / "vendor/uplot/LICENSE").read_text()
    assert "SIL Open Font License" in (FOLDER / "vendor/roboto-condensed/LICENSE").read_text()


def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    page = (FOLDER / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?:", page)
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"unsafe|https?:|\*", policy)
    for path in FOLDER.glob("*.*"):
        text = path.read_text()
        assert "https://" not in text, path
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text), path
        assert len(text.splitlines()) <= PIECES_MAX, path
