"""docs/metrics.md lists what there is: its tables are those of the code."""

from __future__ import annotations

from cli.metrics_page import PAGE, page
from tests.source_tree import ROOT


def test_the_page_is_as_the_declarations_have_it() -> None:
    text = (ROOT / PAGE).read_text("utf-8")
    assert page(text) == text, "write it anew: python -m cli.metrics_page"
