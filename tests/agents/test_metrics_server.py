"""A worker answers scrapes, on the next port if the first is taken."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
import urllib.request
from types import SimpleNamespace
from typing import cast

import pytest

from agents.epochs.crew import Crew
from agents.metrics import Metrics
from agents.metrics_server import serve_metrics
from agents.scrapes import Scrapes
from schemas.verdicts import Code
from stream.accounts.stage import AccountsStage


async def test_a_scrape_shows_epochs_and_verdicts(unused_tcp_port: int) -> None:
    metrics = Metrics("accounts")
    metrics.epoch_committed(7, 0.02)
    stage = AccountsStage(0, partitions=1, cells_partitions=1)
    stage.tallies.count("acme", "crm/eu", Code.ACCEPTED)
    crew = cast(Crew, SimpleNamespace(slots={0: SimpleNamespace(partition=0, stage=stage, ready=True)}))
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        server = serve_metrics(Scrapes(metrics, crew, {}), asyncio.get_running_loop(), "127.0.0.1", unused_tcp_port)
        assert server is not None
        port = server.server_address[1]
        assert port > unused_tcp_port

        def read(path: str) -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
                return str(answer.read().decode())

        try:
            text = await asyncio.to_thread(read, "/metrics")
            assert await asyncio.to_thread(read, "/healthz") == "ok\n"
            with pytest.raises(urllib.error.HTTPError, match="404"):
                await asyncio.to_thread(read, "/anything")
        finally:
            server.shutdown()
            server.server_close()
    assert 'salespulse_records_folded_total{stage="accounts"} 7.0' in text
    assert 'salespulse_verdict_records{stage="accounts",tenant="acme",source="crm/eu",verdict="accepted"} 1\n' in text
