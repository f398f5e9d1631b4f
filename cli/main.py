"""The `salespulse` command: one subcommand per file, imported only when it is called, so that each starts quickly."""

from __future__ import annotations

import errno
import importlib
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

import typer

from cli.endings import EXIT_FAILED, EXIT_INTERRUPTED, EXIT_USAGE, UsageError

COMMANDS = {
    "demo": ("cli.demo.command", "app", "Three months of sales in seconds, then live events, on a Kafka of its own."),
    "up": ("cli.up", "up", "A broker, the topics, a worker and a gateway in the foreground."),
    "down": ("cli.up", "down", "Stop what `salespulse up` left running."),
    "worker": ("cli.worker", "worker", "Fold events into numbers: ACCOUNTS and BOARD."),
    "gateway": ("cli.gateway", "gateway", "Take events and answer questions over HTTP."),
    "topics": ("cli.topics", "topics", "Create and check the topics."),
    "import": ("cli.importer.command", "import_", "Turn a CRM export into events."),
    "alerts": ("cli.alerts.command", "alerts", "What rules of alerts there are, and how often they would have fired."),
    "letters": ("cli.letters.command", "letters", "Find, show, patch and send dead letters."),
    "redis": ("cli.redis.command", "redis", "Build the view in Redis anew, or show how it stands."),
    "verdict": ("cli.verdict", "verdict", "Say what became of one event."),
    "check": ("cli.checking", "check", "Say of each line of event files whether it would be taken."),
    "replay": ("cli.replay.command", "replay", "Compute every KPI from event files, without Kafka."),
    "report": ("cli.report.command", "report", "Write a report of a period: as a page, as CSV, by mail."),
    "reports": ("cli.report.scheduler", "reports", "Send the reports of the settings when they are due."),
    "native": ("cli.native", "native", "Compile the core, so that workers fold faster."),
    "health": ("cli.health", "health", "Whether the gateway or the worker beside this command answers."),
    "settings": ("cli.settings", "settings", "Print every setting with its default, unit and meaning."),
}

WARNED = ("demo", "up", "worker", "gateway", "reports", "settings")
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
SUPERVISED = "--supervised-by"


def build(wanted: str | None) -> typer.Typer:
    """The command line. Only the module of the subcommand ``wanted`` is imported; the others are listed."""
    app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback()(_salespulse)
    for name, (module, function, meaning) in COMMANDS.items():
        called = getattr(importlib.import_module(module), function) if name == wanted else _unloaded
        if isinstance(called, typer.Typer):
            app.add_typer(called, name=name, short_help=meaning)
        else:
            app.command(name, short_help=meaning)(called)
    return app


def _salespulse() -> None:
    """Real-time sales KPIs from events in Kafka."""


def _unloaded() -> None:
    """Stand in for a subcommand in the list of all of them."""


def run() -> None:
    """Entry point of the console script. What the user got wrong ends with one line and exit code 2."""
    try:
        _called()
    except KeyboardInterrupt:
        # Who stops a command, perhaps while it still loads, wants no account of where it was.
        sys.exit(EXIT_INTERRUPTED)


def _called() -> None:
    from config.machine import NoCacheFolder
    from config.settings import BadSettings, unknown_variables

    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    # A process that another one of ours supervises has the same environment, on which that one has spoken already.
    if wanted in WARNED and SUPERVISED not in sys.argv and (unknown := unknown_variables()):
        sys.stderr.write(f"salespulse: {unknown}\n")
    try:
        build(wanted)()
    except (UsageError, BadSettings, NoCacheFolder) as exc:
        for line in str(exc).splitlines():
            sys.stderr.write(f"salespulse: {line}\n")
        sys.exit(EXIT_USAGE)
    except BrokenPipeError:
        # The reader of our output has seen enough, as `head` does.
        _drop_output()
        sys.exit(EXIT_FAILED)
    except OSError as exc:
        if (said := unwritable(exc)) is None:
            raise
        sys.stderr.write(f"salespulse: {said}\n")
        _drop_output()
        sys.exit(EXIT_FAILED)


def unwritable(exc: OSError) -> str | None:
    """What to say where there is no room, or the folder of what is kept can't be used; None: it is something else."""
    from config.machine import NoCacheFolder, cache_folder

    found = exc.filename2 or exc.filename
    place = Path(str(found)) if found else None
    with suppress(NoCacheFolder):
        if place is not None and (place.is_relative_to(kept := cache_folder()) or kept.is_relative_to(place)):
            return (
                f"{place} can't be written: {exc.strerror}; make room there, or name another folder with XDG_CACHE_HOME"
            )
    if exc.errno in NO_ROOM:
        return f"can't write on{f' at {place}' if place else ''}: {exc.strerror}; make room and say it again"
    return None


def _drop_output() -> None:
    """What standard output still holds must not fail once more when Python ends."""
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    run()
