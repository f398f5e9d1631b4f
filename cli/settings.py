"""`salespulse settings`: every setting with its present value, default, unit and meaning."""

from __future__ import annotations

import typer

from config.settings import SECRETS, load_settings, table


def settings() -> None:
    """Print each setting: its variable, default and unit, what it means, and its value where that differs."""
    loaded = load_settings()
    for variable, default, unit, meaning in table():
        name = "kafka_brokers" if variable == "KAFKA_BROKERS" else variable.removeprefix("SALESPULSE_").lower()
        value = str(getattr(loaded, name))
        shown = f" (now {'***' if variable in SECRETS else value})" if value != default else ""
        typer.echo(f"{variable}={default or '-'}{' ' + unit if unit else ''}{shown}\n    {meaning}")
