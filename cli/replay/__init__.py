"""`salespulse replay`: the pure engine over event files, in one process, without Kafka."""
