"""BOARD: cells in, KPI values out, for each tenant."""
