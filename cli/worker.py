"""`salespulse worker`: without --stage a supervisor with a process of each stage, with --stage one such process."""

from __future__ import annotations

import math
import sys
from contextlib import suppress
from typing import Annotated

import typer

from cli.endings import fail
from cli.supervisor import Supervisor, die_with
from cli.topics import CONNECT_LIMIT_S, BrokerAway, ensure_topics
from config.machine import NoCacheFolder, cache_folder
from config.native import use as use_native
from config.settings import load_settings
from config.topics import StageName


def worker(
    stage: Annotated[StageName | None, typer.Option(help="Run only this stage, in this process.")] = None,
    supervised_by: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Fold events into numbers. Start as many as there are machines: each takes its share of the partitions."""
    settings = load_settings()
    if supervised_by:
        die_with(supervised_by)
    # A worker waits for its broker as long as it takes; its processes, started again and again, a minute each time.
    try:
        counts = ensure_topics(settings, limit_s=CONNECT_LIMIT_S if supervised_by else math.inf)
    except BrokerAway as exc:
        raise fail(str(exc)) from None
    if stage is None:
        command = [sys.executable, "-m", "cli.main", "worker", "--stage"]
        raise typer.Exit(Supervisor({name: [*command, name] for name in StageName}).run())
    if settings.native:
        with suppress(NoCacheFolder):  # where nothing can be kept nothing was compiled
            use_native(cache_folder())
    from agents.process import run_stage
    from agents.stages import STAGES

    raise typer.Exit(run_stage(STAGES[stage], settings, counts))
