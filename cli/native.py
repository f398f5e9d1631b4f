"""`salespulse native`: compile the core, so that the worker folds faster; without it all is the same, only slower."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import typer

from cli.broker.cache import announced, built_once
from config.machine import cache_folder
from config.native import BuildFailed, compile_core_into, compile_into, core_folder, folder


class Part(NamedTuple):
    """What is compiled for itself. ``without``: what is so where it isn't."""

    folder: Callable[[Path], Path]
    compile_into: Callable[[Path], None]
    without: str


PARTS = (
    Part(folder, compile_into, "the core's Python modules are not compiled, all runs slower"),
    Part(core_folder, compile_core_into, "the core in C++ is not built, ACCOUNTS folds slower"),
)


def native() -> None:
    """Compile the core into the cache folder, once for each state of its sources.

    Needs mypy and compilers for C and C++ (Debian has both in g++); with that for C alone one of two parts is left out.
    """
    cache = cache_folder()
    missing = [part for part in PARTS if not part.folder(cache).is_dir()]
    if not missing:
        return
    try:
        with announced("compiling the core"):
            _build(missing, cache)
    except BuildFailed as exc:
        typer.echo(str(exc), err=True)


def _build(parts: Iterable[Part], cache: Path) -> None:
    """Build parts side by side, each whatever becomes of the other. Raises BuildFailed: a line for each that failed."""
    with ThreadPoolExecutor() as pool:
        running = {part: pool.submit(built_once, part.folder(cache), part.compile_into) for part in parts}
    failed = []
    for part, build in running.items():
        try:
            build.result()
        except BuildFailed as exc:
            failed.append(f"salespulse: {part.without}: {_reason(str(exc))}")
    if failed:
        raise BuildFailed("\n".join(failed))


def _reason(said: str) -> str:
    """The line that says why: a compiler's first error, else the last."""
    lines = said.splitlines() or ["the compiler said nothing"]
    return next((line.strip() for line in lines if "error:" in line), lines[-1])
