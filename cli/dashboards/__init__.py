"""Writes Grafana's dashboards into `grafana/dashboards/` from the KPI catalogue: `make dashboards`."""
