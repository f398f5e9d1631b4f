"""Each KPI has a page whose head is the catalogue's, and whose worked examples come out as written there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from config.catalogue import load_definitions
from schemas.kpi import KpiValue
from tests.catalogue.kpi_pages import FOLDER, Example, Expected, examples, head_of, index, page_of, with_heads
from tests.reference.readings import Reading
from tests.strategies.comparison import agrees, shown
from tests.strategies.event_files import EventFile

DEFINITIONS = {one.slug: one for one in load_definitions()}
PAGES = sorted({page_of(slug) for slug in DEFINITIONS})
EVENTS_MAX = 14
HOW = "python -m tests.catalogue.kpi_pages"


def test_every_kpi_has_a_page_and_every_page_a_kpi() -> None:
    assert sorted(FOLDER.glob("*.md")) == sorted([*PAGES, FOLDER / "index.md"])


@pytest.mark.parametrize("slug", sorted(DEFINITIONS))
def test_the_head_of_a_page_is_the_catalogue_s(slug: str) -> None:
    text = page_of(slug).read_text(encoding="utf-8")
    assert head_of(DEFINITIONS[slug]) in text, HOW
    assert with_heads(text, DEFINITIONS) == text, HOW


def test_the_index_is_the_catalogue_s() -> None:
    assert (FOLDER / "index.md").read_text(encoding="utf-8") == index(DEFINITIONS), HOW


@pytest.mark.parametrize("slug", sorted(DEFINITIONS))
def test_every_kpi_is_worked_out_on_its_page(slug: str) -> None:
    assert [row for example in examples(page_of(slug)) for row in example.rows if row.kpi == slug]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_worked_examples_come_out(page: Path, tmp_path: Path) -> None:
    wrong: list[str] = []
    for example in examples(page):
        assert 0 < len(example.lines) <= EVENTS_MAX
        assert example.rows
        wrong += faults_of(example, tmp_path)
    assert not wrong


def faults_of(example: Example, folder: Path) -> list[str]:
    """Where the engine or the reference disagrees with an example."""
    file = EventFile(example.lines, folder)
    found: list[str] = []
    for row in example.rows:
        value = file.value(row.kpi, row.scope, row.window, as_of_ms=row.as_of_ms)
        reading = file.tenant(as_of_ms=row.as_of_ms).reading(row.kpi, row.scope, row.window)
        where = f"{row.kpi} {row.scope} {row.window}:"
        found += [f"{where} engine: {fault}" for fault in against_value(row, value)]
        found += [f"{where} reference: {fault}" for fault in against_reading(row, reading)]
    return found


def against_value(row: Expected, value: KpiValue) -> list[str]:
    """What an answer of the engine says otherwise."""
    status = "restated" if value.restated_by is not UNSET and row.status == "restated" else value.status
    wanted: dict[str, Any] = {"value": shown(row.value), "n": row.n, "status": row.status}
    found: dict[str, Any] = {"value": value.value, "n": value.n, "status": status}
    facets = {name: shown(part) for name, part in row.facets.items()}
    return faults(wanted | facets, found | value.facets, more=row.more_facets)


def against_reading(row: Expected, reading: Reading) -> list[str]:
    """What the reference says otherwise."""
    late = reading.status == "live" and reading.restated_at is not None
    wanted: dict[str, Any] = {"value": row.value, "n": row.n, "status": row.status, **row.facets}
    found: dict[str, Any] = {"value": reading.value, "n": reading.n, "status": "restated" if late else reading.status}
    return faults(wanted, found | reading.facets, more=row.more_facets)


def faults(wanted: dict[str, Any], found: dict[str, Any], *, more: bool) -> list[str]:
    """The names under which two sides differ."""
    names = wanted.keys() if more else wanted.keys() | found.keys()
    return [
        f"{name} is {found.get(name)}, the page says {wanted.get(name)}"
        for name in sorted(names)
        if name not in found or name not in wanted or not agrees(name, found[name], wanted[name])
    ]
