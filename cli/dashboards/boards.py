"""What every board has: address, variables, links to the others, the strip that says how far to believe it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from cli.dashboards.look import BAD, GOOD, STRIP, WARN, steps
from cli.dashboards.panels import SOURCE, Panel, Place, Query, tile
from cli.dashboards.queries import NONE, TENANT, Gauges, Scope
from schemas.kpi import KpiDefinition
from views.kpi_families import PREFIX

TAG = "salespulse"
OLD_S, TOO_OLD_S = 75, 120
"""From these ages on numbers are shown as old, and as too old to be believed: each minute there are new ones."""


def board(
    uid: str, title: str, description: str, *, since: str, panels: Iterable[Panel], of_tenant: bool = True
) -> Dashboard:
    """A dashboard over the time since ``since`` ("now-24h"), each panel with a number of its own."""
    made = Dashboard(title).uid(f"salespulse-{uid}").description(description).tags([TAG]).refresh("5s")
    made.time(since, "now").timezone("browser").readonly()
    named = VariableOption(text="Prometheus", value="prometheus")
    made.with_variable(DatasourceVariable("datasource").label("Source").type("prometheus").current(named))
    if of_tenant:
        made.with_variable(choice("tenant", "Tenant", f"label_values({PREFIX}as_of_timestamp_seconds, tenant)"))
    made.link(
        DashboardLink("SalesPulse").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True).include_vars(True)
    )
    for number, panel in enumerate(panels, 1):
        made.with_panel(panel.id(number))
    return made


def choice(name: str, label: str, query: str) -> QueryVariable:
    """A variable with the values of a label."""
    made = QueryVariable(name).label(label).query(query).datasource(SOURCE)
    return made.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)


def describe(definition: KpiDefinition, *more: str) -> str:
    """What a panel's description says of a KPI: unit, which way is better, what late data do."""
    better = "More is better." if definition.direction == "up" else "Less is better."
    return " ".join([f"{definition.title}, in {definition.unit}. {better}", *more, definition.late.strip()])


def trust_strip(
    gauges: Gauges, scope: Scope, shown: Mapping[str, Sequence[str]], place: Place, sizes: tuple[int, int] = STRIP
) -> stat.Panel:
    """How old the numbers are, how many of those ``shown`` (window → slugs) are incomplete, how many sources silent."""
    age = f"time() - max by (tenant) (last_over_time({PREFIX}as_of_timestamp_seconds{{{TENANT}}}[1h]))"
    doubted = " or ".join(gauges.incomplete(slugs, window, scope) for window, slugs in shown.items())
    silent = f"sum(max by (tenant, source) (salespulse_source_silent{{{TENANT}}})) or {NONE}"
    return tile(
        "How far to believe it",
        "The age of the numbers. How many of those shown are incomplete (a source is silent, a rate is missing); "
        "which, and what else is wrong with one, stands beside its name. How many publishing sources are silent.",
        place,
        Query(age, "age", ("s", 0), steps(GOOD, (OLD_S, WARN), (TOO_OLD_S, BAD))),
        Query(f"count({doubted}) or {NONE}", "incomplete", "none", steps(GOOD, (1, WARN))),
        Query(silent, "silent sources", "none", steps(GOOD, (1, BAD))),
        sizes=sizes,
        across=True,
    )
