"""The contract as JSON Schema, 2020-12, made from the models that judge.

A schema is never narrower than the contract: what it refuses, the contract refuses. It is wider where a rule spans
fields (shares that add up) or is about what a text means (a time zone); `salespulse check` judges those too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from schemas import rules, rules_organisation
from schemas.anonymity import NAMING
from schemas.contract import Envelope
from schemas.envelope import Kind, is_activity
from schemas.meanings import MEANINGS
from schemas.types import EventType

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DEFINITIONS = "#/$defs/"

Schema = dict[str, Any]

_NAMED: dict[str, Any] = {
    "Id": rules.Id,
    "Label": rules.Label,
    "Currency": rules.Currency,
    "Amount": rules.Amount,
    "Integer": rules.Count,
    "Quantity": rules.Quantity,
    "Score": rules.Score,
    "Instant": rules.INSTANT_RULE.schema,
    "OptionalInstant": rules.OptionalInstant,
    "DateOrInstant": rules.DateOrInstant,
    "OptionalDate": rules.OptionalDate,
    "Kpi": rules_organisation.Slug,
    "Scope": rules_organisation.Scope,
    "Number": rules_organisation.Number,
    "NumberFromZero": rules_organisation.NumberFromZero,
}
"""Fields that occur again and again: each is written once, under $defs, by this name."""


def event_schema(row: EventType) -> Schema:
    """A whole event of a type, in structured mode, with everything it refers to under $defs."""
    found, definitions = event_parts(row)
    return {"$schema": DIALECT, "title": row.name, "description": MEANINGS[row.name], **found, "$defs": definitions}


def envelope_schema() -> Schema:
    """The attributes of any event."""
    found, definitions = envelope_parts()
    return {"$schema": DIALECT, "title": "Envelope", **found, "$defs": definitions}


def envelope_parts() -> tuple[Schema, dict[str, Schema]]:
    """The envelope and what it refers to."""
    found = _cleaned(Envelope.model_json_schema())
    found["description"] = "CloudEvents 1.0, structured JSON. Other attributes are allowed and not read."
    found["properties"]["data"] = {"type": ["object", "null"], "description": "as the type says"}
    return found, _used(found)


def event_parts(row: EventType) -> tuple[Schema, dict[str, Schema]]:
    """An event of a type and what it refers to: Envelope, its data, their parts."""
    envelope, definitions = envelope_parts()
    data, parts = data_parts(row)
    name = data_name(row)
    definitions |= parts | {"Envelope": envelope, name: data}
    held: Schema = {"$ref": DEFINITIONS + name}
    unvoided: Schema = {"properties": {"data": held}, "required": ["data"]}
    if "required" not in data:
        unvoided = {"properties": {"data": {"anyOf": [held, {"type": "null"}]}}}
    found: Schema = {
        "allOf": [{"$ref": DEFINITIONS + "Envelope"}],
        "properties": {"type": {"const": row.name}},
        "required": ["type"],
        "if": {"properties": {"voided": {"const": True}}, "required": ["voided"]},
        "else": unvoided,
    }
    if is_activity(row.kind):
        found["properties"]["subject"] = {"type": "string"}
        found["required"].append("subject")
    return found, dict(sorted(definitions.items()))


def data_name(row: EventType) -> str:
    """The name of a type's data among definitions."""
    return f"{row.struct.__name__}Data"


def data_parts(row: EventType) -> tuple[Schema, dict[str, Schema]]:
    """The data of a type and what they refer to."""
    whole = row.model.model_json_schema()
    parts = {_shortened(name): _cleaned(part) for name, part in whole.pop("$defs", {}).items()}
    found = _cleaned(whole)
    if row.kind is Kind.STAFF_SURVEY_ANSWERED:
        found["properties"] |= {name: {"enum": [None, "", [], {}]} for name in sorted(NAMING)}
    return found, parts | _used([found, parts])


def _cleaned(schema: Any) -> Any:
    """A schema without what pydantic adds for Python's sake, common fields as references to their definitions."""
    if isinstance(schema, list):
        return [_cleaned(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: part for name, part in schema.items() if name != "title" and (name, part) != ("default", None)}
    if "properties" in kept:
        kept.pop("description", None)
        kept["properties"] = {name: _cleaned(part) for name, part in kept["properties"].items()}
    if "$ref" in kept:
        return {"$ref": DEFINITIONS + _shortened(kept["$ref"].rpartition("/")[2])}
    for name, common in _common().items():
        if kept == common:
            return {"$ref": DEFINITIONS + name}
    return {name: part if name in ("properties", "enum") else _cleaned(part) for name, part in kept.items()}


@cache
def _common() -> dict[str, Schema]:
    found = {}
    for name, held in _NAMED.items():
        if isinstance(held, dict):
            rule = rules.INSTANT_RULE
            found[name] = {"description": rule.allowed, "$comment": f"{rules.PAGE}#{rule.anchor}", **held}
        else:
            found[name] = TypeAdapter(held).json_schema()
    return found


def _used(schema: Any) -> dict[str, Schema]:
    """The common definitions that a schema refers to."""
    names = set(_references(schema))
    return {name: held for name, held in _common().items() if DEFINITIONS + name in names}


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)
    elif isinstance(schema, dict):
        for name, part in schema.items():
            if name == "$ref":
                yield part
            else:
                yield from _references(part)


def _shortened(name: str) -> str:
    return name.removesuffix("Model")
