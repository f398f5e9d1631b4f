"""Folders that are built once and then only read: complete, or not there at all."""

import fcntl
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def announced(what: str) -> Iterator[None]:
    """Say on standard error, in one line, what takes long and how long it took."""
    started = time.monotonic()
    sys.stderr.write(f"{what} ... ")
    sys.stderr.flush()
    ended = "failed"
    try:
        yield
        ended = "done"
    finally:
        sys.stderr.write(f"{ended} in {time.monotonic() - started:.0f} s\n")
        sys.stderr.flush()


def built_once(folder: Path, build: Callable[[Path], None]) -> Path:
    """Return `folder`, after `build` has filled it if it was not there.

    `build` fills a folder beside it that takes the name in one rename, so a crash leaves nothing half; what a crashed
    build left is removed by the next one. A lock beside it lets one process build while the others wait.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        for left in folder.parent.glob(f".{folder.name}.part-*"):
            shutil.rmtree(left)
        part = Path(tempfile.mkdtemp(prefix=f".{folder.name}.part-", dir=folder.parent))
        try:
            build(part)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder
