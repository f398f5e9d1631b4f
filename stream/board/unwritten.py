"""What a board heard that is not yet in rows. It may have come over cells or as a heartbeat: each has offsets of its
own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream.board.heard import HeardKey

Owned = tuple[str, HeardKey]
"""(tenant, key)"""


class Unwritten:
    """By source of records: what changed, with the offset of the record that first changed it; what was dropped."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._first: dict[str, dict[Owned, int]] = {source: {} for source in sources}
        self._dropped: list[Owned] = []

    def note(self, source: str, tenant: str, key: HeardKey, offset: int) -> None:
        """A record of ``source`` changed something."""
        self._first[source].setdefault((tenant, key), offset)

    def drop(self, tenant: str, keys: Iterable[HeardKey]) -> None:
        """Something is no longer kept; its row has to go."""
        for key in keys:
            self._dropped.append((tenant, key))
            for first in self._first.values():
                first.pop((tenant, key), None)

    def take_dropped(self) -> list[Owned]:
        """What was dropped since the last call."""
        dropped, self._dropped = self._dropped, []
        return dropped

    def take_due(self, before: Mapping[str, int]) -> list[Owned]:
        """What was first changed before an offset of either source; it counts as written from now on."""
        due = dict.fromkeys(
            key for source, first in self._first.items() for key, offset in first.items() if offset < before[source]
        )
        for first in self._first.values():
            for key in due:
                first.pop(key, None)
        return list(due)

    def floor(self, source: str, offset: int) -> int:
        """The oldest offset of a source that is not yet in rows; ``offset`` if all are."""
        return min(self._first[source].values(), default=offset)
