"""The alerts there are, checked against the catalogue they read."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.alert import AlertDefinition
from stream.board.windows import UnknownWindow, kind_of
from stream.catalogue.catalogue import Catalogue, UnknownScope


class Rules:
    """Alert definitions by name, those that read publishers first: what they find holds back the others.

    Raises UnknownKpi, UnknownWindow or UnknownScope for one that could never be read.
    """

    def __init__(self, definitions: Iterable[AlertDefinition], catalogue: Catalogue) -> None:
        ordered = sorted(definitions, key=lambda each: (each.reads != "publisher", each.alert))
        self.definitions = {definition.alert: definition for definition in ordered}
        self.catalogue = catalogue
        for definition in ordered:
            if definition.kpi is not None:
                _check(definition, catalogue)

    def measures_of(self, definition: AlertDefinition) -> set[str]:
        """The measures whose silence makes an alert unbelievable."""
        if definition.kpi is None:
            return set()
        return self.catalogue.find(definition.kpi).measures


def _check(definition: AlertDefinition, catalogue: Catalogue) -> None:
    kpi = catalogue.find(definition.kpi or "")
    for window in (definition.window, definition.less):
        if window is not None and kpi.windows and kind_of(window) not in kpi.windows:
            raise UnknownWindow(f"{definition.alert}: window {window!r} makes no sense for {kpi.slug}")
    for scope in definition.scopes:
        if scope not in kpi.scopes:
            raise UnknownScope(f"{definition.alert}: {kpi.slug} is not served for scopes of {scope}")
