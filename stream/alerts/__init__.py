"""Alerts: definitions as data, what they read, and how each one stands. No clock, no delivery."""
