"""Numbers as people read them: whole amounts, shares in percent, and each status by a word, never by a colour alone."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import UNSET

from schemas.kpi import KpiValue
from views.report.figures import Figure, Money

NONE = "–"
ON_TRACK, BEHIND = 0.99, 0.81
FEW_DIGITS_FROM = 1000
UNITS = {"days": "d", "minutes": "min", "money": "", "money/deal": "", "ratio": "", "rank": ""}
STATUSES = {
    "live": "live",
    "restated": "restated",
    "partial": "partial",
    "stale": "stale",
    "suppressed": "kept back by policy",
    "insufficient": "too few",
    "maturing": "still maturing",
    "out_of_history": "no longer kept",
}


def number_text(value: int | float | None, unit: str, money: Money) -> str:
    """A number in its unit."""
    if value is None:
        return NONE
    if unit.startswith("money"):
        return _money(value, money)
    if unit == "ratio":
        return f"{_grouped(Decimal(str(value)) * 100, 1)} %"
    digits = 0 if isinstance(value, int) or abs(value) >= FEW_DIGITS_FROM else 1
    return _grouped(Decimal(str(value)), digits)


def value_text(value: KpiValue, money: Money) -> str:
    """The value of a KPI with its unit, where the number doesn't say it."""
    unit = "" if value.value is None else UNITS.get(value.unit, "")
    return f"{number_text(value.value, value.unit, money)} {unit}".rstrip()


def change_text(figure: Figure) -> str:
    """What changed: ▲ or ▼, a share in percentage points, points in points, the rest in percent of what it was."""
    if figure.before is None or figure.value.value is None or figure.before.value is None:
        return NONE
    now, then = (Decimal(str(each.value)) for each in (figure.value, figure.before))
    by = now - then
    if not by:
        return "= unchanged"
    sign = "▲" if by > 0 else "▼"
    worse = "" if (by > 0) == (figure.direction == "up") else "! "
    if figure.value.unit == "ratio":
        return f"{worse}{sign} {_grouped(abs(by) * 100, 1)} pp"
    if figure.value.unit == "points":
        return f"{worse}{sign} {_grouped(abs(by), 1)}"
    if not then:
        return f"{worse}{sign} from none"
    return f"{worse}{sign} {_grouped(abs(by / then) * 100, 1)} %"


def target_text(figure: Figure, money: Money) -> str:
    """The target, how much of it there is, and the pace in words."""
    target = figure.target
    if target is None:
        return NONE
    words = []
    if target.value is not None:
        words.append(f"of {number_text(target.value, figure.value.unit, money)}")
        words += [number_text(target.attainment, "ratio", money)] if target.attainment is not None else []
    if target.is_final and target.attainment is not None:
        words.append("reached" if target.attainment >= 1 else "! missed")
    elif target.pace is not None:
        words.append(pace_text(target.pace))
    return ", ".join(words) or NONE


def pace_text(pace: int | float) -> str:
    """Against what is expected by now: from 99 % on track, from 81 % behind, below at risk."""
    if pace >= ON_TRACK:
        return "on track"
    return "behind" if pace >= BEHIND else "! at risk"


def trust_text(value: KpiValue) -> str:
    """How far to believe a value, in words."""
    said = STATUSES.get(value.status, value.status)
    if value.missing is not UNSET and value.missing:
        said += f": {', '.join(_missing(part) for part in value.missing)}"
    if value.maturing is not UNSET and value.status == "maturing":
        said += f": {_grouped(Decimal(str(value.maturing)) * 100, 0)} % too young"
    if value.status == "restated" and value.restated_at is not None:
        said += f", last by what came {value.restated_at[:16].replace('T', ' ')} UTC"
    return said


def _missing(part: str) -> str:
    kind, _, name = part.partition(":")
    return f"{name} is silent" if kind == "source" else f"no {kind} of {name}"


def _money(minor: int | float, money: Money) -> str:
    amount = Decimal(str(minor)).scaleb(-money.exponent)
    return f"{_grouped(amount, money.exponent)} {money.currency or ''}".rstrip()


def _grouped(number: Decimal, digits: int) -> str:
    """Rounded half-even, thousands grouped by a comma, with a true minus."""
    rounded = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return f"{rounded:,}".replace("-", "−")
