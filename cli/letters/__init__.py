"""`salespulse letters`: the dead letters at the command line."""
