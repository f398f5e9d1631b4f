"""`salespulse native`: compile the core, so that the worker folds faster; without it all is the same, only slower."""

from __future__ import annotations

import typer

from cli.broker.cache import announced, built_once
from config.machine import cache_folder
from config.native import BuildFailed, compile_into, folder


def native() -> None:
    """Compile the core into the cache folder, once for each state of its sources. Needs a C compiler and mypy."""
    target = folder(cache_folder())
    if target.is_dir():
        return
    try:
        with announced("compiling the core"):
            built_once(target, compile_into)
    except BuildFailed as exc:
        last = str(exc).splitlines()[-1] if str(exc) else "the compiler said nothing"
        typer.echo(f"salespulse: the core is not compiled and runs as plain Python, slower: {last}", err=True)
