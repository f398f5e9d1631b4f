"""More building blocks of the contract: what only the organisation's types need."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, Strict, model_validator

from schemas.canonical import is_date
from schemas.data import INT64_MAX, TEXT_MAX
from schemas.data_fields import CURVE_MAX, DAYS_MAX, HOLIDAYS_MAX, NAMES_MAX, NUMBER_MAX, SHIFTS_MAX
from schemas.findings import shown
from schemas.instants import milliseconds_of
from schemas.plain_json import Vast
from schemas.rules import DAY_RULE, ID_RULE, DateOrInstant, Id, Model, Rule, refuse, refuse_field

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME_OF_DAY = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_SLUG = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
_SCOPE = re.compile(r"company|[a-z][a-z0-9_]*:.+", re.ASCII | re.DOTALL)

_SHIFT_WORDS = f'an array of at most {SHIFTS_MAX} shifts ["09:00", "17:30"], each from before to, at most "24:00"'


def is_number(found: Any) -> bool:
    """Whether it is a number within what is exact."""
    is_one = isinstance(found, int | float) and not isinstance(found, bool | Vast)
    return is_one and -NUMBER_MAX <= found <= NUMBER_MAX


def _number(found: Any) -> Any:
    if not is_number(found):
        refuse_field()
    return found


def _number_from_zero(found: Any) -> Any:
    if _number(found) < 0:
        refuse_field()
    return found


def _slug(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > 64 or _SLUG.fullmatch(text) is None:
        refuse_field()
    return text


def _scope(text: Any) -> Any:
    if not isinstance(text, str) or len(text) > 256 or "\0" in text or _SCOPE.fullmatch(text) is None:
        refuse_field()
    return text


def _a_date(text: Any) -> Any:
    if not isinstance(text, str) or not is_date(text):
        refuse_field()
    return text


def _shifts(found: Any) -> Any:
    """Shifts by weekday in order of their starts; a day that has none is left out."""
    if not isinstance(found, dict):
        refuse_field()
    shifts = {}
    for day, held in found.items():
        if day not in WEEKDAYS:
            refuse((), f"an object with {shown(day)}", f"an object of {', '.join(WEEKDAYS)}", "calendars")
        if held is not None and (pairs := _shifts_of(day, held)):
            shifts[day] = pairs
    return shifts


def _shifts_of(day: str, held: Any) -> list[list[str]]:
    if not isinstance(held, list) or len(held) > SHIFTS_MAX:
        refuse(day, shown(held), _SHIFT_WORDS, "calendars")
    for at, pair in enumerate(held):
        if not _is_shift(pair):
            refuse(
                (day, at), shown(pair), '["HH:MM", "HH:MM"], the first before the second, at most "24:00"', "calendars"
            )
    pairs = sorted([list(pair) for pair in held])
    for (_, end), (start, _) in pairwise(pairs):
        if start < end:
            refuse(day, f"shifts that overlap at {start}", "shifts that don't overlap", "calendars")
    return pairs


def _is_shift(pair: Any) -> bool:
    if not isinstance(pair, list) or len(pair) != 2:
        return False
    return all(isinstance(at, str) and _TIME_OF_DAY.fullmatch(at) for at in pair) and pair[0] < pair[1]


def _sorted_once(dates: list[str]) -> list[str]:
    return sorted(set(dates))


def _rising(shares: Any) -> Any:
    if not isinstance(shares, list) or not 1 <= len(shares) <= CURVE_MAX:
        refuse_field()
    before = 0
    for at, share in enumerate(shares):
        if not is_number(share) or not 0 <= share <= 1:
            refuse((at,), shown(share), "a number from 0 to 1", "targets")
        if share < before:
            refuse((at,), f"{share:g} after {before:g}", "at least the share before it", "targets")
        before = share
    if before != 1:
        refuse((), f"a curve that ends in {before:g}", "a curve that ends in 1", "targets")
    return [float(share) for share in shares]


def _handicap(found: Any) -> Any:
    if not isinstance(found, dict) or len(found) > NAMES_MAX:
        refuse_field()
    for rep, target in found.items():
        if not rep or len(rep) > TEXT_MAX or "\0" in rep:
            refuse((), f"an object with {shown(rep)}", f"an object of reps: each {ID_RULE.allowed}", "contests")
        if not is_number(target) or target < 0:
            refuse((rep,), shown(target), f"a number from 0 to {NUMBER_MAX}", "contests")
    return found


def in_order(start: str, end: str) -> None:
    """Refuse an end that is not after its start, or not of its form: two dates, or two canonical instants."""
    if is_date(start) != is_date(end):
        refuse("to", shown(end), f"of the form of from, which is {shown(start)}", "periods")
    is_after = start < end if is_date(start) else (milliseconds_of(start) or 0) < (milliseconds_of(end) or 0)
    if not is_after:
        refuse("to", shown(end), f"after from, which is {shown(start)}", "periods")


def on_scale(score: float, low: float, high: float) -> None:
    """Refuse a score outside its scale, or a scale that is none."""
    if not low < high:
        refuse("scale", f"from {low:g} to {high:g}", "an object {min, max} with min < max", "surveys")
    if not low <= score <= high:
        refuse("score", f"{score:g}", f"within its scale, {low:g} to {high:g}", "surveys")


class PeriodModel(Model):
    from_: DateOrInstant = Field(alias="from")
    to: DateOrInstant

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self.from_, self.to)
        return self


def _numbers(least: int) -> dict[str, Any]:
    return {"type": "number", "minimum": least, "maximum": NUMBER_MAX}


_SHIFT_SCHEMA = {
    "type": "array",
    "items": {"type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"},
    "minItems": 2,
    "maxItems": 2,
}
_DAY_SCHEMA = {"type": ["array", "null"], "maxItems": SHIFTS_MAX, "items": _SHIFT_SCHEMA}

Period = Annotated[PeriodModel, Rule("an object {from, to}, from before to", "periods")]
Slug = Annotated[
    str,
    BeforeValidator(_slug),
    Rule(
        "a KPI: a-z, 0-9 and _ from a letter on, at most 64 characters",
        "targets",
        {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "maxLength": 64},
    ),
]
Scope = Annotated[
    str,
    BeforeValidator(_scope),
    Rule(
        '"company", or a dimension and an id such as "team:T-1"',
        "targets",
        {"type": "string", "pattern": r"^(company$|[a-z][a-z0-9_]*:[^\u0000])", "maxLength": TEXT_MAX},
    ),
]
Number = Annotated[
    int | float,
    PlainValidator(_number),
    Rule(f"a number from -{NUMBER_MAX} to {NUMBER_MAX}", "numbers", _numbers(-NUMBER_MAX)),
]
NumberFromZero = Annotated[
    int | float,
    PlainValidator(_number_from_zero),
    Rule(f"a number from 0 to {NUMBER_MAX}", "numbers", _numbers(0)),
]
Weight = Annotated[float, Strict(), Field(ge=0, le=NUMBER_MAX), Rule(f"a number from 0 to {NUMBER_MAX}", "numbers")]
Days = Annotated[float, Strict(), Field(ge=0, le=DAYS_MAX), Rule(f"a number of days from 0 to {DAYS_MAX}", "pipelines")]
Interval = Annotated[
    int, Strict(), Field(ge=1, le=INT64_MAX), Rule("an integer ≥ 1 (seconds), below 2^63", "heartbeats")
]
Curve = Annotated[
    list[float],
    PlainValidator(_rising),
    Rule(
        f"an array of 1 to {CURVE_MAX} numbers that never fall, from 0 to 1, the last 1",
        "targets",
        {
            "type": "array",
            "items": {"type": "number", "minimum": 0, "maximum": 1},
            "minItems": 1,
            "maxItems": CURVE_MAX,
        },
    ),
]
Shifts = Annotated[
    dict[str, list[list[str]]],
    PlainValidator(_shifts),
    Rule(
        'an object of weekdays, such as {"mon": [["09:00", "17:00"]]}',
        "calendars",
        {"type": "object", "properties": dict.fromkeys(WEEKDAYS, _DAY_SCHEMA), "additionalProperties": False},
    ),
]
Holidays = Annotated[
    list[Annotated[str, BeforeValidator(_a_date), DAY_RULE]],
    Field(max_length=HOLIDAYS_MAX),
    AfterValidator(_sorted_once),
    Rule(f"an array of at most {HOLIDAYS_MAX} dates", "calendars"),
]
Names = Annotated[list[Id], Field(max_length=NAMES_MAX), Rule(f"an array of at most {NAMES_MAX} ids", "identifiers")]
Handicap = Annotated[
    dict[str, int | float],
    PlainValidator(_handicap),
    Rule(
        f"an object of at most {NAMES_MAX} reps and their own targets",
        "contests",
        {"type": "object", "maxProperties": NAMES_MAX, "additionalProperties": _numbers(0)},
    ),
]
