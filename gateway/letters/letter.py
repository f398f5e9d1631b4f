"""A dead letter as it lies in its topic: where, why, whose, and the bytes as they came; and the mark of its sending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from schemas.binary_mode import FromBinary
from schemas.receipt import RECEIVED_AT
from schemas.records import RecordBatch
from schemas.verdicts import Code

_ADDRESS = re.compile(r"(0|[1-9]\d{0,4})-(0|[1-9]\d{0,17})", re.ASCII)
_DIGITS_MAX = 15


class Address(NamedTuple):
    """Where a letter lies. Its topic keeps everything and is never compacted, so an address stays."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"


def address_of(text: str) -> Address | None:
    """The address that ``text`` spells (partition-offset, such as 3-1742); None if it spells none."""
    found = _ADDRESS.fullmatch(text)
    return None if found is None else Address(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Letter:
    """A refused record. ``refused_ms`` is when it became a letter; ``raw`` is b"" where the bytes were not kept.

    ``raw`` is the event to be judged: of one in binary mode its structured form, put together from its headers.
    """

    address: Address
    refused_ms: int
    key: bytes | None
    headers: Mapping[str, bytes]
    raw: bytes
    size: int

    def told(self, name: str) -> str:
        """A header as text; "" if it isn't there."""
        return self.headers.get(name, b"").decode(errors="replace")

    @property
    def reason(self) -> str:
        """The code of the refusal."""
        return self.told("reason")

    @property
    def tenant(self) -> str:
        """Whose letter it is; "" is nobody's: only an operator sees it."""
        return self.told("tenant")

    @property
    def has_bytes(self) -> bool:
        """Whether the bytes were kept: not those of an answer that named a person, whatever it was refused for."""
        if self.reason == Code.NOT_ANONYMOUS:
            return False
        # No bytes at all are refused as no JSON, and for nothing else, unless the event is in its headers.
        return self.size > 0 or self.reason == Code.MALFORMED_JSON or self.is_binary

    @property
    def is_binary(self) -> bool:
        """Whether it came in binary mode: its attributes are in headers, its data are the bytes."""
        return isinstance(self.raw, FromBinary)

    @property
    def as_it_came(self) -> bytes:
        """The bytes of the record."""
        return (self.raw.value or b"") if isinstance(self.raw, FromBinary) else self.raw

    @property
    def received_ms(self) -> int:
        """The receipt of the record that was refused, which a sending keeps."""
        text = self.told(RECEIVED_AT)
        is_whole = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
        return int(text) if is_whole else self.refused_ms

    def lightened(self) -> Letter:
        """The same without its bytes, to keep many."""
        return replace(self, raw=b"", key=None)


def letter_in(batch: RecordBatch, index: int) -> Letter:
    """The letter at a place of a batch of the dead letters' topic."""
    value = batch.values[index]
    raw = b"" if value is None else value
    came = raw.value or b"" if isinstance(raw, FromBinary) else raw
    return Letter(
        Address(batch.partition, batch.offsets[index]),
        batch.received_ms[index],
        batch.keys[index],
        dict(batch.headers.get(index, ())),
        raw,
        len(came),
    )


class Mark(msgspec.Struct, frozen=True):
    """The newest sending of a letter, as the redrives' topic keeps it under the letter's address.

    It is written after the broker has the event, so a letter without one may have been sent, by a sender that died; to
    send it again changes nothing.
    """

    address: str
    sent_ms: int
    times: int
    by: str
    source: str
    id: str
    revision: int
    is_patched: bool


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Mark).decode


def encode_mark(mark: Mark) -> bytes:
    """The mark's record value."""
    return _encode(mark)


def decode_mark(value: bytes) -> Mark | None:
    """The mark in a record's value; None if a stranger wrote it."""
    try:
        return _decode(value)
    except msgspec.MsgspecError:
        return None
