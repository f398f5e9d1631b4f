"""Dates and instants inside `data`: one spelling for each, so that the same content is the same text.

A date is YYYY-MM-DD. A canonical instant is UTC: YYYY-MM-DDTHH:MM:SSZ, with three digits of milliseconds before the Z
unless they are none.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from schemas.instants import milliseconds_at

_DATE = re.compile(r"(?:19|2\d)\d\d-\d\d-\d\d", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE_SECONDS, _MILLISECONDS = len("2026-11-22T10:15:00Z"), len("2026-11-22T10:15:00.123Z")


def is_date(text: str) -> bool:
    """Whether the text is a date, from the year 1900 to 2999."""
    if len(text) != 10 or _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def canonical_instant(ms: int) -> str:
    """The canonical text of an instant in UTC milliseconds, of the years 1900 to 2999."""
    text = (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00").removesuffix(".000") + "Z"


def is_canonical_instant(text: str) -> bool:
    """Whether the text is an instant and spelled as `canonical_instant` would."""
    size = len(text)
    if not (size == _WHOLE_SECONDS or (size == _MILLISECONDS and text[19:23] != ".000")):
        return False
    return text[10] == "T" and text[-1] == "Z" and milliseconds_at(text) is not None
