"""What the user's machine says about itself: the only readings of the environment that are not settings."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder for what can be fetched again: `salespulse` in XDG_CACHE_HOME, else in ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "salespulse"


def java_home() -> Path | None:
    """The Java that the user chose with JAVA_HOME, or None."""
    home = os.environ.get("JAVA_HOME")
    return Path(home) if home else None
