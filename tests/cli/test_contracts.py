"""What is checked in under contracts/ is what `make contracts` writes, and its AsyncAPI document hangs together."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator, Draft202012Validator

from cli.contracts import WIRE_VERSION, exported
from schemas.types import TYPES
from schemas.verdicts import Code, Refusal
from stream.intake import dead_letter
from tests.schemas.samples import envelope
from tests.schemas.test_binary_mode import headers_of

ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "contracts/asyncapi.json").read_text("utf-8"))
MESSAGES = DOCUMENT["components"]["messages"]

# The shape of AsyncAPI 3.0.0's objects, as far as they occur here.
REFERENCE = {"type": "object", "required": ["$ref"], "additionalProperties": False, "properties": {"$ref": {}}}
MESSAGE = {
    "type": "object",
    "required": ["name", "contentType", "payload", "bindings"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string"},
        "title": {"type": "string"},
        "summary": {"type": "string"},
        "contentType": {"type": "string"},
        "headers": {"type": "object"},
        "payload": REFERENCE,
        "bindings": {"type": "object", "required": ["kafka"]},
        "examples": {"type": "array", "items": {"type": "object", "required": ["payload"]}},
    },
}
CHANNEL = {
    "type": "object",
    "required": ["address", "messages"],
    "additionalProperties": False,
    "properties": {
        "address": {"type": "string"},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "messages": {"type": "object", "additionalProperties": REFERENCE},
        "bindings": {"type": "object"},
    },
}
OPERATION = {
    "type": "object",
    "required": ["action", "channel", "messages"],
    "additionalProperties": False,
    "properties": {
        "action": {"enum": ["send", "receive"]},
        "channel": REFERENCE,
        "messages": {"type": "array", "items": REFERENCE},
    },
}
SHAPE = {
    "type": "object",
    "required": ["asyncapi", "info", "channels", "operations", "components"],
    "additionalProperties": False,
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "defaultContentType": {"type": "string"},
        "channels": {"type": "object", "additionalProperties": CHANNEL},
        "operations": {"type": "object", "additionalProperties": OPERATION},
        "components": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "messages": {"type": "object", "additionalProperties": MESSAGE},
                "schemas": {"type": "object", "propertyNames": {"pattern": r"^[\w.-]+$"}},
            },
        },
    },
}


def test_what_is_checked_in_is_what_is_written() -> None:
    """A difference is a wire change: run `make contracts`, look at the diff, raise WIRE_VERSION, write CHANGELOG.md."""
    wanted = dict(exported(ROOT))
    differing = [str(path) for path, text in wanted.items() if (ROOT / path).read_text("utf-8") != text]
    assert not differing
    there = {path.relative_to(ROOT) for path in (ROOT / "contracts").rglob("*.json") if path.parent.name != "examples"}
    assert there == {path for path in wanted if path.suffix == ".json"}


def test_the_version_of_the_wire_is_in_the_changelog() -> None:
    assert f"wire {WIRE_VERSION}" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_document_has_the_shape_of_asyncapi() -> None:
    assert not list(Draft202012Validator(SHAPE).iter_errors(DOCUMENT))
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft7Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    for reference in set(references(DOCUMENT)):
        held = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            held = held[step]


def references(held: Any) -> Iterator[str]:
    if isinstance(held, dict):
        for name, part in held.items():
            if name == "$ref":
                yield part
            else:
                yield from references(part)
    elif isinstance(held, list):
        for part in held:
            yield from references(part)


def test_every_type_is_on_its_topic_in_both_modes() -> None:
    assert set(MESSAGES) == {row.name for row in TYPES} | {f"{row.name}.binary" for row in TYPES} | {"dead_letter"}
    for role, channel in DOCUMENT["channels"].items():
        operation = next(each for each in DOCUMENT["operations"].values() if each["channel"]["$ref"].endswith(role))
        names = [each["$ref"].rpartition("/")[2] for each in operation["messages"]]
        assert names == list(channel["messages"])
    keys = {role: {key_of(name) for name in DOCUMENT["channels"][role]["messages"]} for role in DOCUMENT["channels"]}
    assert (len(keys["activity"]), len(keys["organisation"])) == (1, 1)
    assert re.match(min(keys["activity"]), "acme/A-17")
    assert re.match(min(keys["organisation"]), "acme")


def key_of(name: str) -> str:
    return str(MESSAGES[name]["bindings"]["kafka"]["key"].get("pattern"))


def judge(schema: Any) -> Draft7Validator:
    """A validator of a schema that refers into the document."""
    return Draft7Validator({"components": DOCUMENT["components"], **schema})


def test_samples_are_valid_payloads_with_valid_headers() -> None:
    for row in TYPES:
        event = envelope(row.name)
        (example,) = MESSAGES[row.name]["examples"]
        structured, binary = MESSAGES[row.name], MESSAGES[f"{row.name}.binary"]
        assert not list(judge({"allOf": [structured["payload"]]}).iter_errors(event))
        assert not list(judge({"allOf": [structured["payload"]]}).iter_errors(example["payload"]))
        assert not list(judge({"allOf": [binary["payload"]]}).iter_errors(event["data"]))
        headers = {name: text.decode() for name, text in headers_of(event)}
        assert not list(judge(binary["headers"]).iter_errors(headers))
        assert list(judge(binary["headers"]).iter_errors(headers | {"ce_type": "sales.other"}))


def test_a_letter_has_the_headers_of_the_document() -> None:
    refused = Refusal(Code.INVALID_DATA, "event crm#1: …", "crm", "1", "acme", "A")
    letter = dead_letter(refused, b"x" * 3_000_001, b"acme/A", topic="t", partition=0, offset=7, received_ms=5)
    headers = {name: text.decode() for name, text in letter.headers}
    schema = DOCUMENT["components"]["schemas"]["LetterHeaders"]
    assert not list(Draft7Validator(schema).iter_errors(headers))
    assert set(headers) <= set(schema["properties"])
