"""Publishing ticks: changed values to their topic, and from there to Redis."""
