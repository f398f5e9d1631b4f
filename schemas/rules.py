"""The building blocks of the contract: each field type with its rule in words and the anchor that explains it.

The words are what a publisher reads in a refusal: "<path> is <found>; must be <rule> (docs/publishing.md#<anchor>)".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, NoReturn, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetJsonSchemaHandler, Strict
from pydantic_core import PydanticCustomError

from schemas.canonical import canonical_instant, is_date
from schemas.data import INT64_MAX, SCORE_MAX, TEXT_MAX
from schemas.instants import milliseconds_of

PAGE = "docs/publishing.md"
RATE_DIGITS_MAX = 30
_DECIMAL = re.compile(r"\d+(\.\d+)?", re.ASCII)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


@dataclass(frozen=True)
class Rule:
    """What is allowed, in words that follow "must be", and the anchor of docs/publishing.md that explains it.

    ``schema`` is the JSON Schema of what is allowed where the type by itself would say too little or too much. It may
    be wider than the rule, never narrower.
    """

    allowed: str
    anchor: str
    schema: dict[str, Any] | None = field(default=None, compare=False)

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        found = handler(core_schema) if self.schema is None else self.schema
        return {"description": self.allowed, "$comment": f"{PAGE}#{self.anchor}", **found}


class Model(BaseModel):
    """Fields the contract does not know are ignored: publishers may add."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def refuse(path: str | tuple[str | int, ...], found: str, allowed: str, anchor: str) -> NoReturn:
    """Refuse what no single field can judge. `path`: a field, or steps, from the model or the field that judges."""
    path = (path,) if isinstance(path, str) else path
    raise PydanticCustomError(
        "contract", "{found}", {"path": path, "found": found, "allowed": allowed, "anchor": anchor}
    )


def refuse_field() -> NoReturn:
    """Refuse a field's value: the text is the field's own Rule."""
    raise PydanticCustomError("contract_field", "breaks its rule")


def _without_nul(text: Any) -> Any:
    if isinstance(text, str) and "\0" in text:
        refuse_field()
    return text


def _empty_is_absent(text: Any) -> Any:
    return None if text == "" else _without_nul(text)


def _a_date_or_instant(text: Any) -> Any:
    return text if isinstance(text, str) and is_date(text) else _an_instant(text)


def _date_or_absent(text: Any) -> Any:
    return None if text is None or text == "" else _a_date_or_instant(text)


def _an_instant(text: Any) -> Any:
    ms = milliseconds_of(text) if isinstance(text, str) else None
    if ms is None:
        refuse_field()
    return canonical_instant(ms)


def _instant_or_absent(text: Any) -> Any:
    return None if text is None or text == "" else _an_instant(text)


def _numbered(names: tuple[str, ...], found: Any) -> Any:
    if isinstance(found, str) and found.lower() in names:
        return names.index(found.lower()) + 1
    return found


def _day(found: Any) -> Any:
    return _numbered(_DAYS, found)


def _month(found: Any) -> Any:
    return _numbered(_MONTHS, found)


def _zone(name: Any) -> Any:
    # "localtime" and the like name a zone of the machine, not of the world.
    if not isinstance(name, str) or name.startswith(("posix", "right/", "local")) or name == "Factory":
        refuse_field()
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        refuse_field()
    return name


def _decimal(text: Any) -> Any:
    if not isinstance(text, str) or _DECIMAL.fullmatch(text) is None:
        refuse_field()
    digits = text.replace(".", "")
    if len(digits) > RATE_DIGITS_MAX or not digits.strip("0"):
        refuse_field()
    return text


def _false_if_absent(found: Any) -> Any:
    return False if found is None else found


def one_of(values: Any) -> Rule:
    """The rule of a field that takes the values of a Literal."""
    return Rule("one of " + ", ".join(get_args(values)), "values")


_WITHOUT_NUL = r"^[^\u0000]*$"
_DATE_FORM = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_INSTANT_FORM = _DATE_FORM + r"[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:?[0-9]{2})"
_INSTANT_WORDS = "an RFC 3339 instant with offset, from the year 1900 to 2999"
_DATE_WORDS = "a date (2026-12-31) or an RFC 3339 instant with offset, from the year 1900 to 2999"
_EITHER_FORM = f"^({_DATE_FORM}|{_INSTANT_FORM})$"

