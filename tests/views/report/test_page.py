"""The page and the sheet: names from outside stay names, what isn't live says so in words."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from schemas.kpi import KpiValue
from views.report.figures import Figure, Money, Report, Section, Target
from views.report.page import to_html, to_text
from views.report.sheet import to_csv
from views.report.words import change_text, number_text, target_text, trust_text, value_text

EUR, YEN = Money("EUR"), Money("JPY", 0)
NASTY = "<script>alert('x')</script>"


def value(**said: Any) -> KpiValue:
    """Revenue of a rep, live."""
    plain: dict[str, Any] = {"kpi": "revenue", "scope": "rep:R-1", "window": "7d", "as_of": "2026-11-15T23:00:00Z"}
    plain |= {"value": 1_234_550, "unit": "money", "n": 3, "numerator": 1_234_550, "denominator": None, "facets": {}}
    return KpiValue(**(plain | {"status": "live", "restated_at": None, "definition": 1} | said))


def report(*figures: Figure, title: str = "Sales", period: str = "2026-W46") -> Report:
    words = {"tenant": NASTY, "compared": "with", "as_of": "2026-11-15T23:00:00Z", "cut": "the end", "made": "now"}
    return Report(title=title, period=period, money=EUR, sections=(Section(NASTY, figures, NASTY),), **words)


def test_numbers_as_people_read_them() -> None:
    said = [
        number_text(1_234_550, "money", EUR),
        number_text(-1_234_550, "money", YEN),
        number_text(0.12345, "ratio", EUR),
        number_text(6.25, "days", EUR),
        value_text(value(value=6.25, unit="days"), EUR),
        value_text(value(value=None), EUR),
    ]
    assert said == ["12,345.50 EUR", "−1,234,550 JPY", "12.3 %", "6.2", "6.2 d", "–"]


@pytest.mark.parametrize(
    ("now", "then", "unit", "direction", "text"),
    [
        (120, 100, "deals", "up", "▲ 20.0 %"),
        (120, 100, "days", "down", "! ▲ 20.0 %"),
        (0.4, 0.5, "ratio", "up", "! ▼ 10.0 pp"),
        (30, -10, "points", "up", "▲ 40.0"),
        (5, 0, "deals", "up", "▲ from none"),
        (5, 5, "deals", "up", "= unchanged"),
        (5, None, "deals", "up", "–"),
    ],
)
def test_a_change_says_whether_it_is_for_the_worse(
    now: float, then: float | None, unit: str, direction: str, text: str
) -> None:
    figure = Figure("T", "n", value(value=now, unit=unit), direction, before=value(value=then, unit=unit))
    assert change_text(figure) == text


def test_targets_and_trust_are_words() -> None:
    running = Figure("T", "n", value(), target=Target(2_000_000, 0.5, 0.9))
    over = Figure("T", "n", value(), target=Target(2_000_000, 0.5, 0.5, is_final=True))
    assert target_text(running, EUR) == "of 20,000.00 EUR, 50.0 %, behind"
    assert target_text(over, EUR) == "of 20,000.00 EUR, 50.0 %, ! missed"
    goal = Figure("T", "n", value(value=0.8, unit="ratio"), target=Target(None, 0.8, 0.8))
    assert target_text(goal, EUR) == "! at risk"
    partial = value(status="partial", missing=["rate:USD", "source:crm/eu"])
    assert trust_text(partial) == "partial: no rate of USD, crm/eu is silent"
    assert trust_text(value(status="maturing", maturing=0.4)) == "still maturing: 40 % too young"


def test_the_page_escapes_and_names_what_is_not_live() -> None:
    doubtful = Figure(NASTY, NASTY, value(status="stale"), rank=NASTY)
    page = to_html(report(doubtful, Figure("T", "n", value()), title=NASTY, period=NASTY))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 8
    assert "1 of 2 numbers are to be taken with care" in page
    assert '<tr class="doubtful">' in page
    assert "http" not in page.replace("http-equiv", ""), "nothing is fetched from elsewhere"
    assert "stale" in to_text(report(doubtful))


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx"])
def test_a_name_is_no_formula(name: str) -> None:
    row = next(csv.DictReader(io.StringIO(to_csv(report(Figure("T", name, value()))), newline="")))
    assert (row["name"], row["value"], row["status"]) == (f"'{name}", "1234550", "live")
