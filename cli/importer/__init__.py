"""`salespulse import`: rows of any CRM export become events, by a mapping written in YAML."""
