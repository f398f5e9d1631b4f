"""`salespulse demo`: a company's month of sales, then its live day, each number checked by plain arithmetic."""
