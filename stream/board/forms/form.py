"""What it takes to read KPIs of a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.kpi import KpiDefinition
from stream.board.forms.reading import Reading
from stream.board.moment import Moment
from stream.board.windows import Window
from stream.catalogue.catalogue import Catalogue


@dataclass(frozen=True)
class Form:
    """How a form is read: its numbers for a scope and a window; which scopes may have any; the oldest pane (UTC
    minute) that a closed period must not end before, None if there is nothing.
    """

    read: Callable[[Moment, Catalogue, KpiDefinition, str, Window], Reading]
    scopes: Callable[[Moment, Catalogue, KpiDefinition], set[str]]
    first_pane: Callable[[Moment, Catalogue, KpiDefinition], int | None]
