"""A Redis of one's own for the demo and the tests, and the `salespulse redis` commands."""
