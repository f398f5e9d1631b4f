"""`salespulse report` and `salespulse reports`: numbers of a period on paper, and by mail when they are due."""
