"""The small company as Prometheus has it, and a page that draws dashboards."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import at_hand
from tests.grafana.exposed import Exposed
from tests.grafana.hosting import built
from tests.grafana.scraped import SETTLED, Prometheus, scraping, serving


@pytest.fixture(scope="module")
def exposed() -> Exposed:
    """The company as it is now."""
    return Exposed(datetime.now(UTC))


@pytest.fixture(scope="module")
def scraped(exposed: Exposed, prometheus_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that has scraped it."""
    at_hand(("prometheus",), "prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    with serving(exposed.page) as jobs, scraping(jobs, folder, history=exposed.history()) as prometheus:
        for query in SETTLED:
            prometheus.wait_for(query)
        yield prometheus


@pytest.fixture(scope="session")
def npm() -> str:
    """The path of npm, which brings Grafana's components."""
    return at_hand(("npm",), "nodejs npm")


@pytest.fixture(scope="session")
def page_folder(npm: str) -> Path:
    """The folder with the page that draws."""
    return built(npm)
