"""What the engine says of what a panel's query reads: the query's one gauge, traced back to its KPI."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from schemas.kpi import KpiDefinition, KpiValue
from tests.grafana.boards import Target, targets
from views.kpi_families import KpiFamilies, every_family

SELECTOR = re.compile(r"\b(salespulse_kpi_\w+)\{([^}]*)\}")
BESIDE = {"salespulse_kpi_trust", "salespulse_kpi_as_of_timestamp_seconds"}
MINOR_UNITS = 100


class Answers(Protocol):
    """Who knows values."""

    @property
    def definitions(self) -> Mapping[str, KpiDefinition]:
        """KPI definitions by slug."""

    def value(self, kpi: str, scope: str, window: str, as_of_ms: int | None = None) -> KpiValue:
        """The value at a moment (epoch ms), or at that of the last scrape."""


def of_kpis() -> list[Target]:
    """The queries of one KPI each."""
    return [target for target in targets() if set(SELECTOR.findall(target.asked)) and place(target) is not None]


def place(target: Target) -> tuple[str, dict[str, str]] | None:
    """The one gauge that a query reads, and what it is narrowed to."""
    found = {each for each in SELECTOR.findall(target.asked) if each[0] not in BESIDE}
    if len(found) != 1:
        return None
    name, matchers = found.pop()
    return name, dict(re.findall(r'(\w+)="([^"]*)"', matchers))


def read(value: KpiValue, families: KpiFamilies, name: str, facet: str) -> int | float | None:
    """What of a value a gauge shows."""
    if families.by_facet is not None and name == families.by_facet.name:
        return value.facets.get(facet)
    if name == families.n.name:
        return value.n
    assert name == families.value.name, name
    return value.value


class Engine:
    """What the engine says of what a query reads."""

    def __init__(self, answers: Answers, target: Target) -> None:
        found = place(target)
        assert found is not None
        self._name, self._where = found
        self._answers = answers
        every = every_family(answers.definitions).items()
        self._slug, self._families = next((s, f) for s, f in every if self._name in {each.name for each in f})
        self._divisor = MINOR_UNITS if "salespulse_currency_minor_units" in target.expr else 1

    def value(self, labels: dict[str, str], as_of_ms: int | None = None) -> KpiValue:
        """The value itself."""
        kind, scope = self._where["scope_kind"], self._where.get("scope") or labels.get("scope", "")
        named = kind if kind == "company" else f"{kind}:{scope}"
        return self._answers.value(self._slug, named, self._where["window"], as_of_ms)

    def shown(self, labels: dict[str, str], as_of_ms: int | None = None) -> float:
        """The number that a panel should show."""
        facet = self._where.get("facet") or labels.get("facet", "")
        found = read(self.value(labels, as_of_ms), self._families, self._name, facet)
        return (found or 0) / self._divisor
