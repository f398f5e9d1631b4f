"""Loads the KPI catalogue: the definitions that ship with the engine, and those of a folder of one's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import yaml
from pydantic import ValidationError

from schemas.kpi import KpiDefinition


class BadDefinition(ValueError):
    """A definition file that can't be taken; the text says which, where, what was found and what is allowed."""


def load_definitions(folder: Path | None = None) -> list[KpiDefinition]:
    """Every `*.yaml` of the shipped catalogue, then of ``folder``, whose slugs replace shipped ones.

    Raises BadDefinition.
    """
    shipped = Path(str(files("stream.catalogue")))
    found: dict[str, KpiDefinition] = {}
    for place in (shipped, folder):
        for path in sorted(place.glob("*.yaml")) if place is not None else ():
            definition = _read(path)
            found[definition.slug] = definition
    return list(found.values())


def _read(path: Path) -> KpiDefinition:
    try:
        return KpiDefinition.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as broken:
        raise BadDefinition(f"{path.name} is not YAML: {broken}") from broken
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join(str(step) for step in first["loc"])
        raise BadDefinition(f"{path.name}: {where}: {first['msg']}, found {first.get('input')!r}") from invalid
