"""`/metrics` answers with what happened, on the next port if the first is taken."""

from __future__ import annotations

import asyncio
import socket
import urllib.request
from types import SimpleNamespace
from typing import cast

from agents.app import StageApp
from agents.metrics import Metrics
from agents.metrics_server import serve_metrics
from schemas.verdicts import Code
from stream.accounts.stage import AccountsStage


async def test_a_scrape_shows_epochs_and_verdicts(unused_tcp_port: int) -> None:
    metrics = Metrics("accounts")
    metrics.epoch_committed(7, 0.02)
    stage = AccountsStage(0, partitions=1, cells_partitions=1)
    stage.tallies.count("acme", "crm/eu", Code.ACCEPTED)
    slots = {0: SimpleNamespace(stage=stage)}
    app = cast("StageApp", SimpleNamespace(crew=SimpleNamespace(slots=slots)))
    with socket.create_server(("127.0.0.1", unused_tcp_port)):
        server = serve_metrics(metrics, app, asyncio.get_running_loop(), "127.0.0.1", unused_tcp_port)
        assert server is not None
        port = server.server_address[1]
        assert port > unused_tcp_port
        answer = await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/metrics")
        text = answer.read().decode()
        server.shutdown()
        server.server_close()
    assert 'salespulse_records_folded_total{stage="accounts"} 7.0' in text
    assert 'verdict="accepted"} 1\n' in text
