"""The pure core: a fold over events, with no clock, no randomness and no input or output of its own."""
