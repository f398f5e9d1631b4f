"""Judging alerts in the BOARD worker: one desk for each partition it owns."""
