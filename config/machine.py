"""What the user's machine says about itself: the only readings of the environment that are not settings."""

import os
from pathlib import Path


class NoCacheFolder(Exception):
    """The user has no home folder and named no other. The text says what to do."""


def cache_folder() -> Path:
    """The folder for what can be fetched again: `salespulse` in XDG_CACHE_HOME, else in ~/.cache.

    Raises NoCacheFolder.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "salespulse"
    except RuntimeError:
        raise NoCacheFolder(
            "this user has no home folder: name a folder to keep things in with XDG_CACHE_HOME"
        ) from None


def java_home() -> Path | None:
    """The Java that the user chose with JAVA_HOME, or None."""
    home = os.environ.get("JAVA_HOME")
    return Path(home) if home else None
