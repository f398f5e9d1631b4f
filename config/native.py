"""The hot core as machine code, in the user's cache: mypyc compiles the very sources, and a C++ compiler `native/`.

Each of the two has a folder under a digest of what it is made of, so what is found is always of these sources, and one
may be there without the other. Without a compiler everything runs as plain Python, only slower.
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
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

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
    "stream/accounts/native_stage.py",
    "stream/accounts/open_deals.py",
    "stream/accounts/opportunities.py",
    "stream/accounts/orders.py",
    "stream/accounts/parts.py",
    "stream/accounts/positions.py",
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
CORE = "salespulse_core"
"""The extension module that `native/` is compiled to."""

CORE_FLAGS = ("-std=c++17", "-O2", "-g0", "-fvisibility=hidden")
"""Nothing of the machine it is compiled on: an image runs elsewhere."""

BUILD_LIMIT_S = 900
SAID_MAX = 20_000

_SETUP = """
from setuptools import setup
from mypyc.build import mypycify
setup(name="native", packages=[], ext_modules=mypycify({arguments!r}, opt_level="3", debug_level="0"))
"""

_SETUP_CORE = """
from setuptools import Extension, setup
core = Extension({name!r}, {sources!r}, include_dirs=["native"], language="c++", extra_compile_args={flags!r})
setup(name="native", packages=[], ext_modules=[core])
"""


class BuildFailed(Exception):
    """The compiler said no; the text is what it said."""


class ImportedTooEarly(Exception):
    """A module that is compiled was imported from its source before."""


def digest() -> str:
    """What a build depends on: the sources and what they take constants from, the interpreter, the compiler."""
    paths = (path for part in ("schemas", "stream", "stream/accounts") for path in (ROOT / part).glob("*.py"))
    return _digest(f"{_compiler_version()}|{SOURCES}", paths)


def core_digest() -> str:
    """What a build of the extension depends on: its sources, the interpreter, the flags."""
    return _digest(
        f"{CORE_FLAGS}", (path for ending in ("cpp", "hpp") for path in (ROOT / "native").glob(f"*.{ending}"))
    )


def _digest(besides: str, paths: Iterable[Path]) -> str:
    seen = hashlib.sha256(f"{sys.version}|{sysconfig.get_platform()}|{besides}".encode())
    for path in sorted(paths):
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


def core_folder(cache: Path) -> Path:
    """Where the extension of the present `native/` is, if it is."""
    return cache / "native" / f"core-{core_digest()}"


def compile_into(target: Path) -> None:
    """Compile the sources into a folder that is there; takes a minute or two. Raises BuildFailed."""
    _build(_SETUP.format(arguments=["--ignore-missing-imports", *SOURCES]), ("schemas", "stream"), target)


def compile_core_into(target: Path) -> None:
    """Compile `native/` into a folder that is there. Raises BuildFailed."""
    sources = sorted(f"native/{path.name}" for path in (ROOT / "native").glob("*.cpp"))
    _build(_SETUP_CORE.format(name=CORE, sources=sources, flags=[*CORE_FLAGS]), ("native",), target)


def _build(setup: str, folders: Iterable[str], target: Path) -> None:
    """Run a setup.py beside copies of the project's folders."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        for one in folders:
            shutil.copytree(ROOT / one, work / one, ignore=shutil.ignore_patterns("__pycache__"))
        (work / "setup.py").write_text(setup)
        command = [sys.executable, "setup.py", "-q", "build_ext", "--build-lib", str(target), "--build-temp", "temp"]
        found = subprocess.run(command, cwd=work, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False)
    if found.returncode:
        raise BuildFailed((found.stderr or found.stdout).strip()[:SAID_MAX])


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


def core(cache: Path) -> ModuleType | None:
    """The extension module, where it is built. It knows no Python module of ours: it may be imported at any time."""
    file = core_folder(cache) / f"{CORE}{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not file.is_file():
        return None
    if CORE not in sys.modules:
        spec = importlib.util.spec_from_file_location(CORE, file)
        assert spec is not None, f"{file} has an extension module's name"
        assert spec.loader is not None, f"{file} has an extension module's name"
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[CORE] = module
    return sys.modules[CORE]
