"""How a command ends when it can't go on: one line on standard error and an exit code, never a stack trace."""

from __future__ import annotations

import sys

import typer

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
"""As shells say it of whoever ends by Ctrl-C."""


class UsageError(Exception):
    """The command was asked for something impossible: a wrong option, setting, file or mapping. Exit code 2."""


def fail(text: str) -> typer.Exit:
    """Say ``text`` on standard error; the exception to raise. Exit code 1."""
    sys.stderr.write(f"salespulse: {text}\n")
    return typer.Exit(EXIT_FAILED)
