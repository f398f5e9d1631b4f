"""Verdicts: what became of an event. Every event gets exactly one for each place that judges it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Code(StrEnum):
    """The verdict codes a publisher can meet, the same over HTTP and Kafka (docs/publishing.md#verdicts)."""

    TAKEN = "taken"
    """Answered at once over HTTP: the broker has the event on all in-sync replicas; its fold is still to come."""
    ACCEPTED = "accepted"
    """At the fold: the event is new, or a higher revision of a known one, and counts."""
    DUPLICATE = "duplicate"
    """At the fold: the same identity with the same content is already there; nothing changes."""
    SUPERSEDED = "superseded"
    """At the fold: a higher revision of this identity is already there; nothing changes."""
    REKEYED = "rekeyed"
    """At the fold: the record's key or partition was not its account's; it was published once more where it belongs."""
    CONFLICT = "conflict"
    """At the fold: the same identity and revision with other content; the first received stands."""
    TOO_OLD = "too_old"
    """The event's time is more than 35 days before its receipt, or lies before what its account has settled."""
    TOO_FAR_AHEAD = "too_far_ahead"
    """The event's time is more than 5 minutes after its receipt."""
    MALFORMED_JSON = "malformed_json"
    """The bytes are not JSON in UTF-8, nest deeper than 32 levels, or contain NaN or Infinity."""
    NOT_CLOUDEVENT = "not_cloudevent"
    """The JSON is not a CloudEvents 1.0 envelope, or one of its attributes breaks a rule."""
    UNKNOWN_TYPE = "unknown_type"
    """The envelope is sound, but its type is none that this version takes."""
    INVALID_DATA = "invalid_data"
    """The data break a rule of the type: the detail names the path, what was found and what is allowed."""
    TOO_LARGE = "too_large"
    """The event is longer than 65,536 bytes, or its request than one may be; nothing of it was read."""
    NOT_ANONYMOUS = "not_anonymous"
    """An answer to an anonymous survey names a person; the bytes are not kept."""
    NOT_ALLOWED = "not_allowed"
    """The event's tenant is not that of the API key or of the record key."""


class Refusal(msgspec.Struct, frozen=True):
    """Why an event doesn't count: its code, a line of text, and its identity as far as it could be read ("" if not)."""

    code: Code
    detail: str
    source: str = ""
    id: str = ""
    tenant: str = ""
    subject: str = ""
