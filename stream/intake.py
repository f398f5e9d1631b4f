"""What becomes of records that don't reach an account: refused ones go to the dead letters, stray ones home."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from schemas.anonymity import may_be_kept
from schemas.binary_mode import FromBinary
from schemas.event import Event, is_activity
from schemas.partitioning import encode_key, home_partition
from schemas.receipt import RECEIVED_AT, REKEYED_FROM
from schemas.records import Headers, Output
from schemas.verdicts import Code, Refusal

DETAIL_MAX = 2_000
"""Characters of a header that come from what a publisher sent."""

KEY_MAX, LETTER_MAX = 65_536, 3_000_000
"""Bytes of a record's key and value that a dead letter keeps: below what its topic takes."""

JUDGED_AFTER_TENANT = frozenset({Code.INVALID_DATA, Code.NOT_ANONYMOUS})
"""Refusals of the data: they give way to one of the tenant."""

FOLD_REASONS = {
    Code.CONFLICT: "this identity and revision came with other content; the first stands, send a higher revision",
    Code.TOO_OLD: "it sorts before, or repeats, touches of this account that have settled",
}


def refusal(event: Event, code: Code, text: str) -> Refusal:
    """A refusal of an event whose bytes are sound."""
    detail = f"event {event.source}#{event.id}: {text}"
    return Refusal(code, detail, event.source, event.id, event.tenant, event.subject)


def at_the_fold(event: Event, code: Code) -> Refusal:
    """The refusal behind a verdict of the fold."""
    return refusal(event, code, FOLD_REASONS[code])


def key_tenant(key: bytes | None, *, is_whole: bool = False) -> str | None:
    """The tenant a record key claims, or None if the key has none. ``is_whole``: the key is the tenant by itself."""
    if not key or (b"/" not in key and not is_whole):
        return None
    return (key if is_whole else key.partition(b"/")[0]).decode(errors="replace")


def tenant_first(refused: Refusal, key: bytes | None, *, key_is_tenant: bool = False) -> Refusal:
    """A refusal for its data, unless the record key is another tenant's: the tenant is checked before the data."""
    claimed = key_tenant(key, is_whole=key_is_tenant)
    if refused.code in JUDGED_AFTER_TENANT and claimed is not None and refused.tenant not in ("", claimed):
        return foreign(refused.source, refused.id, refused.tenant, refused.subject, claimed)
    return refused


def foreign(source: str, event_id: str, tenant: str, subject: str, claimed: str) -> Refusal:
    """The refusal of an event under another tenant's key."""
    detail = f"event {source}#{event_id}: tenant is {tenant}, but its key is {claimed}'s (docs/publishing.md#tenant)"
    return Refusal(Code.NOT_ALLOWED, detail, source, event_id, tenant, subject)


def stray(event: Event, key: bytes | None, *, partition: int, partitions: int) -> Refusal | int | None:
    """None if the record is at home; else why it is refused, or the partition it belongs in."""
    claimed = key_tenant(key)
    if claimed is not None and claimed != event.tenant:
        return foreign(event.source, event.id, event.tenant, event.subject, claimed)
    if not is_activity(event.kind):
        return refusal(event, Code.UNKNOWN_TYPE, "an organisation event; it belongs on the organisation topic")
    home_key = encode_key(event.tenant, event.subject)
    home = home_partition(home_key, partitions)
    return None if key == home_key and home == partition else home


def owner(refused: Refusal, claimed: str | None) -> str:
    """Whose letter a refused record becomes: the tenant that its bytes and its key name, as far as either can be read.

    "" where they name none, or two: such a letter is shown to no tenant, for it may hold another's facts.
    """
    if refused.code is Code.NOT_ALLOWED:
        return ""
    if claimed is None:
        return refused.tenant
    return claimed if refused.tenant in ("", claimed) else ""


def identity_headers(refused: Refusal, tenant: str) -> Headers:
    """The headers of a letter that say whose it is, why it was refused, and of which event as far as can be read."""
    named = (
        ("reason", refused.code),
        ("detail", refused.detail),
        ("source", refused.source),
        ("id", refused.id),
        ("tenant", tenant),
    )
    return tuple((name, text[:DETAIL_MAX].encode(errors="replace")) for name, text in named)


def _named(refused: Refusal, raw: bytes | None) -> Refusal:
    """The refusal with the identity that the headers of a record in binary mode name, where its value names none."""
    if refused.source or refused.id or not isinstance(raw, FromBinary):
        return refused
    given = {name: held.decode(errors="replace") for name, held in raw.headers}
    return msgspec.structs.replace(refused, source=given.get("ce_source", ""), id=given.get("ce_id", ""))


def _as_it_came(raw: bytes | None) -> tuple[bytes | None, Headers]:
    """What a record came as: of one in binary mode its value and its event's headers, unless they are vast."""
    if isinstance(raw, FromBinary) and sum(len(name) + len(held) for name, held in raw.headers) <= KEY_MAX:
        return raw.value, raw.headers
    return raw, ()


def home_headers(partition: int, offset: int, received_ms: int) -> Headers:
    """What a record that is put home bears: when it was received, and where it had strayed to."""
    return ((RECEIVED_AT, str(received_ms).encode()), (REKEYED_FROM, f"{partition}-{offset}".encode()))


def dead_letter(
    refused: Refusal,
    raw: bytes | None,
    key: bytes | None,
    *,
    topic: str,
    partition: int,
    offset: int,
    received_ms: int,
    key_is_tenant: bool = False,
) -> Output:
    """The raw bytes as they came, with why and from where. ``key_is_tenant``: as on the organisation topic.

    Compression lets a record be of any size: beyond LETTER_MAX it is cut, with its length and digest. The input topic
    keeps it whole. An answer that names a person leaves its identity and the reason, neither bytes nor subject. One in
    binary mode leaves its ``ce_`` headers too, so that it can be sent again.
    """
    refused = _named(refused, raw)
    kept, more = _as_it_came(raw)
    claimed = key_tenant(key, is_whole=key_is_tenant)
    if raw is not None and not may_be_kept(refused, raw):
        kept, more, key = b"", (), refused.tenant.encode(errors="replace")
    elif kept is not None and len(kept) > LETTER_MAX:
        cut = (("truncated-from", str(len(kept)).encode()), ("sha256", sha256(kept).hexdigest().encode()))
        kept, more = kept[:LETTER_MAX], (*more, *cut)
    headers: Headers = (
        ("origin-topic", topic.encode()),
        ("origin-partition", str(partition).encode()),
        ("origin-offset", str(offset).encode()),
        *identity_headers(refused, owner(refused, claimed)),
        ("received-at", str(received_ms).encode()),
        *more,
    )
    return Output("dead_letters", partition, key if key is None else key[:KEY_MAX], kept, headers)
