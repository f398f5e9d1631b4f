"""The hot core as machine code: mypyc compiles the very sources, into the user's cache, under a digest of them.

What is found there is always of these sources; without a compiler everything runs as plain Python, only slower.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "schemas/instants.py",
    "schemas/ordinary.py",
    "schemas/partitioning.py",
    "stream/intake.py",
    "stream/panes.py",
    "stream/tallies.py",
    "stream/accounts/account.py",
    "stream/accounts/alone.py",
    "stream/accounts/answers.py",
    "stream/accounts/attaching.py",
    "stream/accounts/cohorts.py",
    "stream/accounts/contributions.py",
    "stream/accounts/customers.py",
    "stream/accounts/cycles.py",
    "stream/accounts/emission.py",
    "stream/accounts/fold.py",
    "stream/accounts/hearing.py",
    "stream/accounts/history.py",
    "stream/accounts/kinds.py",
    "stream/accounts/ledger.py",
    "stream/accounts/opportunities.py",
    "stream/accounts/orders.py",
    "stream/accounts/parts.py",
    "stream/accounts/rows.py",
    "stream/accounts/shelf.py",
    "stream/accounts/stage.py",
    "stream/accounts/standing.py",
    "stream/accounts/tail.py",
    "stream/accounts/touches.py",
    "stream/accounts/touching.py",
    "stream/accounts/wins.py",
)
"""Compiled modules. What msgspec has to look into (structs) stays Python: a compiled class has no fields to see."""

PACKAGES = ("schemas", "stream", "stream.accounts")
BUILD_LIMIT_S = 900

_SETUP = """
from setuptools import setup
from mypyc.build import mypycify
setup(name="native", packages=[], ext_modules=mypycify({arguments!r}, opt_level="3", debug_level="0"))
"""


class BuildFailed(Exception):
    """The compiler said no; the text is its last words."""


def digest() -> str:
    """What a build depends on: the sources, the interpreter, the compiler's version."""
    seen = hashlib.sha256(f"{sys.version}|{sysconfig.get_platform()}|{_compiler_version()}".encode())
    for name in SOURCES:
        seen.update(name.encode() + b"\0" + (ROOT / name).read_bytes() + b"\0")
    return seen.hexdigest()[:24]


def _compiler_version() -> str:
    try:
        return version("mypy")
    except PackageNotFoundError:
        return "none"


def folder(cache: Path) -> Path:
    """Where the build of the present sources is, if it is."""
    return cache / "native" / digest()


def build(cache: Path) -> Path:
    """Compile into the cache unless it is there. Raises BuildFailed; takes about half a minute."""
    target = folder(cache)
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        work = Path(scratch)
        for package in ("schemas", "stream", "config"):
            shutil.copytree(ROOT / package, work / package, ignore=shutil.ignore_patterns("__pycache__"))
        (work / "setup.py").write_text(_SETUP.format(arguments=["--ignore-missing-imports", *SOURCES]))
        command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", "out", "--build-temp", "temp"]
        found = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False)
        if found.returncode:
            raise BuildFailed((found.stderr or found.stdout).strip()[-2_000:])
        try:
            os.rename(work / "out", target)
        except OSError:
            if not target.is_dir():  # else somebody else has built the same meanwhile
                raise
    return target


def use(cache: Path) -> bool:
    """Let the compiled modules be imported instead of their sources, where they are built. Call it before either is."""
    target = folder(cache)
    if not target.is_dir():
        return False
    sys.path.append(str(target))  # the modules' shared library is found there
    for package in PACKAGES:
        importlib.import_module(package).__path__.insert(0, str(target.joinpath(*package.split("."))))
    return True
