"""The committed dashboards, as tests read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.grafana.company import TENANT
from tests.source_tree import ROOT

FOLDER = ROOT / "grafana" / "dashboards"
VARIABLES = {"tenant": TENANT, "team": "North"}


@dataclass(frozen=True)
class Target:
    """One query of a panel."""

    board: str
    panel: dict[str, Any]
    expr: str
    legend: str
    is_instant: bool

    def __str__(self) -> str:
        return f"{self.board}: {self.panel['title']}: {self.legend}"

    @property
    def asked(self) -> str:
        """The query with a value for each variable."""
        return re.sub(r"\$(\w+)", lambda found: VARIABLES.get(found[1], found[0]), self.expr)


def boards() -> dict[str, dict[str, Any]]:
    """Every dashboard by its file's name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel, with its board."""
    for board, said in boards().items():
        yield from ((board, panel) for panel in said["panels"])


def targets() -> list[Target]:
    """Every query of every panel."""
    return [
        Target(board, panel, target["expr"], target["legendFormat"], target["instant"])
        for board, panel in panels()
        for target in panel.get("targets", ())
    ]
