"""From a number to the events behind it: accounts followed while somebody asks, their contributions by event."""
