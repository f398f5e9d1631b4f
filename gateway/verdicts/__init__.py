"""What became of one event: its records, in the order the log has them, and the verdict on each."""
