"""What the wallboard shows: its pages as plans, made into frames from a board."""
