"""A report on paper: figures as people read them, as a page that prints on A4, and as CSV."""
