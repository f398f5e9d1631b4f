"""The contract path: the one authority on what is valid and on what a refusal says. Slow, complete, plain.

Size, JSON, envelope, type, data, in this order; the first fault found is the verdict.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import BaseModel, BeforeValidator, Field, Strict, ValidationError, model_validator

from schemas.anonymity import naming_field
from schemas.envelope import Event, Kind, is_activity
from schemas.findings import explain, line, model_of, shown, wire_fields
from schemas.instants import milliseconds_of
from schemas.limits import MAX_BYTES, REVISION_MAX, TENANT_MAX, TENANT_PATTERN
from schemas.plain_json import MalformedJson, parse
from schemas.rules import INSTANT_RULE, OBJECT_RULE, PAGE, Flag, Id, Model, Rule, refuse, refuse_field
from schemas.types import BY_NAME, TYPES, EventType
from schemas.verdicts import Code, Refusal


def _instant(text: Any) -> Any:
    found = milliseconds_of(text) if isinstance(text, str) else None
    if found is None:
        refuse_field()
    return found


def _without_control(subject: Any) -> Any:
    if isinstance(subject, str) and any(char < " " or "\x7f" <= char < "\xa0" for char in subject):
        refuse_field()
    return subject


def _default_tenant(tenant: Any) -> Any:
    return "default" if tenant is None else tenant


def _first_revision(revision: Any) -> Any:
    return 0 if revision is None else revision


_SUBJECT_RULE = Rule(
    "a non-empty string of at most 256 characters, without control characters",
    "subject",
    {"type": "string", "minLength": 1, "maxLength": 256, "pattern": r"^[^\u0000-\u001f\u007f-\u009f]+$"},
)
_TENANT_RULE = Rule(
    f"1 to {TENANT_MAX} of the characters A-Z a-z 0-9 . _ -",
    "tenant",
    {"type": ["string", "null"], "pattern": f"^{TENANT_PATTERN}$", "default": "default"},
)
_REVISION_RULE = Rule(
    f"an integer from 0 to {REVISION_MAX}",
    "revisions",
    {"type": ["integer", "null"], "minimum": 0, "maximum": REVISION_MAX, "default": 0},
)

_WITHOUT_ACCOUNT = frozenset(row.name for row in TYPES if not is_activity(row.kind))

Instant = Annotated[int, BeforeValidator(_instant), INSTANT_RULE]


class Envelope(Model):
    """CloudEvents 1.0, structured JSON. Instants are read into UTC milliseconds; `data` is judged by its type.

    Only a type of the organisation may leave `subject` out; it belongs to the tenant.
    """

    specversion: Annotated[Literal["1.0"], Rule('"1.0"', "envelope")]
    id: Id
    source: Id
    type: Id
    time: Instant
    subject: (
        Annotated[str, Strict(), Field(min_length=1, max_length=256), BeforeValidator(_without_control), _SUBJECT_RULE]
        | None
    ) = None
    tenant: Annotated[
        str, Strict(), Field(pattern=f"^{TENANT_PATTERN}$"), BeforeValidator(_default_tenant), _TENANT_RULE
    ] = "default"
    revision: Annotated[
        int, Strict(), Field(ge=0, le=REVISION_MAX), BeforeValidator(_first_revision), _REVISION_RULE
    ] = 0
    voided: Flag = False
    backfill: Flag = False
    receivedat: Instant | None = None
    datacontenttype: Annotated[
        Annotated[str, Strict(), Field(pattern=r"^(?i:application/([a-z0-9.-]+\+)?json)\s*(;.*)?$")] | None,
        Rule("application/json, or absent", "envelope", {"type": ["string", "null"], "pattern": "[Jj][Ss][Oo][Nn]"}),
    ] = None
    data_base64: Annotated[None, Rule("absent: data are JSON, under data", "envelope", {"type": "null"})] = None
    data: Any = None

    @model_validator(mode="after")
    def _names_an_account(self) -> Self:
        if self.subject is None and self.type not in _WITHOUT_ACCOUNT:
            refuse("subject", "missing", _SUBJECT_RULE.allowed, _SUBJECT_RULE.anchor)
        return self


IGNORED = frozenset({"dataschema", "traceparent", "tracestate"})
"""Attributes that are no news: known, allowed, not read."""


def too_large(size: int) -> Refusal:
    """The refusal of an event of so many bytes, nothing of which is read."""
    return Refusal(Code.TOO_LARGE, f"event: size is {size} bytes; must be at most {MAX_BYTES} ({PAGE}#size)")


def decode_by_contract(raw: bytes) -> Event | Refusal:
    """The event in `raw`, or why it is none. Never raises for any bytes."""
    if len(raw) > MAX_BYTES:
        return too_large(len(raw))
    try:
        found = parse(raw)
    except MalformedJson as error:
        return Refusal(Code.MALFORMED_JSON, f"event: malformed JSON: {error} ({PAGE}#json)")
    if not isinstance(found, dict):
        return Refusal(Code.NOT_CLOUDEVENT, "event: " + line("it", shown(found), "an object", "envelope"))
    return _judge_envelope(found)


def _judge_envelope(found: dict[str, Any]) -> Event | Refusal:
    try:
        envelope = Envelope.model_validate(found)
    except ValidationError as error:
        return _refusal(found, Code.NOT_CLOUDEVENT, explain(error, Envelope))
    event_type = BY_NAME.get(envelope.type)
    if event_type is None:
        return _refusal(found, Code.UNKNOWN_TYPE, _unknown(envelope.type))
    if not isinstance(envelope.data, dict) and envelope.data is not None:
        return _refusal(found, Code.INVALID_DATA, line("data", shown(envelope.data), "an object", OBJECT_RULE.anchor))
    if event_type.kind is Kind.STAFF_SURVEY_ANSWERED and (named := naming_field(found)) is not None:
        # What was found is not said: a letter keeps this line.
        return _refusal(found, Code.NOT_ANONYMOUS, line(named, "there", "absent: an answer names nobody", "anonymity"))
    if envelope.voided:
        return _event(envelope, event_type, None)
    return _judge_data(found, envelope, event_type)


def _judge_data(found: dict[str, Any], envelope: Envelope, event_type: EventType) -> Event | Refusal:
    try:
        data = event_type.model.model_validate(envelope.data or {})
    except ValidationError as error:
        return _refusal(found, Code.INVALID_DATA, explain(error, event_type.model, prefix="data."))
    # The model has judged already; this only gives its values the shape everybody works with.
    shaped = msgspec.convert(data.model_dump(exclude_none=True, by_alias=True), event_type.struct)
    return _event(envelope, event_type, shaped)


def unknown_fields_by_contract(raw: bytes) -> tuple[str, ...]:
    """Dotted names, sorted, of the fields of a valid event that the contract doesn't know; [] for array elements."""
    found = parse(raw)
    names = {name for name in _unknown_in(found, Envelope, "") if name not in IGNORED}
    if found.get("voided") is not True and isinstance(found.get("data"), dict):
        names.update(_unknown_in(found["data"], BY_NAME[found["type"]].model, "data."))
    return tuple(sorted(names))


