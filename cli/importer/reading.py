"""Cell texts read as types: numbers, money, times. Exact, or refused with what was found and what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from schemas.money import exponent

Value = str | int | float | bool | None

TRUE_WORDS = frozenset({"true", "yes", "y", "1", "t", "x"})
FALSE_WORDS = frozenset({"false", "no", "n", "0", "f"})
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
_DIGITS_MAX = 30


class Unreadable(ValueError):
    """A text that is not what it should be."""


def read_decimal(text: str, *, decimal: str, thousands: str) -> Decimal:
    """The number in ``text``. Groups of thousands are dropped only where the mapping names their mark."""
    plain = text.replace(thousands, "") if thousands else text
    if decimal != ".":
        # A point would otherwise pass for a decimal mark: 1.234 with a decimal comma is a thousand or a mistake.
        plain = plain.replace(".", "?").replace(decimal, ".")
    if not _PLAIN.fullmatch(plain) or len(plain) > _DIGITS_MAX:
        raise Unreadable(f"{text!r} is no number with {decimal!r} as decimal mark")
    try:
        return Decimal(plain)
    except InvalidOperation:
        raise Unreadable(f"{text!r} is no number") from None


def read_integer(text: str, *, decimal: str, thousands: str) -> int:
    """A whole number; ``3.0`` is one, ``3.5`` isn't."""
    number = read_decimal(text, decimal=decimal, thousands=thousands)
    if number != number.to_integral_value():
        raise Unreadable(f"{text!r} is not a whole number")
    return int(number)


def read_money(text: str, currency: str, *, decimal: str, thousands: str) -> int:
    """Minor units of ``currency`` (ISO 4217). More decimals than it has are refused unless they are zeros."""
    digits = exponent(currency)
    minor = read_decimal(text, decimal=decimal, thousands=thousands).scaleb(digits)
    if minor != minor.to_integral_value():
        raise Unreadable(f"{text!r} has more than the {digits} decimals of {currency}")
    return int(minor)


def read_boolean(text: str) -> bool:
    """Yes and no as exports write them."""
    word = text.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise Unreadable(f"{text!r} is neither yes nor no; known are {', '.join(sorted(TRUE_WORDS | FALSE_WORDS))}")


def instant_reader(formats: Sequence[str], zone: ZoneInfo) -> Callable[[str], datetime]:
    """A reader of instants: the first format that fits. A text without an offset is local time in ``zone``.

    ``iso`` stands for ISO 8601 (a date alone is its midnight), ``epoch_s`` and ``epoch_ms`` for numbers, anything else
    is a strptime format. Of an hour that a clock change repeats, the first is meant.
    """

    def read(text: str) -> datetime:
        for form in formats:
            try:
                moment = _parse(text, form)
            except (ValueError, OverflowError, OSError):
                continue
            return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)
        raise Unreadable(f"{text!r} is no time in the form {' or '.join(formats)}")

    return read


def _parse(text: str, form: str) -> datetime:
    if form == "iso":
        return datetime.fromisoformat(text)
    if form in ("epoch_s", "epoch_ms"):
        # Milliseconds are cut, not rounded: an event must not move ahead of its time.
        milliseconds = int(Decimal(text) * (1000 if form == "epoch_s" else 1))
        return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
    return datetime.strptime(text, form)  # noqa: DTZ007  the caller adds the zone where the text has no offset


def instant_text(moment: datetime) -> str:
    """RFC 3339 in UTC, milliseconds only where there are any."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds") + "Z"


def date_text(moment: datetime) -> str:
    """The local date of ``moment``, RFC 3339."""
    return date(moment.year, moment.month, moment.day).isoformat()
