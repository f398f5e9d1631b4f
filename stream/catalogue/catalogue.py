"""The catalogue: every KPI there is, by slug."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from schemas.kpi import KpiDefinition
from stream.board.measures import MEASURES


class UnknownKpi(ValueError):
    """A slug that the catalogue doesn't list."""


class UnknownScope(ValueError):
    """A scope that a KPI isn't served for."""


class UnknownMeasure(ValueError):
    """A definition names a measure that nothing emits."""


class UnknownRanking(ValueError):
    """A leaderboard ranks by a KPI that isn't there, or that can't be ranked."""


RANKABLE = ("sum", "ratio", "mean", "classes")


class Catalogue:
    """KPI definitions by slug. Raises UnknownMeasure for a definition that could only ever read zero, UnknownRanking
    for a leaderboard of nothing.
    """

    def __init__(self, definitions: Iterable[KpiDefinition]) -> None:
        self.definitions = {definition.slug: definition for definition in definitions}
        for definition in self.definitions.values():
            for measure in sorted(definition.measures - MEASURES):
                raise UnknownMeasure(f"{definition.slug} names measure {measure!r}; there are {sorted(MEASURES)}")
            ranked = self.definitions.get(definition.ranks or "")
            if definition.ranks is not None and (ranked is None or ranked.form not in RANKABLE):
                raise UnknownRanking(
                    f"{definition.slug} ranks {definition.ranks!r}, which is no KPI that can be ranked"
                )

    def find(self, slug: str) -> KpiDefinition:
        """The definition of a slug. Raises UnknownKpi."""
        found = self.definitions.get(slug)
        if found is None:
            raise UnknownKpi(f"kpi {slug!r} is not known; allowed: {', '.join(sorted(self.definitions))}")
        return found

    def choose(self, slugs: Collection[str] | None) -> list[KpiDefinition]:
        """The definitions of some slugs, or all. Raises UnknownKpi."""
        return list(self.definitions.values()) if slugs is None else [self.find(slug) for slug in slugs]
