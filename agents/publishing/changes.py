"""What of a tenant is published, and which records a newer tick adds to it."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.kpi import to_line
from schemas.publication import Place, value_key
from stream.board.tick import Tick

AS_OF_FIELD = b'","as_of":"'
AS_OF_CHARS = len("2026-11-23T10:15:00Z")

Change = tuple[bytes, bytes | None]
"""A record's key, and its value: a line, or None for a tombstone."""


class Shown:
    """What readers see of one tenant. Of each value it keeps a fingerprint only."""

    def __init__(self) -> None:
        self.as_of_ms = -1
        self._fingerprints: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._fingerprints)

    def restore(self, key: bytes, line: bytes | None) -> None:
        """Take a record that is in the topic; later ones of a key replace earlier ones."""
        if line is None:
            self._fingerprints.pop(key, None)
        else:
            self._fingerprints[key] = _fingerprint(line)

    def take(self, tick: Tick) -> Iterator[Change | None]:
        """What a tick changes, step by step: None where a value is what it was. Must be used up, and written whole."""
        gone = dict.fromkeys(self._fingerprints)
        for value in tick.values:
            key = value_key(Place(tick.tenant, value.kpi, value.scope, value.window))
            line = to_line(value)
            gone.pop(key, None)
            fingerprint = _fingerprint(line)
            if self._fingerprints.get(key) == fingerprint:
                yield None
            else:
                self._fingerprints[key] = fingerprint
                yield key, line
        for key in gone:
            del self._fingerprints[key]
            yield key, None
        self.as_of_ms = tick.as_of_ms


def _fingerprint(line: bytes) -> int:
    """Of everything but ``as_of``: a value that is only read later is the same. Differs from process to process."""
    begin = line.index(AS_OF_FIELD) + len(AS_OF_FIELD)
    return hash(line[:begin] + line[begin + AS_OF_CHARS :])
