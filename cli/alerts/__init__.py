"""`salespulse alerts`: what rules there are, and how often they would have fired."""