def _unknown_in(found: dict[str, Any], model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, held in found.items():
        field = wire_fields(model).get(name)
        if field is None:
            yield prefix + name
        elif (inner := model_of(field)) is not None:
            elements, mark = (held, "[].") if isinstance(held, list) else ([held], ".")
            for element in elements:
                if isinstance(element, dict):
                    yield from _unknown_in(element, inner, prefix + name + mark)


def _event(envelope: Envelope, event_type: EventType, data: Any) -> Event:
    return Event(
        int(event_type.kind),
        envelope.time,
        envelope.source,
        envelope.id,
        envelope.revision,
        envelope.voided,
        envelope.backfill,
        envelope.tenant,
        envelope.subject or envelope.tenant,
        envelope.receivedat,
        data,
    )


def _unknown(name: str) -> str:
    return line("type", shown(name), f"one of the {len(TYPES)} types of this version", "types")


def _refusal(found: dict[str, Any], code: Code, fault: str) -> Refusal:
    source, identity, subject = (_readable(found.get(name)) for name in ("source", "id", "subject"))
    tenant = "default" if found.get("tenant") is None else _readable(found["tenant"])
    name = f"event {source}#{identity}" if source or identity else "event"
    return Refusal(code, f"{name}: {fault}", source, identity, tenant, subject)


def _readable(name: Any) -> str:
    """An identity as far as it can be shown: short text without control characters, else ""."""
    return name if isinstance(name, str) and len(name) <= 256 and name.isprintable() else ""
