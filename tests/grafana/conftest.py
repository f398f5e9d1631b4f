"""The small company as Prometheus has it, and a page that draws dashboards."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import at_hand
from tests.grafana.exposed import Exposed
from tests.grafana.hosting import built
from tests.grafana.scraped import Scraped, scraping


@pytest.fixture(scope="module")
def scraped(prometheus_tools: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    """A Prometheus that has scraped the company as it is now."""
    at_hand(("prometheus",), "prometheus")
    with scraping(Exposed(datetime.now(UTC)), tmp_path_factory.mktemp("prometheus")) as found:
        yield found


@pytest.fixture(scope="session")
def npm() -> str:
    """The path of npm, which brings Grafana's components."""
    return at_hand(("npm",), "nodejs npm")


@pytest.fixture(scope="session")
def page_folder(npm: str) -> Path:
    """The folder with the page that draws."""
    return built(npm)
