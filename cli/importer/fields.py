"""What a mapping names, held against the contract before any row is read: types, and the fields of their data.

The contract ignores fields it doesn't know, so a mistyped one would cost a whole import its values without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches

from pydantic import BaseModel

from schemas.findings import model_of, wire_fields
from schemas.types import BY_NAME


def faults_of(type_name: str, data: Mapping[str, object]) -> Iterator[str]:
    """One line for each thing that an event template names and the contract doesn't know."""
    event_type = BY_NAME.get(type_name)
    if event_type is not None:
        yield from _unknown_fields(data, event_type.model, type_name, "data.")
    else:
        yield f"type {type_name} is unknown{_meant(type_name, BY_NAME)}"


def _unknown_fields(given: Mapping[str, object], model: type[BaseModel], type_name: str, prefix: str) -> Iterator[str]:
    for name, spec in given.items():
        field = wire_fields(model).get(name)
        if field is None:
            yield f"{prefix}{name} is no field of {type_name}{_meant(name, wire_fields(model))}"
        elif (inner := model_of(field)) is not None:
            mark = "[]." if isinstance(spec, list) else "."
            for element in spec if isinstance(spec, list) else [spec]:
                if isinstance(element, Mapping):
                    yield from _unknown_fields(element, inner, type_name, f"{prefix}{name}{mark}")


def _meant(name: str, known: Collection[str]) -> str:
    """The nearest name that is known, else all of them."""
    nearest = get_close_matches(name, known, n=1)
    return f"; did you mean {nearest[0]}?" if nearest else f"; it may be {', '.join(known)}"
