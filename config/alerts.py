"""Loads alert definitions: those that ship with the engine, and those of a folder of one's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from config.catalogue import BadDefinition
from schemas.alert import AlertDefinition


def load_alerts(folder: Path | None = None) -> list[AlertDefinition]:
    """Every `*.yaml` of the shipped alerts, then of ``folder``, whose names replace shipped ones.

    Raises BadDefinition.
    """
    shipped = Path(str(files("stream.alerts")))
    found: dict[str, AlertDefinition] = {}
    for place in (shipped, folder):
        for path in sorted(place.glob("*.yaml")) if place is not None else ():
            definition = read_alert(path)
            found[definition.alert] = definition
    return list(found.values())


def read_alert(path: Path) -> AlertDefinition:
    """The definition in a file. Raises BadDefinition, whose text says which, where and what was found."""
    try:
        return AlertDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as broken:
        raise BadDefinition(f"{path.name} is not YAML: {broken}") from broken
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "it"
        raise BadDefinition(f"{path.name}: {where}: {first['msg']}, found {first.get('input')!r}") from invalid
