"""From a pydantic error to the line a publisher reads: path, what was found, what is allowed, where it is explained."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from schemas.plain_json import Vast
from schemas.rules import PAGE, Rule

FOUND_MAX = 80


def line(path: str, found: str, allowed: str, anchor: str) -> str:
    """One fault in words."""
    return f"{path} is {found}; must be {allowed} ({PAGE}#{anchor})"


def shown(value: Any) -> str:
    """A value as JSON, cut to FOUND_MAX characters."""
    text = value.written if isinstance(value, Vast) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= FOUND_MAX else f"{text[:FOUND_MAX]}…"


def explain(error: ValidationError, model: type[BaseModel], *, prefix: str = "") -> str:
    """The first fault of `error`, raised by validating against `model`. `prefix` goes before the path."""
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    if first["type"] == "contract":
        path = _path(prefix, (*first["loc"], *context["path"]))
        return line(path, context["found"], context["allowed"], context["anchor"])
    path = _path(prefix, first["loc"])
    rule = rule_at(model, first["loc"])
    found = "missing" if first["type"] == "missing" else shown(first["input"])
    return line(path, found, rule.allowed, rule.anchor)


def _path(prefix: str, loc: tuple[int | str, ...]) -> str:
    path = prefix
    for step in loc:
        path += f"[{step}]" if isinstance(step, int) else step if path in ("", prefix) else f".{step}"
    return path


@cache
def wire_fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by their names on the wire, which may be words that Python keeps for itself."""
    return {held.alias or name: held for name, held in model.model_fields.items()}


def rule_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> Rule:
    """The rule of the field at `loc`; an index stands for the elements of the list before it."""
    annotation: Any = None
    rule: Rule | None = None
    current = model
    for step in loc:
        if isinstance(step, str):
            held = wire_fields(current)[step]
            found = list(_parts(held))
        else:
            found = [part for outer in _element(annotation) for part in _parts(outer)]
        rule = next((part for part in found if isinstance(part, Rule)), None)
        annotation = found
        current = next((part for part in found if isinstance(part, type) and issubclass(part, BaseModel)), current)
    assert rule is not None, f"no rule at {loc} of {model.__name__}"
    return rule


def _element(parts: list[Any]) -> list[Any]:
    return [get_args(part)[0] for part in parts if getattr(part, "__origin__", None) is list]


def model_of(held: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is an object or an array of objects, None for any other field."""
    outer = list(_parts(held))
    inner = [part for element in _element(outer) for part in _parts(element)]
    return next((part for part in outer + inner if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _parts(annotation: Any) -> Iterator[Any]:
    """A type taken apart: its metadata, the arms of its union and their metadata, but not a list's element."""
    if isinstance(annotation, FieldInfo):
        yield from annotation.metadata
        annotation = annotation.annotation
    yield annotation
    if getattr(annotation, "__origin__", None) is list:
        return
    yield from getattr(annotation, "__metadata__", ())
    for arm in get_args(annotation):
        if arm is not type(None):
            yield from _parts(arm)
