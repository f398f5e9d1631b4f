"""Every dashboard, as the JSON that Grafana reads."""

from __future__ import annotations

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from cli.dashboards.activity import activity
from cli.dashboards.engine import engine
from cli.dashboards.queries import Gauges
from cli.dashboards.sales_lead import sales_lead
from cli.dashboards.team import team
from config.catalogue import load_definitions


def written() -> dict[str, str]:
    """File name → JSON, from the shipped catalogue. Raises UnpublishedPanel."""
    gauges = Gauges({definition.slug: definition for definition in load_definitions()})
    made = {"sales-lead": sales_lead(gauges), "team": team(gauges), "activity": activity(gauges), "engine": engine()}
    encode = JSONEncoder(sort_keys=True, indent=2).encode
    return {f"{name}.json": encode(dashboard.build()) + "\n" for name, dashboard in made.items()}
