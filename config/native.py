"""The hot core as machine code: mypyc compiles the very sources, into the user's cache, under a digest of them.

What is found there is always of these sources; without a compiler everything runs as plain Python, only slower.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
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
    "stream/stages.py",
    "stream/tallies.py",
    "stream/accounts/account.py",
    "stream/accounts/alone.py",
    "stream/accounts/answers.py",
    "stream/accounts/attaching.py",
    "stream/accounts/cohorts.py",
    "stream/accounts/contributions.py",
    "stream/accounts/course.py",
    "stream/accounts/customers.py",
    "stream/accounts/cycles.py",
    "stream/accounts/emission.py",
    "stream/accounts/entry.py",
    "stream/accounts/fold.py",
    "stream/accounts/hearing.py",
    "stream/accounts/history.py",
    "stream/accounts/identities.py",
    "stream/accounts/kinds.py",
    "stream/accounts/ledger.py",
    "stream/accounts/open_deals.py",
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
SAID_MAX = 2_000

_SETUP = """
from setuptools import setup
from mypyc.build import mypycify
setup(name="native", packages=[], ext_modules=mypycify({arguments!r}, opt_level="3", debug_level="0"))
"""


class BuildFailed(Exception):
    """The compiler said no; the text is its last words."""


class ImportedTooEarly(Exception):
    """A module that is compiled was imported from its source before."""


def digest() -> str:
    """What a build depends on: the sources and what they take constants from, the interpreter, the compiler."""
    seen = hashlib.sha256(f"{sys.version}|{sysconfig.get_platform()}|{_compiler_version()}|{SOURCES}".encode())
    for path in sorted(
        path for part in ("schemas", "stream", "stream/accounts") for path in (ROOT / part).glob("*.py")
    ):
        seen.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return seen.hexdigest()[:24]


def _compiler_version() -> str:
    try:
        return version("mypy")
    except PackageNotFoundError:
        return "none"


def folder(cache: Path) -> Path:
    """Where the build of the present sources is, if it is."""
    return cache / "native" / digest()


def compile_into(target: Path) -> None:
    """Compile the sources into a folder that is there; takes about half a minute. Raises BuildFailed."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for package in ("schemas", "stream"):
            shutil.copytree(ROOT / package, work / package, ignore=shutil.ignore_patterns("__pycache__"))
        (work / "setup.py").write_text(_SETUP.format(arguments=["--ignore-missing-imports", *SOURCES]))
        command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", str(target), "--build-temp", "temp"]
        found = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False)
    if found.returncode:
        raise BuildFailed((found.stderr or found.stdout).strip()[-SAID_MAX:])


def use(cache: Path) -> bool:
    """Let the compiled modules be imported instead of their sources, where they are built: call it before either is.

    Raises ImportedTooEarly if it isn't called first: half of each would not know one another.
    """
    target = folder(cache)
    if not target.is_dir():
        return False
    early = sorted(sys.modules.keys() & {name.removesuffix(".py").replace("/", ".") for name in SOURCES})
    if early:
        raise ImportedTooEarly(f"{', '.join(early)} came before the compiled modules were put in their place")
    sys.path.append(str(target))  # the modules' shared library is found there
    for package in PACKAGES:
        importlib.import_module(package).__path__.insert(0, str(target.joinpath(*package.split("."))))
    return True


def is_used() -> bool:
    """Whether the fold is imported, or would be, in its compiled form."""
    spec = importlib.util.find_spec("stream.accounts.fold")
    return spec is not None and not str(spec.origin).endswith(".py")
