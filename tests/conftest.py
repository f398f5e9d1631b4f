"""What every test may ask for: a Kafka, a Kafka of its own, the shared pages and data, and reproducible properties."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from cli.broker import Broker, kafka_at, start_broker

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
    found = next(filter(None, map(shutil.which, commands)), None)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in ("apt-get update -q", f"apt-get install -q -y --no-install-recommends {packages}"):
            subprocess.run(command.split(), check=False, capture_output=True, timeout=900)
        found = next(filter(None, map(shutil.which, commands)), None)
    if found is None:
        pytest.skip(f"no {commands[0]} here, and apt-get could not install it: what needs it is left out")
    return found


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    return at_hand(BROWSERS, "chromium")


@pytest.fixture(scope="session")
def compiler() -> None:
    """A C compiler is there."""
    at_hand(("cc", "gcc"), "gcc libc6-dev")


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
