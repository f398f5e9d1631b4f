"""KPI values in Prometheus' text format 0.0.4: gauges that the engine computed, never counters to be extrapolated.

A worker shows the tenants it owns as of their last ticks. The metrics of a KPI are those of `views.kpi_families`, what
goes with them is in `views.declared.tenants`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from threading import Lock

from schemas.kpi import KpiDefinition
from views.bounding import SERIES_MAX
from views.families import Family
from views.kpi_families import every_family
from views.lines import block
from views.tenant_lines import Facts, Published, TenantLines


class Exposition:
    """Takes ticks and shows them. Every method may be called by any thread."""

    def __init__(self, definitions: Mapping[str, KpiDefinition], *, series_max: int = SERIES_MAX) -> None:
        self._definitions, self._series_max = definitions, series_max
        self._families = every_family(definitions)
        self._ticks: dict[str, Published] = {}
        self._tenants: dict[str, TenantLines] = {}
        self._rendering = Lock()

    def take(self, tick: Published) -> None:
        """Show this tick of its tenant from now on."""
        self._ticks[tick.tenant] = tick

    def release(self, tenant: str) -> None:
        """The tenant's numbers are somebody else's to show."""
        self._ticks.pop(tenant, None)

    def render(self, owned: Mapping[str, Facts]) -> bytes:
        """The lines of the tenants that are owned, family by family as the format wants it; of other tenants none."""
        parts: dict[Family, list[bytes]] = defaultdict(list)
        with self._rendering:
            self._tenants = {tenant: lines for tenant, lines in self._tenants.items() if tenant in owned}
            for tenant, facts in sorted(owned.items()):
                lines = self._tenants.get(tenant)
                if lines is None:
                    lines = self._tenants[tenant] = self._lines_of(tenant)
                tick = self._ticks.get(tenant)
                for family, text in (*(lines.of_tick(tick) if tick is not None else ()), *lines.of_facts(facts)):
                    parts[family].append(text)
        return b"".join(block(family, texts) for family, texts in parts.items())

    def _lines_of(self, tenant: str) -> TenantLines:
        return TenantLines(tenant, self._definitions, self._families, series_max=self._series_max)
