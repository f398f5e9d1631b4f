"""Programs that the benchmark runs in an environment of their own: no module here imports the engine."""