ID_RULE = Rule(
    f"a non-empty string of at most {TEXT_MAX} characters, without NUL",
    "identifiers",
    {"type": "string", "minLength": 1, "maxLength": TEXT_MAX, "pattern": _WITHOUT_NUL},
)
DATE_RULE = Rule(_DATE_WORDS, "dates", {"type": "string", "pattern": _EITHER_FORM})
INSTANT_RULE = Rule(_INSTANT_WORDS, "time", {"type": "string", "pattern": f"^{_INSTANT_FORM}$"})
DAY_RULE = Rule(
    "a date (2026-12-31), from the year 1900 to 2999", "dates", {"type": "string", "pattern": f"^{_DATE_FORM}$"}
)
_OPTIONAL_DATE_RULE = Rule(
    _DATE_WORDS, "dates", {"anyOf": [{"type": "string", "pattern": _EITHER_FORM}, {"enum": ["", None]}]}
)
_OPTIONAL_INSTANT_RULE = Rule(
    _INSTANT_WORDS, "time", {"anyOf": [{"type": "string", "pattern": f"^{_INSTANT_FORM}$"}, {"enum": ["", None]}]}
)
OBJECT_RULE = Rule("an object", "objects")
_LABEL_RULE = Rule(
    f"a string of at most {TEXT_MAX} characters, without NUL",
    "labels",
    {"type": ["string", "null"], "maxLength": TEXT_MAX, "pattern": _WITHOUT_NUL},
)
_SCORE_RULE = Rule(f"a number between {-SCORE_MAX:.0f} and {SCORE_MAX:.0f}", "surveys")
_BOOLEAN_RULE = Rule("true or false", "values")
_FLAG_RULE = Rule("true or false", "values", {"type": ["boolean", "null"], "default": False})
_WHOLE = (Strict(), Field(le=INT64_MAX))

Id = Annotated[str, Strict(), Field(min_length=1, max_length=TEXT_MAX), BeforeValidator(_without_nul), ID_RULE]
Text = Annotated[str, Strict(), Field(max_length=TEXT_MAX)]
Label = Annotated[Text | None, BeforeValidator(_empty_is_absent), _LABEL_RULE]
Currency = Annotated[
    str, Strict(), Field(pattern="^[A-Z]{3}$"), Rule("an ISO 4217 code of three upper-case letters", "amounts")
]
Amount = Annotated[int, *_WHOLE, Field(ge=0), Rule("an integer ≥ 0 in minor units, below 2^63", "amounts")]
Count = Annotated[int, *_WHOLE, Field(ge=0), Rule("an integer ≥ 0, below 2^63", "integers")]
Quantity = Annotated[int, *_WHOLE, Field(ge=1), Rule("an integer ≥ 1, below 2^63", "integers")]
Score = Annotated[float, Strict(), Field(ge=-SCORE_MAX, le=SCORE_MAX, allow_inf_nan=False), _SCORE_RULE]
Flag = Annotated[bool, Strict(), BeforeValidator(_false_if_absent), _FLAG_RULE]
Choice = Annotated[bool, Strict(), _BOOLEAN_RULE]
"""A flag that may also be left out, which then leaves it as it was."""
DateOrInstant = Annotated[str, BeforeValidator(_a_date_or_instant), DATE_RULE]
OptionalDate = Annotated[str | None, BeforeValidator(_date_or_absent), _OPTIONAL_DATE_RULE]
OptionalInstant = Annotated[str | None, BeforeValidator(_instant_or_absent), _OPTIONAL_INSTANT_RULE]
TimeZone = Annotated[str, BeforeValidator(_zone), Rule("a name of the IANA time zone database", "organisation")]
Weekday = Annotated[
    int,
    Strict(),
    Field(ge=1, le=7),
    BeforeValidator(_day),
    Rule(
        "an English day name or 1 (Monday) to 7",
        "organisation",
        {"type": ["integer", "string"], "minimum": 1, "maximum": 7, "examples": [1, "Monday"]},
    ),
]
Month = Annotated[
    int,
    Strict(),
    Field(ge=1, le=12),
    BeforeValidator(_month),
    Rule(
        "an English month name or 1 to 12",
        "organisation",
        {"type": ["integer", "string"], "minimum": 1, "maximum": 12, "examples": [1, "January"]},
    ),
]
Rate = Annotated[
    str,
    BeforeValidator(_decimal),
    Rule(
        f'a decimal string > 0 of at most {RATE_DIGITS_MAX} digits, such as "1.0842"',
        "rates",
        {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?$", "maxLength": RATE_DIGITS_MAX + 1},
    ),
]
