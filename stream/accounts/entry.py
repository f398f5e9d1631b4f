"""Entries of the ledger: the slim form in which an account remembers an event, and the order they stand in."""

from __future__ import annotations

from bisect import insort
from typing import Any

from mypy_extensions import mypyc_attr

from schemas.event import Event
from stream.accounts.kinds import RANK

OrderKey = tuple[int, int, str, str]
"""(time_ms, rank, source, id): the order of an account's events, whatever order they came in."""


PackedEntry = tuple[int, int, str, str, int, bool, bool, int, int, Any]
"""An entry as rows hold it, its fields in order: never reorder, add at the end."""


@mypyc_attr(acyclic=True)
class Entry:
    """One identity as the ledger holds it: its highest revision. ``chunk`` is the row it is stored in.

    A settled touch keeps only what its deal or lead needs: its ``source`` and ``id`` are empty.
    """

    __slots__ = (
        "backfill", "chunk", "data", "id", "kind", "received_ms", "revision", "source", "time_ms", "voided"
    )  # fmt: skip

    def __init__(
        self,
        kind: int,
        time_ms: int,
        source: str,
        event_id: str,
        revision: int,
        voided: bool,
        backfill: bool,
        received_ms: int,
        chunk: int,
        data: Any,
    ) -> None:
        self.kind = kind
        self.time_ms = time_ms
        self.source = source
        self.id = event_id
        self.revision = revision
        self.voided = voided
        self.backfill = backfill
        self.received_ms = received_ms
        self.chunk = chunk
        self.data = data

    @property
    def identity(self) -> str:
        """source and id in one string; neither can hold a NUL."""
        return f"{self.source}\0{self.id}"

    def packed(self) -> PackedEntry:
        """The form in which rows hold it."""
        return (
            self.kind,
            self.time_ms,
            self.source,
            self.id,
            self.revision,
            self.voided,
            self.backfill,
            self.received_ms,
            self.chunk,
            self.data,
        )


def entry_key(entry: Entry) -> OrderKey:
    """Where an entry stands among the account's events, for bisect and sort."""
    return (entry.time_ms, RANK[entry.kind], entry.source, entry.id)


def time_of(entry: Entry) -> int:
    """When it happened, for bisect."""
    return entry.time_ms


def insert_sorted(entries: list[Entry], entry: Entry) -> None:
    """Put an entry in its place; most come last."""
    if not entries or entries[-1].time_ms < entry.time_ms:
        entries.append(entry)
    else:
        insort(entries, entry, key=entry_key)


def entry_of(event: Event, received_ms: int) -> Entry:
    """The ledger's form of an accepted event; its chunk is set when it is stored."""
    return Entry(
        event.kind,
        event.time_ms,
        event.source,
        event.id,
        event.revision,
        event.voided,
        event.backfill,
        received_ms,
        -1,
        event.data,
    )


def same_as(entry: Entry, event: Event) -> bool:
    """Whether an event of the same identity and revision says what the ledger holds. A void says nothing but itself."""
    if entry.voided or event.voided:
        return entry.voided == event.voided and entry.kind == event.kind
    return entry.kind == event.kind and entry.time_ms == event.time_ms and entry.data == event.data
