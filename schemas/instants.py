"""Instants as text: RFC 3339 with offset, read into UTC milliseconds, floored."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from schemas.limits import TIME_MAX_MS, TIME_MIN_MS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(?:[Zz]|([+-])([01]\d|2[0-3]):?([0-5]\d))", re.ASCII
)


_HOURS_MAX = 50_000
_IN_HOUR = {f":{second // 60:02}:{second % 60:02}": second * 1_000 for second in range(3_600)}
_ENDS = {f".{ms:03}Z": ms for ms in range(1_000)} | {"Z": 0, "+00:00": 0}
_hours: dict[str, int] = {}


def milliseconds_at(text: str) -> int | None:
    """What `milliseconds_of` says, three look-ups for the usual form YYYY-MM-DDTHH:MM:SS[.mmm]Z.

    Hours met before are remembered, up to _HOURS_MAX, then from anew: an answer depends on the text alone. The limits
    of time are full hours, so an hour within them lies within them whole.
    """
    hour_ms = _hours.get(text[:13])
    in_hour_ms = _IN_HOUR.get(text[13:19])
    end_ms = _ENDS.get(text[19:])
    if in_hour_ms is None or end_ms is None:
        return milliseconds_of(text)
    if hour_ms is None:
        hour_ms = milliseconds_of(f"{text[:13]}:00:00Z")
        if hour_ms is None:
            return None
        if len(_hours) >= _HOURS_MAX:
            _hours.clear()
        _hours[text[:13]] = hour_ms
    return hour_ms + in_hour_ms + end_ms


def milliseconds_of(text: str) -> int | None:
    """The instant in UTC milliseconds since 1970, floored; None if the text is none or its year is not 1900 to 2999.

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
    ms = since // timedelta(milliseconds=1) + int(f"{fraction or ''}000"[:3])
    return ms if TIME_MIN_MS <= ms < TIME_MAX_MS else None
