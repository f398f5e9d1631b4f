"""Exactly once: one epoch is one Kafka transaction of one slot.

`port` says what a log must be able to do, `slot` is the protocol, `kafka` is the log in production; the simulation in
tests/simulation is another log, and runs the same `slot`.
"""
