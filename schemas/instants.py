"""Instants as text: RFC 3339 with offset, read into UTC milliseconds, floored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))", re.ASCII
)


def milliseconds_of(text: str) -> int | None:
    """The instant in UTC milliseconds since 1970, floored; None if the text is none.

    Lower-case `t` and `z`, a space for the `T` and an offset without its colon are read too; a leap second is not.
    """
    if (match := _INSTANT.fullmatch(text)) is None:
        return None
    day, clock, fraction, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock}+00:00")
    except ValueError:
        return None
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
    since = local - _EPOCH
    since = since + offset if sign == "-" else since - offset
    return since // timedelta(milliseconds=1) + int(f"{fraction or ''}000"[:3])
