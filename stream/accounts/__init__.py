"""ACCOUNTS: events in, contributions to cells out, for each account."""
