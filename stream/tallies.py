"""How many records got which verdict, by publishing source: exact, because they are committed with the position."""

from __future__ import annotations

from collections import Counter

from schemas.verdicts import Code

SOURCES_MAX = 200
"""Sources counted one by one in a partition; the records of further ones are counted together."""

OTHER_SOURCES = "_other"

PackedTally = tuple[str, str, dict[str, int]]


class Tallies:
    """Verdicts by (tenant, source); both are empty for a record whose identity could not be read."""

    def __init__(self) -> None:
        self.by_source: dict[tuple[str, str], dict[Code, int]] = {}

    def count(self, tenant: str, source: str, code: Code) -> None:
        """Count one record."""
        counts = self.by_source.get((tenant, source))
        if counts is None:
            key = (tenant, source) if len(self.by_source) < SOURCES_MAX else (OTHER_SOURCES, OTHER_SOURCES)
            counts = self.by_source.setdefault(key, {})
        counts[code] = counts.get(code, 0) + 1

    def total(self) -> Counter[Code]:
        """Verdicts of all sources together."""
        total: Counter[Code] = Counter()
        for counts in self.by_source.values():
            total.update(counts)
        return total

    def pack(self) -> list[PackedTally]:
        """The form in which the position carries them."""
        return [
            (tenant, source, {str(code): n for code, n in counts.items()})
            for (tenant, source), counts in self.by_source.items()
        ]

    def unpack(self, packed: list[PackedTally]) -> None:
        """Take what a position carries."""
        self.by_source = {
            (tenant, source): {Code(code): n for code, n in counts.items()} for tenant, source, counts in packed
        }
