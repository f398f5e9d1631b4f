"""KPI definitions as data, and the catalogue that holds them."""
