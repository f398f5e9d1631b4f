"""Alerts over HTTP: what is open, and what people do about it."""
