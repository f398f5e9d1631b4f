"""Telling people of alerts: Alertmanager, webhook, mail."""
