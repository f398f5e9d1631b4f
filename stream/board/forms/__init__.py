"""How each form of KPI is read, one file a form."""
