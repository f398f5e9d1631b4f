"""What every test may ask for: a Kafka, a Kafka of its own, the shared pages and data, and reproducible properties."""

import fcntl
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

from cli.broker import Broker, kafka_at, start_broker
from cli.broker.cache import built_once
from config import native
from config.machine import cache_folder

ROOT = Path(__file__).parent.parent

# No deadline: the machine is shared, and a slow example is not a wrong one. The same examples everywhere, so that a
# failure here is a failure of this commit; `--hypothesis-profile=explore` looks for new ones.
settings.register_profile(
    "steady",
    deadline=None,
    max_examples=60,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", parent=settings.get_profile("steady"), derandomize=False)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take long first: where files run side by side, none of those is left for the end."""

    def takes_s(item: pytest.Item) -> float:
        mark = item.get_closest_marker("takes")
        return float(mark.args[0]) if mark else 0.0

    longest: dict[Path, float] = {}
    for item in items:
        longest[item.path] = max(longest.get(item.path, 0.0), takes_s(item))
    items.sort(key=lambda item: -longest[item.path])


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """The bootstrap address of the session's broker, or of the one that KAFKA_BROKERS names.

    Tests share it, so each names topics and groups of its own. A test that kills a broker asks for `own_broker`.
    """
    with kafka_at(os.environ.get("KAFKA_BROKERS")) as bootstrap:
        yield bootstrap


@pytest.fixture
def own_broker() -> Iterator[Broker]:
    """A broker for one test, which may kill and restart it."""
    with start_broker() as broker:
        yield broker


BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def at_hand(commands: tuple[str, ...], packages: str) -> str:
    """The path of the first of some commands; root on a Debian gets their packages. Where none can be had, the test
    that needs it is skipped.
    """
    found = _first(commands)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        cache_folder().mkdir(parents=True, exist_ok=True)
        # apt-get serves one at a time, and another file that runs beside this one may want the same.
        with (cache_folder() / ".apt-get.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found = _first(commands) or _installed(commands, packages)
    if found is None:
        pytest.skip(f"no {commands[0]} here, and apt-get could not install it: what needs it is left out")
    return found


def _first(commands: tuple[str, ...]) -> str | None:
    return next(filter(None, map(shutil.which, commands)), None)


def _installed(commands: tuple[str, ...], packages: str) -> str | None:
    """Install packages, with the lists as they are if that goes; the path of the first of some commands then."""
    install = f"apt-get install -q -y --no-install-recommends {packages}"
    for command in (install, "apt-get update -q", install):
        subprocess.run(command.split(), check=False, capture_output=True, timeout=900)
        if found := _first(commands):
            return found
    return None


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return at_hand(BROWSERS, "chromium")


@pytest.fixture(scope="session")
def compiler() -> None:
    """A C and a C++ compiler are there, and what they need of Python."""
    at_hand(("cc", "gcc"), "gcc libc6-dev")
    at_hand(("c++", "g++"), "g++")
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        at_hand(("python3.11-config",), "python3.11-dev")


@pytest.fixture(scope="session")
def native_core(compiler: None) -> ModuleType:
    """The core in C++, built where it isn't yet."""
    built_once(native.core_folder(cache_folder()), native.compile_core_into)
    core = native.core(cache_folder())
    assert core is not None
    return core


@pytest.fixture(scope="session")
def prometheus_tools() -> None:
    """promtool and amtool are there."""
    at_hand(("promtool",), "prometheus")
    at_hand(("amtool",), "prometheus-alertmanager")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder `shared` beside the repository, with real data; without it the test is skipped, with it never."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the folder `shared` beside {ROOT.name}")
    return folder
