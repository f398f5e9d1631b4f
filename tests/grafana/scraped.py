"""A Prometheus that scrapes the small company, with the project's own configuration and rules."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from cli.broker.ports import free_pair
from tests.source_tree import ROOT

PATIENCE_S = 60
SETTLED = (
    "salespulse:transaction_seconds:p99 >= 0",
    "salespulse:values_as_of:timestamp_seconds",
    "rate(salespulse_gateway_publish_seconds_count[5m]) > 0",
    "rate(salespulse_tick_seconds_count[5m]) > 0",
)
"""What is there once every part was scraped twice and the rules were evaluated."""


Jobs = Mapping[str, tuple[str, Sequence[str]]]
"""Jobs of the project's configuration → the path and the addresses that are scraped."""


class Prometheus:
    """What Prometheus answers at ``url``."""

    def __init__(self, url: str, running: subprocess.Popen[bytes]) -> None:
        self.url, self._running = url, running

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
def scraping(jobs: Jobs, folder: Path, *, history: str = "") -> Iterator[Prometheus]:
    """A Prometheus that keeps everything in ``folder``. It knows a ``history`` in OpenMetrics."""
    if history:
        (folder / "history.txt").write_text(history, encoding="utf-8")
        _run("promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "history.txt"), str(folder / "tsdb"))
    (folder / "prometheus.yml").write_text(_configuration(jobs), encoding="utf-8")
    port = free_pair()
    command = ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]
    with (folder / "prometheus.log").open("w") as log, subprocess.Popen(command, stderr=log) as running:
        try:
            yield Prometheus(f"http://127.0.0.1:{port}", running)
        finally:
            running.terminate()


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def _configuration(jobs: Jobs) -> str:
    """The project's own, but for where the parts are found, how often they are scraped, and nobody to alert."""
    config = yaml.safe_load((ROOT / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(ROOT / "prometheus" / "rules" / "recording.yml")]
    del config["alerting"]
    for job in config["scrape_configs"]:
        path, addresses = jobs[job["job_name"]]
        job |= {"metrics_path": path, "static_configs": [{"targets": list(addresses)}]}
    return yaml.safe_dump(config)


@contextmanager
def serving(page: Callable[[str], bytes]) -> Iterator[Jobs]:
    """The pages of a company's parts. BOARD's is there twice, as it is for a scrape after a hand-over, all the time: no
    panel may count it twice.
    """

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
        here, there = (f"{name}:{server.server_address[1]}" for name in ("127.0.0.1", "localhost"))
        board = ("/board", [here, there])
        yield {
            "salespulse-accounts": ("/accounts", [here]),
            "salespulse-board": board,
            "salespulse-gateway": ("/gateway", [here]),
        }
        server.shutdown()
