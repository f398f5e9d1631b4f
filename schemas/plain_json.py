"""Generic JSON from bytes, strictly RFC 8259 in UTF-8: no NaN, no lone surrogates, no deeper than MAX_DEPTH levels.

Of a key given twice the last value stands.
"""

from __future__ import annotations

import json
import re
from math import isfinite
from typing import Any, NoReturn, Self

from schemas.limits import MAX_DEPTH

_MARKS = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_EXACT_DIGITS = 20


class Vast(float):
    """A number beyond what is kept exactly; ``written`` is how it stands in the JSON."""

    def __new__(cls, written: str) -> Self:
        return super().__new__(cls, written)

    def __init__(self, written: str) -> None:
        self.written = written


class MalformedJson(ValueError):
    """The bytes are not JSON as we take it; the text says where and why."""


def parse(raw: bytes) -> Any:
    """The JSON value in `raw`. An integer beyond any 64 bits comes back as a Vast. Raises MalformedJson."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"byte {error.start} is not UTF-8") from error
    if (depth := depth_of(text)) > MAX_DEPTH:
        raise MalformedJson(f"nests {depth} levels deep; must be at most {MAX_DEPTH}")
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise MalformedJson(f"character {error.pos}: {error.msg}") from error
    if _SURROGATE_ESCAPE.search(text) and _has_lone_surrogate(value):
        raise MalformedJson("a \\u escape is half of a surrogate pair")
    return value


def depth_of(text: str) -> int:
    """The deepest nesting of brackets outside strings: linear, so that no input is slow, and safe on any text."""
    depth = deepest = 0
    quoted = False
    for match in _MARKS.finditer(text):
        mark = match.group()
        if mark == '"':
            quoted = not quoted
        elif quoted or len(mark) > 1:
            continue
        elif mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _EXACT_DIGITS else Vast(digits)


def _float(written: str) -> float:
    number = float(written)
    return number if isfinite(number) else Vast(written)


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJson(f"{name} is not JSON")


def _has_lone_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return any(_has_lone_surrogate(key) or _has_lone_surrogate(held) for key, held in value.items())
    return isinstance(value, list) and any(map(_has_lone_surrogate, value))
