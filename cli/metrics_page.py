"""Write the tables of docs/metrics.md from the declarations and the catalogue: `python -m cli.metrics_page`, or
`make docs`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from config.catalogue import load_definitions
from schemas.kpi import KpiDefinition
from stream.catalogue.catalogue import Catalogue
from views.declared import gateway, tenants, worker
from views.families import Family
from views.kpi_families import PLACE, every_family

PAGE = Path("docs/metrics.md")
BEGIN = "<!-- written by `make docs` from views/declared and the catalogue -->"
END = "<!-- end of what is written -->"

SECTIONS: tuple[tuple[str, tuple[Family, ...]], ...] = (
    ("A BOARD worker, for each tenant it owns", tenants.TENANTS),
    ("Every worker", worker.WORKER),
    ("A BOARD worker, of its own work", worker.BOARD),
    ("The gateway", gateway.GATEWAY),
)
NONE = "–"
UNPUBLISHED = "source"
"""Scopes that are no part of ticks: lead sources, of which there may be any number."""


def page(text: str) -> str:
    """The page with its tables as they have to be."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}{END}{after}"


def tables() -> str:
    """Every metric there is."""
    catalogue = Catalogue(load_definitions())
    return "\n".join([*_kpi_lines(catalogue.definitions.values()), *_operation_lines()])


def _kpi_lines(definitions: Iterable[KpiDefinition]) -> Iterator[str]:
    chosen = sorted(definitions, key=lambda definition: definition.slug)
    families = every_family({definition.slug: definition for definition in chosen})
    labels = ", ".join(f"`{label}`" for label in PLACE)
    yield "### KPIs, at BOARD workers"
    yield f"Gauges with the labels {labels}; those by facet also `facet`.\n"
    yield "| metric | unit | what goes with it | windows | scopes |"
    yield "| --- | --- | --- | --- | --- |"
    for definition in chosen:
        value, *others = families[definition.slug]
        base = f"salespulse_kpi_{definition.slug}"
        parts = " ".join(f"`…{family.name.removeprefix(base)}`" for family in others)
        cells = (f"`{value.name}`", definition.unit, parts, _several(definition.publish_windows))
        yield f"| {' | '.join((*cells, _several(kind for kind in definition.scopes if kind != UNPUBLISHED)))} |"
    yield ""


def _operation_lines() -> Iterator[str]:
    yield "A histogram's `_bucket` has the label `le` beside.\n"
    for title, families in SECTIONS:
        yield f"### {title}"
        yield "| metric | type | unit | labels | what it says | as many as |"
        yield "| --- | --- | --- | --- | --- | --- |"
        for family in families:
            labels = _several(f"`{label}`" for label in family.labels)
            said = (f"`{family.name}`", family.kind, family.unit, labels, family.means, family.bound or NONE)
            yield f"| {' | '.join(said)} |"
        yield ""


def _several(words: Iterable[str]) -> str:
    return ", ".join(words) or NONE


if __name__ == "__main__":
    found = Path(__file__).parents[1] / PAGE
    found.write_text(page(found.read_text("utf-8")), "utf-8")
