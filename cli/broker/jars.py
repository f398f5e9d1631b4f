"""The jars of Apache Kafka: resolved by Maven if it is here, else by a resolver from PyPI, each as pinned."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.broker.cache import announced, built_once
from cli.broker.errors import BrokerUnavailable
from cli.broker.keeper import run_kept
from cli.broker.pypi import install

KAFKA = "4.4.0"
HERE = Path(__file__).parent
LIST = HERE / "jars.sha256"
POM = HERE / "pom.xml"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
ROOTS = f"org.apache.kafka:kafka_2.13:{KAFKA}+org.slf4j:slf4j-simple:1.7.36"
# Puts a folder first on the path and runs a module from it, so nothing is installed into the project's environment.
RUN_FROM = "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module('jgo', run_name='__main__')"


@dataclass(frozen=True)
class Jar:
    """One line of the committed list: what a jar must be."""

    sha256: str
    size: int
    name: str


def pinned_jars() -> list[Jar]:
    """The committed list, in the order of the class path."""
    lines = LIST.read_text(encoding="ascii").splitlines()
    return [Jar(digest, int(size), name) for digest, size, name in (line.split() for line in lines)]


def jar_folder(cache: Path) -> Path:
    """Return the folder with exactly the pinned jars, fetched into `cache` if they are not there.

    Checksums are verified when they arrive; names and sizes, which cost nothing, at each call.
    Raises BrokerUnavailable.
    """
    edition = hashlib.sha256(LIST.read_bytes()).hexdigest()[:12]
    folder = built_once(cache / f"kafka-{KAFKA}-{edition}", _fetch)
    wrong = [jar.name for jar in pinned_jars() if not _has_size(folder / jar.name, jar.size)]
    if wrong:
        raise BrokerUnavailable(
            f"{folder / wrong[0]} is missing or has another size; delete {folder} to fetch it again"
        )
    return folder


def verify(folder: Path) -> None:
    """Raise BrokerUnavailable unless `folder` has every pinned jar, with its checksum, and nothing besides."""
    pinned = {jar.name: jar.sha256 for jar in pinned_jars()}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    differing = sorted(name for name in pinned.keys() | found.keys() if pinned.get(name) != found.get(name))
    if differing:
        raise BrokerUnavailable(f"{differing[0]} is not the jar pinned in {LIST.name}; nothing of the download is kept")


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def _fetch(folder: Path) -> None:
    with announced(f"Fetching Apache Kafka {KAFKA}, once, 43 MB"):
        ways: list[Callable[[Path], str | None]] = [_with_maven, _with_jgo] if shutil.which("mvn") else [_with_jgo]
        reasons = []
        for way in ways:
            reason = way(folder)
            if reason is None:
                verify(folder)
                return
            reasons.append(reason)
        raise BrokerUnavailable(f"the jars of Kafka {KAFKA} could not be fetched: {'; '.join(reasons)}")


def _with_maven(folder: Path) -> str | None:
    """Let Maven copy the jars; return why it could not, or None."""
    command = ["mvn", "-q", "-B", "-f", str(POM), COPY, f"-DoutputDirectory={folder}", "-DincludeScope=runtime"]
    return _run(command, folder, "Maven")


def _with_jgo(folder: Path) -> str | None:
    """Let jgo, a Maven resolver in pure Python, gather the jars; return why it could not, or None."""
    with tempfile.TemporaryDirectory(prefix="salespulse-jgo-") as temp:
        code, place = Path(temp, "code"), Path(temp, "place")
        place.mkdir()
        install("jgo.txt", code)
        jgo = [sys.executable, "-c", RUN_FROM, str(code), "--ignore-config", "--resolver", "python"]
        sync = [*jgo, "--links", "copy", "--system-java", "--timeout", "60", "sync"]
        reason = _run([*jgo, "init", ROOTS], place, "jgo") or _run(sync, place, "jgo")
        for jar in place.glob(".jgo/*/*.jar"):
            shutil.move(jar, folder / jar.name)
        return reason


def _run(command: list[str], folder: Path, name: str) -> str | None:
    """Run a resolver in `folder`; return its name and last words if it failed, None if it went well."""
    done = run_kept(command, folder=folder)
    if done.returncode == 0:
        return None
    said = (done.stderr.strip() or done.stdout.strip()).splitlines() or ["no reason given"]
    return f"{name}: {said[0]}"
