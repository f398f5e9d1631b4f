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
_FRACTIONS = {f".{ms:03}": ms for ms in range(1_000)} | {"": 0}
_OFFSETS = {
    f"{sign}{minutes // 60:02}:{minutes % 60:02}": (minutes if sign == "+" else -minutes) * 60_000
    for sign in "+-"
    for minutes in range(24 * 60)
}
_ENDS = {f"{fraction}Z": ms for fraction, ms in _FRACTIONS.items()} | {"+00:00": 0}
_hours: dict[str, int] = {}


def milliseconds_at(text: str) -> int | None:
    """What `milliseconds_of` says, by look-ups for the usual forms YYYY-MM-DDTHH:MM:SS[.mmm…](Z|±HH:MM).

    Hours met before are remembered, up to _HOURS_MAX, then from anew: an answer depends on the text alone.
    """
    hour_ms = _hours.get(text[:13])
    in_hour_ms = _IN_HOUR.get(text[13:19])
    end_ms = _ENDS.get(text[19:])
    if end_ms is None:
        end_ms = _end(text[19:])
    if in_hour_ms is None or end_ms is None:
        return milliseconds_of(text)
    if hour_ms is None:
        hour_ms = milliseconds_of(f"{text[:13]}:00:00Z")
        if hour_ms is None:
            return milliseconds_of(text)
        if len(_hours) >= _HOURS_MAX:
            _hours.clear()
        _hours[text[:13]] = hour_ms
    ms = hour_ms + in_hour_ms + end_ms
    return ms if TIME_MIN_MS <= ms < TIME_MAX_MS else None


def _end(text: str) -> int | None:
    """Milliseconds that a fraction and an offset add to a UTC time; None if they are not of a usual form."""
    if text.endswith("Z"):
        fraction, offset_ms = text[:-1], 0
    else:
        fraction, known_ms = text[:-6], _OFFSETS.get(text[-6:])
        if known_ms is None:
            return None
        offset_ms = known_ms
    if len(fraction) > 4 and fraction.isascii() and fraction[4:].isdecimal():
        fraction = fraction[:4]
    ms = _FRACTIONS.get(fraction)
    return None if ms is None else ms - offset_ms


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
