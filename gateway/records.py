"""Events to records: which topic, which partition, which headers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from config.topics import LARGE_RECORD_BYTES
from schemas.anonymity import may_be_kept
from schemas.event import Event, encode_key, home_partition, is_activity
from schemas.receipt import RECEIVED_AT, sign
from schemas.records import Headers
from schemas.verdicts import Refusal
from stream.intake import identity_headers

# What a letter's record may take, less room for its key, its headers and the batch around it.
MAX_LETTER_BYTES = LARGE_RECORD_BYTES - 16_384
REMEMBERED_ACCOUNTS = 65_536


class Outgoing(NamedTuple):
    """A record to be written. ``topic`` is a role."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers


class Router:
    """Gives accepted events and refused ones their place in the log.

    ``partitions`` holds the partition count of each role as the cluster reports it: a count that was assumed would send
    an account's events to two homes.
    """

    def __init__(self, partitions: Mapping[str, int], signing_key: bytes) -> None:
        self._partitions = partitions
        self._signing_key = signing_key

    def event(self, event: Event, raw: bytes, received_ms: int) -> Outgoing:
        """The record of an accepted event: its bytes as they came, under its account's (or its tenant's) key."""
        if is_activity(event.kind):
            role, (key, home) = "activity", _home_of_account(event.tenant, event.subject, self._partitions["activity"])
        else:
            role, key = "organisation", event.tenant.encode()
            home = home_partition(key, self._partitions[role])
        return Outgoing(role, home, key, raw, self._receipt(raw, received_ms))

    def letter(self, refusal: Refusal, raw: bytes, received_ms: int, *, tenant: str) -> Outgoing:
        """The dead letter of a refused event, ``tenant``'s who sent it. It has no origin headers: no topic had it."""
        headers = (*identity_headers(refusal, tenant), (RECEIVED_AT, str(received_ms).encode()))
        kept, subject = raw, refusal.subject
        # An answer that was promised to be anonymous must not survive in a letter; its identity and the reason do.
        if not may_be_kept(refusal, raw):
            kept, subject = b"", ""
        if len(kept) > MAX_LETTER_BYTES:
            headers += (("truncated-from", str(len(kept)).encode()),)
            kept = kept[:MAX_LETTER_BYTES]
        key = encode_key(refusal.tenant, subject) if refusal.tenant and subject else None
        home = home_partition(key, self._partitions["dead_letters"]) if key else 0
        return Outgoing("dead_letters", home, key, kept, headers)

    def _receipt(self, raw: bytes, received_ms: int) -> Headers:
        """The receipt, signed where there is a key; unsigned it is what a reader sees, but decides nothing."""
        if self._signing_key:
            return tuple(sign(received_ms, raw, self._signing_key))
        return ((RECEIVED_AT, str(received_ms).encode()),)


@lru_cache(REMEMBERED_ACCOUNTS)
def _home_of_account(tenant: str, subject: str, partitions: int) -> tuple[bytes, int]:
    """The key and the partition of an account."""
    key = encode_key(tenant, subject)
    return key, home_partition(key, partitions)
