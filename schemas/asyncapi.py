"""The contract as one AsyncAPI 3 document: what is sent, on which topic, under which key, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.binary_mode import CONTENT_TYPE, PREFIX
from schemas.envelope import is_activity
from schemas.exported import DEFINITIONS, Schema, data_name, event_parts
from schemas.limits import MAX_BYTES, TENANT_PATTERN
from schemas.meanings import MEANINGS
from schemas.types import TYPES, EventType
from schemas.verdicts import Code

_SCHEMAS = "#/components/schemas/"
_BINDING = "0.5.0"
_STRUCTURED = "application/cloudevents+json"
_NOT_REFUSED = frozenset({Code.TAKEN, Code.ACCEPTED, Code.DUPLICATE, Code.SUPERSEDED, Code.REKEYED})

_KEYS = {
    "activity": {
        "type": "string",
        "pattern": f"^{TENANT_PATTERN}/",
        "description": "tenant/subject; the partition is murmur2 of it, as Java's client has it",
    },
    "organisation": {
        "type": "string",
        "pattern": f"^{TENANT_PATTERN}$",
        "description": "the tenant; the partition is murmur2 of it, as Java's client has it",
    },
}
_CHANNELS = {
    "activity": "Facts about accounts: leads, deals, touches, orders, customers, surveys, support.",
    "organisation": "Facts about the organisation itself: settings, roster, calendars, targets, costs, prices.",
    "dead_letters": "What was refused, as it came, and why.",
}

_LETTER_HEADERS: Schema = {
    "type": "object",
    "required": ["reason", "detail", "source", "id", "tenant", "received-at"],
    "properties": {
        "reason": {"enum": [str(code) for code in Code if code not in _NOT_REFUSED]},
        "detail": {"type": "string", "description": "the line that the publisher reads"},
        "source": {"type": "string", "description": 'of the event, as far as it can be read, else ""'},
        "id": {"type": "string", "description": 'of the event, as far as it can be read, else ""'},
        "tenant": {"type": "string", "description": 'whose letter it is; "" where nobody can tell'},
        "received-at": {"type": "string", "pattern": "^-?[0-9]+$", "description": "epoch milliseconds"},
        "received-sig": {"type": "string", "description": "signature of the receipt, where there is a key"},
        "origin-topic": {"type": "string", "description": "absent where HTTP refused it"},
        "origin-partition": {"type": "string", "pattern": "^[0-9]+$"},
        "origin-offset": {"type": "string", "pattern": "^[0-9]+$"},
        "truncated-from": {"type": "string", "pattern": "^[0-9]+$", "description": "the bytes it had, if it was cut"},
        "sha256": {"type": "string", "description": "of the whole value, if it was cut"},
        CONTENT_TYPE: {"type": "string", "description": f"as it came, with every {PREFIX} header, in binary mode"},
    },
}


def asyncapi(topics: Mapping[str, str], version: str, examples: Mapping[str, Schema]) -> dict[str, Any]:
    """The document. ``topics``: the names of activity, organisation and dead_letters; ``version`` is the wire's;
    ``examples``: an event of each type.
    """
    messages = {row.name: _structured(row, examples[row.name]) for row in TYPES}
    messages |= {f"{row.name}.binary": _binary(row) for row in TYPES}
    messages["dead_letter"] = _letter()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "SalesPulse: the publisher contract",
            "version": version,
            "description": (
                f"CloudEvents 1.0 in structured or binary mode, at most {MAX_BYTES} bytes each. Every event gets one "
                "verdict; docs/publishing.md has the rules in words."
            ),
            "license": {"name": "MIT"},
        },
        "defaultContentType": _STRUCTURED,
        "channels": {role: _channel(role, topics[role]) for role in _CHANNELS},
        "operations": {
            "takeActivity": _operation("receive", "activity"),
            "takeOrganisation": _operation("receive", "organisation"),
            "refuse": _operation("send", "dead_letters"),
        },
        "components": {"messages": dict(sorted(messages.items())), "schemas": _schemas()},
    }


def _names(role: str) -> list[str]:
    if role == "dead_letters":
        return ["dead_letter"]
    rows = [row.name for row in TYPES if is_activity(row.kind) == (role == "activity")]
    return sorted(rows + [f"{name}.binary" for name in rows])


def _channel(role: str, topic: str) -> Schema:
    return {
        "address": topic,
        "title": role,
        "description": _CHANNELS[role],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _names(role)},
        "bindings": {
            "kafka": {
                "topic": topic,
                "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": -1},
                "bindingVersion": _BINDING,
            }
        },
    }


def _operation(action: str, role: str) -> Schema:
    messages = [{"$ref": f"#/channels/{role}/messages/{name}"} for name in _names(role)]
    return {"action": action, "channel": {"$ref": f"#/channels/{role}"}, "messages": messages}


def _bindings(key: Schema) -> Schema:
    return {"kafka": {"key": key, "bindingVersion": _BINDING}}


def _key(row: EventType) -> Schema:
    return _KEYS["activity" if is_activity(row.kind) else "organisation"]


def _structured(row: EventType, example: Schema) -> Schema:
    return {
        "name": row.name,
        "summary": MEANINGS[row.name],
        "contentType": _STRUCTURED,
        "payload": {"$ref": _SCHEMAS + row.struct.__name__},
        "bindings": _bindings(_key(row)),
        "examples": [{"name": example["id"], "payload": example}],
    }


def _binary(row: EventType) -> Schema:
    return {
        "name": f"{row.name}.binary",
        "title": f"{row.name} in binary mode",
        "summary": MEANINGS[row.name],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": f"{_SCHEMAS}BinaryHeaders"},
                {"type": "object", "properties": {f"{PREFIX}type": {"const": row.name}}},
            ]
        },
        "payload": {"$ref": _SCHEMAS + data_name(row)},
        "bindings": _bindings(_key(row)),
    }


def _letter() -> Schema:
    return {
        "name": "dead_letter",
        "title": "dead letter",
        "summary": "The bytes of a refused record as they came; none of an anonymous answer that names a person.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": f"{_SCHEMAS}LetterHeaders"},
        "payload": {"$ref": f"{_SCHEMAS}Bytes"},
        "bindings": _bindings({"type": "string", "description": "the key it came with"}),
    }


def _schemas() -> Schema:
    found: Schema = {}
    for row in TYPES:
        event, definitions = event_parts(row)
        for name, held in ({row.struct.__name__: event} | definitions).items():
            placed = _placed(held)
            assert found.setdefault(name, placed) == placed, f"two definitions are called {name}"
    found["BinaryHeaders"] = _binary_headers(found["Envelope"])
    found["LetterHeaders"] = _LETTER_HEADERS
    found["Bytes"] = {"type": "string", "description": "bytes of any kind"}
    return dict(sorted(found.items()))


def _binary_headers(envelope: Schema) -> Schema:
    """Each attribute of the envelope as a header: a text."""
    attributes = [name for name in envelope["properties"] if name not in ("data", "data_base64", "datacontenttype")]
    texts: Schema = {PREFIX + name: {"type": "string"} for name in attributes}
    return {
        "type": "object",
        "properties": {CONTENT_TYPE: {"type": "string", "description": "of the data: application/json"}, **texts},
        "required": [PREFIX + name for name in envelope["required"]],
    }


def _placed(schema: Any) -> Any:
    """A schema whose references point into the components."""
    if isinstance(schema, list):
        return [_placed(part) for part in schema]
    if isinstance(schema, dict):
        return {
            name: _SCHEMAS + part.removeprefix(DEFINITIONS) if name == "$ref" else _placed(part)
            for name, part in schema.items()
        }
    return schema
