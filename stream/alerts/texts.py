"""What an alert says: the definition's templates, filled with what was read."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from string import Formatter
from urllib.parse import quote
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from schemas.alert import AlertDefinition, AlertRecord
from schemas.cells import MINUTE_MS
from schemas.money import exponent
from stream.board.reference.roster import NOBODY
from stream.calendars import Calendar, local_time

UNKNOWN = "unknown"
MONEY = ("numerator", "denominator", "expected", "gap", "projection")
"""What of the evidence is money, where the evidence names a currency."""
WHOLE_FROM = 1_000
"""Nobody reads the cents of more than this."""
LEVELS = {"rep": "{}", "team": "Team {}", "territory": "Territory {}", "publisher": "{}"}


class _Filler(Formatter):
    """Fills templates; what isn't known says so."""

    def get_value(self, key: int | str, args: object, kwargs: object) -> object:
        assert isinstance(kwargs, dict)
        return kwargs.get(key, UNKNOWN)


def told(
    definition: AlertDefinition, record: AlertRecord, calendar: Calendar, zone: ZoneInfo | None, person: str = ""
) -> AlertRecord:
    """The record with what it says about itself. Moments are in ``zone``, and say so where it isn't the tenant's; a rep
    goes by the name of ``person``, where there is one, and the id.
    """
    currency = record.evidence.get("currency")
    fields = {name: _part(name, part, currency) for name, part in record.evidence.items()}
    kind, _, name = record.scope.partition(":")
    name = f"{person} ({name})" if person not in ("", name) else name
    fields |= {
        "who": LEVELS.get(kind, "The company").format(name),
        "whom": LEVELS.get(kind, "the company").format(name),
        "scope": record.scope,
        "tenant": record.tenant,
        "team": record.team,
        "of_team": f" of team {record.team}" if record.team not in ("", NOBODY) else "",
        "value": shown(definition, record.value),
        "n": str(record.n),
        "since": moment_text(record.since_ms, record.as_of_ms, calendar, zone),
        "last": moment_text(record.since_ms, record.as_of_ms, calendar, zone),
        "fired": moment_text(record.fired_ms or record.as_of_ms, record.as_of_ms, calendar, zone),
        "benchmark": definition.benchmark,
        "fire": shown(definition, definition.fire),
    }
    fill = _Filler().vformat
    text = definition.text
    if record.state == "resolved":
        text = definition.over_unread if record.value is None else definition.over
    linked = {name: quote(text, safe=":") for name, text in fields.items()}
    return replace(
        record,
        title=f"{definition.title}: {fields['who']}",
        text=fill(text, (), fields),
        next_step="" if record.state == "resolved" else fill(definition.next_step, (), fields),
        link=fill(definition.link, (), linked),
        definition=definition.definition,
    )


def shown(definition: AlertDefinition, value: float | None) -> str:
    """A reading as people say it."""
    if value is None:
        return UNKNOWN
    if definition.shown_as == "percent":
        return percent_text(value)
    if definition.shown_as == "points":
        return f"{shortly(round(100 * value, 1))} points"
    if definition.shown_as == "minutes":
        hours, minutes = divmod(round(value), 60)
        return f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return shortly(value)


def percent_text(share: float) -> str:
    """A share in per cent, to a tenth."""
    return f"{shortly(round(100 * share, 1))} %"


def shortly(number: float) -> str:
    """A number with at most two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def moment_text(time_ms: int, now_ms: int, calendar: Calendar, zone: ZoneInfo | None) -> str:
    """A moment in local time, with its date where that isn't today's, and its place where that isn't the tenant's."""
    usual = calendar.spans[-1].zone
    local, now = (local_time(at_ms // MINUTE_MS, zone or usual) for at_ms in (time_ms, now_ms))
    place = "" if zone is None or zone.key == usual.key else f" ({zone.key.rpartition('/')[2].replace('_', ' ')} time)"
    if local.date() == now.date():
        return f"{local:%H:%M}{place}"
    if local.date() == now.date() - timedelta(days=1):
        return f"yesterday {local:%H:%M}{place}"
    return f"{local:%a} {local.day} {local:%b %H:%M}{place}"


def money_text(amount_minor: float, currency: str) -> str:
    """An amount in minor units as people say it: "18,489 EUR", and to the cent below a thousand."""
    digits = exponent(currency)
    amount = Decimal(round(amount_minor)).scaleb(-digits)
    return f"{amount:,.{0 if abs(amount) >= WHOLE_FROM else digits}f} {currency}"


def _part(name: str, part: int | float | str, currency: int | float | str | None) -> str:
    if isinstance(part, str):
        return part
    if name.endswith("_share"):
        return percent_text(part)
    return money_text(part, currency) if isinstance(currency, str) and name in MONEY else shortly(part)
