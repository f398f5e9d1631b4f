"""`salespulse up` and `salespulse down`: the pipeline without the demo's events, for one's own."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import typer

from cli.broker import BrokerUnavailable
from cli.broker.ports import is_free
from cli.endings import fail
from cli.stack import Stack, StackFailed, end_on_signals
from cli.topics import BrokerAway
from config.machine import cache_folder
from config.settings import load_settings

KAFKA_PORT = 9092
LOOK_EVERY_S = 0.5
DOWN_LIMIT_S = 60.0


def up() -> None:
    """Run a broker (or use KAFKA_BROKERS), the topics, a worker and a gateway until Ctrl-C. Events are kept."""
    settings = load_settings()
    has_own_kafka = "kafka_brokers" in settings.model_fields_set
    running = _running()
    if running is not None:
        raise fail(f"it is up already, process {running}; `salespulse down` stops it")
    end_on_signals()
    stack = Stack(
        brokers=settings.kafka_brokers if has_own_kafka else None,
        port=settings.port,
        settings={},
        folder=cache_folder() / "up",
        # The port that clients look at by default, so that `salespulse import` finds this broker by itself.
        broker_port=KAFKA_PORT if is_free(KAFKA_PORT) and is_free(KAFKA_PORT + 1) else None,
        say=typer.echo,
    )
    _pid_file().parent.mkdir(parents=True, exist_ok=True)
    _pid_file().write_text(str(os.getpid()))
    try:
        with stack:
            typer.echo(f"page     {stack.address}/\nKafka    {stack.brokers}\nCtrl-C stops all of it")
            stack.keep()
            while True:
                stack.check()
                time.sleep(LOOK_EVERY_S)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
    except (StackFailed, BrokerUnavailable, BrokerAway) as exc:
        raise fail(str(exc)) from None
    finally:
        _pid_file().unlink(missing_ok=True)


def down() -> None:
    """Stop what `salespulse up` started in another terminal or in the background."""
    pid = _running()
    if pid is None:
        typer.echo("nothing is up")
        return
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + DOWN_LIMIT_S
    while _running() == pid:
        if time.monotonic() > until:
            raise fail(f"process {pid} has not ended in {DOWN_LIMIT_S:.0f} s; it goes with all its children on kill -9")
        time.sleep(0.1)
    typer.echo("stopped")


def _pid_file() -> Path:
    return cache_folder() / "up.pid"


def _running() -> int | None:
    """The process of a running `salespulse up`; None if there is none, or its id now belongs to something else."""
    try:
        pid = int(_pid_file().read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if b"up" in command else None
