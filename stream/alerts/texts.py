"""What an alert says: the definition's templates, filled with what was read."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter
from urllib.parse import quote

from msgspec.structs import replace

from schemas.alert import AlertDefinition, AlertRecord
from schemas.cells import MINUTE_MS
from stream.calendars import Calendar, local_time

UNKNOWN = "unknown"
LEVELS = {"rep": "{}", "team": "Team {}", "territory": "Territory {}", "publisher": "{}"}


class _Filler(Formatter):
    """Fills templates; what isn't known says so."""

    def get_value(self, key: int | str, args: object, kwargs: object) -> object:
        assert isinstance(kwargs, dict)
        return kwargs.get(key, UNKNOWN)


def told(definition: AlertDefinition, record: AlertRecord, calendar: Calendar) -> AlertRecord:
    """The record with what it says about itself, moments in the tenant's local time."""
    fields: dict[str, str] = {
        name: part if isinstance(part, str) else shortly(part) for name, part in record.evidence.items()
    }
    kind, _, name = record.scope.partition(":")
    fields |= {
        "who": LEVELS.get(kind, "The company").format(name),
        "scope": record.scope,
        "tenant": record.tenant,
        "team": record.team,
        "value": shown(definition, record.value),
        "usual": shown(definition, _number(record.evidence.get("usual"))),
        "n": str(record.n),
        "since": moment_text(record.since_ms, record.as_of_ms, calendar),
        "last": moment_text(record.since_ms, record.as_of_ms, calendar),
        "benchmark": definition.benchmark,
        "fire": shown(definition, definition.fire),
    }
    fill = _Filler().vformat
    linked = {name: quote(text, safe=":") for name, text in fields.items()}
    return replace(
        record,
        title=f"{definition.title}: {fields['who']}",
        text=fill(definition.text, (), fields),
        next_step=fill(definition.next_step, (), fields),
        link=fill(definition.link, (), linked),
        definition=definition.definition,
    )


def shown(definition: AlertDefinition, value: float | None) -> str:
    """A reading as people say it."""
    if value is None:
        return UNKNOWN
    if definition.shown_as == "percent":
        return f"{shortly(round(100 * value, 1))} %"
    if definition.shown_as == "minutes":
        hours, minutes = divmod(round(value), 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return shortly(value)


def shortly(number: float) -> str:
    """A number with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def moment_text(time_ms: int, now_ms: int, calendar: Calendar) -> str:
    """A moment in local time, with its date where that isn't today's."""
    minute = time_ms // MINUTE_MS
    day, zone = calendar.date_of(minute), calendar.spans[-1].zone
    local = local_time(minute, zone)
    if day == calendar.date_of(now_ms // MINUTE_MS):
        return f"{local:%H:%M}"
    if day == calendar.date_of(now_ms // MINUTE_MS) - timedelta(days=1):
        return f"yesterday {local:%H:%M}"
    return f"{local:%a} {day.day} {local:%b %H:%M}"


def _number(value: float | str | None) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)
