"""How many records got which verdict, by publishing source: exact, because they are committed with the position."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from schemas.verdicts import Code

SOURCES_MAX = 200
"""Sources counted one by one in a partition; the records of further ones are counted together."""

FIELDS_MAX, NAME_MAX = 500, 64
"""Unknown fields counted one by one in a partition, and the characters of their names; others are counted together."""

OTHER = "_other"

PackedTally = tuple[str, str, dict[str, int]]


class Tallies:
    """Verdicts by (tenant, source); both are empty for a record whose identity could not be read."""

    def __init__(self) -> None:
        self.by_source: dict[tuple[str, str], dict[Code, int]] = {}
        self.ignored: dict[tuple[str, str], dict[str, int]] = {}  # fields that nobody knows, by name
        self._fields = 0

    def count(self, tenant: str, source: str, code: Code) -> None:
        """Count one record."""
        self.count_many(tenant, source, code, 1)

    def count_many(self, tenant: str, source: str, code: Code, records: int) -> None:
        """Count records that got the same verdict."""
        counts = self.by_source.get((tenant, source))
        if counts is None:
            key = (tenant, source) if len(self.by_source) < SOURCES_MAX else (OTHER, OTHER)
            counts = self.by_source.setdefault(key, {})
        counts[code] = counts.get(code, 0) + records

    def ignore(self, tenant: str, source: str, fields: Iterable[str]) -> None:
        """Count the fields of a valid event that were ignored."""
        for name in fields:
            key, short = (tenant, source), name[:NAME_MAX]
            if short not in self.ignored.get(key, ()):
                if self._fields >= FIELDS_MAX:
                    key, short = (OTHER, OTHER), OTHER
                else:
                    self._fields += 1
            counts = self.ignored.setdefault(key, {})
            counts[short] = counts.get(short, 0) + 1

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

    def pack_ignored(self) -> list[PackedTally]:
        """The ignored fields, in the same form."""
        return [(tenant, source, dict(counts)) for (tenant, source), counts in self.ignored.items()]

    def unpack(self, packed: list[PackedTally], ignored: list[PackedTally]) -> None:
        """Take what a position carries."""
        self.ignored = {(tenant, source): dict(counts) for tenant, source, counts in ignored}
        self._fields = sum(map(len, self.ignored.values()))
        self.by_source = {
            (tenant, source): {Code(code): n for code, n in counts.items()} for tenant, source, counts in packed
        }
