"""Benchmarks: ACCOUNTS against a tuned hand script over identical events (`make bench`), and the core alone."""
