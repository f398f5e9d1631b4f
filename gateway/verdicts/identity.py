"""Whose record it is: the identity that an event's bytes, or a letter's headers, name, as a mark of four bytes."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.letters.letter import letter_in
from schemas.event import decode_further
from schemas.records import RecordBatch
from stream.intake import DETAIL_MAX

NO_MARK = 0
_MASK = 0xFFFFFFFF


class Identity(msgspec.Struct, frozen=True):
    """An event's identity. ``subject`` is its account; of an organisation event without one it is the tenant."""

    tenant: str
    subject: str
    source: str
    id: str

    @property
    def mark(self) -> int:
        """Under what its records are found again."""
        return _mark(self.tenant, self.subject, self.source, self.id)

    @property
    def letters_mark(self) -> int:
        """Under what its letters are found again: their headers name no subject, and the rest cut to a length."""
        return _mark(self.source[:DETAIL_MAX], self.id[:DETAIL_MAX])


class _Named(msgspec.Struct, gc=False):
    source: str
    id: str
    subject: str | None = None
    tenant: str = "default"


_decode = msgspec.json.Decoder(_Named).decode


def marks_of_events(batch: RecordBatch) -> Iterator[int]:
    """The mark of each record; NO_MARK where its bytes name no identity."""
    for raw in batch.values:
        named = None if raw is None else _identity_in(raw)
        yield NO_MARK if named is None else named.mark


def marks_of_letters(batch: RecordBatch) -> Iterator[int]:
    """The mark of each letter; NO_MARK where nobody could read whose it is."""
    for index in range(len(batch)):
        letter = letter_in(batch, index)
        source, event_id = letter.told("source"), letter.told("id")
        yield _mark(source, event_id) if source or event_id else NO_MARK


def _identity_in(raw: bytes) -> Identity | None:
    try:
        found = _decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        event, _ = decode_further(raw)
        return Identity(event.tenant, event.subject, event.source, event.id) if event.source or event.id else None
    return Identity(found.tenant, found.subject or found.tenant, found.source, found.id)


def _mark(*names: str) -> int:
    """Salted anew in each process, so nobody can choose names that meet; never NO_MARK."""
    return hash(names) & _MASK or 1
