"""A full event of each type, and a JSON writer that can write what no JSON library would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.schemas.sample_activity import ACTIVITY_DATA
from tests.schemas.sample_organisation import ORGANISATION_DATA

DATA = ACTIVITY_DATA | ORGANISATION_DATA
ACTIVITY = list(ACTIVITY_DATA)


class Literally(NamedTuple):
    """JSON text that stands for itself."""

    text: str


def envelope(type_name: str, **attributes: Any) -> dict[str, Any]:
    """A valid event with every attribute, `attributes` in place of its own; `data` is the full sample of the type."""
    usual = {
        "specversion": "1.0",
        "id": "01JD",
        "source": "crm/eu",
        "type": type_name,
        "time": "2026-11-22T10:15:00.123Z",
        "subject": "A-17",
        "tenant": "acme",
        "revision": 0,
        "voided": False,
        "backfill": False,
        "receivedat": "2026-11-22T10:15:01Z",
        "datacontenttype": "application/json",
        "data": DATA[type_name],
    }
    return usual | attributes


def written(value: Any) -> bytes:
    """JSON in UTF-8. A Literally stands for its text; lone surrogates in it become the bytes nobody may send."""
    return _text(value).encode("utf-8", "surrogatepass")


def _text(value: Any) -> str:
    if isinstance(value, Literally):
        return value.text
    if isinstance(value, dict):
        pairs = (f"{name.text if isinstance(name, Literally) else _text(name)}:{_text(value[name])}" for name in value)
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


Path = tuple[str | int, ...]


def paths(value: Any, so_far: Path = ()) -> Iterator[Path]:
    """The path of each value in a JSON object, the object's own, (), first."""
    yield so_far
    steps: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    for step, held in steps:
        yield from paths(held, (*so_far, step))


def changed(value: Any, path: Path, new: Any) -> Any:
    """A copy of `value` with `new` at `path`."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def without(value: Any, path: Path) -> Any:
    """A copy of `value` without what is at `path`."""
    if len(path) > 1:
        return changed(value, path[:1], without(value[path[0]], path[1:]))
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    del copy[path[0]]
    return copy
