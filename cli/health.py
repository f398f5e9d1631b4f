"""`salespulse health`: whether a gateway or a worker beside this command answers; for a container's health check."""

from __future__ import annotations

import urllib.error
import urllib.request
from enum import StrEnum
from typing import Annotated

import typer

from cli.endings import fail
from config.settings import Settings, load_settings

ANSWER_LIMIT_S = 4.0


class Asked(StrEnum):
    """What is asked. A worker is two processes: both have to answer."""

    GATEWAY = "gateway"
    WORKER = "worker"


def health(asked: Annotated[Asked, typer.Argument(metavar="[gateway|worker]")] = Asked.GATEWAY) -> None:
    """End with 0 if the gateway is ready, or if both stages of the worker answer, on this machine's own ports."""
    for address in addresses(asked, load_settings()):
        try:
            with urllib.request.urlopen(address, timeout=ANSWER_LIMIT_S) as answer:
                answer.read(1)
        except (urllib.error.URLError, OSError) as exc:
            raise fail(f"{address} does not answer as it should: {exc}") from None


def addresses(asked: Asked, settings: Settings) -> list[str]:
    """What has to answer. A stage without metrics (port 0) can't be asked."""
    if asked is Asked.GATEWAY:
        return [f"http://127.0.0.1:{settings.port}/readyz"]
    ports = (settings.metrics_port_accounts, settings.metrics_port_board)
    return [f"http://127.0.0.1:{port}/healthz" for port in ports if port]
