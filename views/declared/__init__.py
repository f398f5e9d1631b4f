"""Every metric there is but those of the KPIs, which come from the catalogue (`views.kpi_families`). The page
docs/metrics.md is written from both.
"""
