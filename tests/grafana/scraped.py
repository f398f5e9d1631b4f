"""A Prometheus that scrapes the small company, with the project's own configuration and rules."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from cli.broker.ports import free_pair
from tests.grafana.exposed import Exposed
from tests.source_tree import ROOT

PATIENCE_S = 60
TWICE = "salespulse-board"
"""As on a hand-over two workers show the same tenant, all the time: no panel may count it twice."""
SETTLED = (
    "salespulse:transaction_seconds:p99 >= 0",
    "salespulse:values_as_of:timestamp_seconds",
    "rate(salespulse_gateway_publish_seconds_count[5m]) > 0",
    "rate(salespulse_tick_seconds_count[5m]) > 0",
)
"""What is there once every part was scraped twice and the rules were evaluated."""


class Scraped:
    """What Prometheus answers at ``url``."""

    def __init__(self, url: str, exposed: Exposed, running: subprocess.Popen[bytes]) -> None:
        self.url, self.exposed, self._running = url, exposed, running

    def ask(self, query: str, **more: object) -> list[dict[str, Any]]:
        """The series of an instant query, or with start, end and step of one over a range."""
        kind = "query_range" if "step" in more else "query"
        with urlopen(f"{self.url}/api/v1/{kind}?{urlencode({'query': query} | more)}", timeout=20) as answer:
            found = json.load(answer)
        assert found["status"] == "success", (query, found)
        series: list[dict[str, Any]] = found["data"]["result"]
        return series

    def wait_for(self, query: str) -> None:
        """Until an instant query has an answer."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self._running.poll() is None, "Prometheus ended"
            with suppress(OSError):
                if self.ask(query):
                    return
            time.sleep(0.2)
        raise AssertionError(f"nothing answers {query} in {PATIENCE_S} s")


@contextmanager
def scraping(exposed: Exposed, folder: Path) -> Iterator[Scraped]:
    """A Prometheus that has scraped and evaluated its rules; it keeps everything in ``folder``."""
    history = folder / "history.txt"
    history.write_text(exposed.history(), encoding="utf-8")
    _run("promtool", "tsdb", "create-blocks-from", "openmetrics", str(history), str(folder / "tsdb"))
    with _serving(exposed.page) as target:
        (folder / "prometheus.yml").write_text(_configuration(target), encoding="utf-8")
        port = free_pair()
        command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
        command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
        with (folder / "prometheus.log").open("w") as log, subprocess.Popen(command, stderr=log) as running:
            try:
                scraped = Scraped(f"http://127.0.0.1:{port}", exposed, running)
                for query in SETTLED:
                    scraped.wait_for(query)
                yield scraped
            finally:
                running.terminate()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def _configuration(target: str) -> str:
    """The project's own, but for where the parts are found, how often, and nobody to alert."""
    config = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(ROOT / "prometheus" / "rules" / "recording.yml")]
    del config["alerting"]
    for job in config["scrape_configs"]:
        job["metrics_path"] = "/" + job["job_name"].removeprefix("salespulse-")
        twice = [target, target.replace("127.0.0.1", "localhost")]
        job["static_configs"] = [{"targets": twice if job["job_name"] == TWICE else [target]}]
    return yaml.safe_dump(config)


@contextmanager
def _serving(page: Callable[[str], bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(page(self.path))

        def log_message(self, *said: object) -> None:
            """A scrape is not worth a line."""

    with ThreadingHTTPServer(("127.0.0.1", free_pair()), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
