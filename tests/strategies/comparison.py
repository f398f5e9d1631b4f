"""A value of the core beside a reading of the reference: equal, or for quantiles within one percent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from msgspec import UNSET

from schemas.kpi import KpiValue
from tests.reference.figures import FORMULAS
from tests.reference.readings import Reading

Row = dict[str, Any]
SKETCHED = ("median", "p90")
QUANTILE_ERROR = 0.0101
"""One percent, and what floats add to it."""
TOLERANCE = 1e-12


def shown(number: Fraction | None) -> int | float | None:
    """A number as the API shows it."""
    if number is None:
        return None
    return number.numerator if number.denominator == 1 else float(number)


def row_of_reading(reading: Reading) -> Row:
    """What must agree, of a reading. Whether it is restated is compared elsewhere: a void leaves no fact to look at."""
    as_of = datetime.fromtimestamp(reading.cut_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    numbers = {
        "value": reading.value,
        "n": Fraction(reading.n),
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        **{f"facets.{name}": part for name, part in reading.facets.items()},
    }
    found = {name: shown(number) for name, number in numbers.items()}
    row = {**found, "as_of": as_of, "missing": reading.missing, "status": reading.status}
    return row | ({"unrostered": list(reading.unrostered)} if reading.kpi in FORMULAS else {})


def row_of_value(value: KpiValue) -> Row:
    """The same of a value of the core."""
    numbers = {"value": value.value, "n": value.n, "numerator": value.numerator, "denominator": value.denominator}
    numbers |= {f"facets.{name}": part for name, part in value.facets.items()}
    missing = [] if value.missing is UNSET else value.missing
    status = "live" if value.status == "restated" else value.status
    row = {**numbers, "as_of": value.as_of, "missing": missing, "status": status}
    unrostered = [] if value.unrostered is UNSET else value.unrostered
    return row | ({"unrostered": unrostered} if value.kpi in FORMULAS else {})


def told(row: Row) -> Row:
    """The row without a best of nothing: which periods that nobody sold in are looked at is left to the core."""
    return {name: part for name, part in row.items() if name != "facets.best" or part}


def agrees(name: str, found: object, wanted: object) -> bool:
    """Whether two numbers are the same, of a sketch nearly."""
    if not isinstance(found, int | float) or not isinstance(wanted, int | float):
        return found == wanted
    error = QUANTILE_ERROR if name.endswith(SKETCHED) else TOLERANCE
    return abs(found - wanted) <= error * abs(wanted)


def differences(values: Iterable[KpiValue], readings: Iterable[Reading]) -> list[str]:
    """Where the core and the reference disagree, one line each; empty if nowhere."""
    found = {(value.kpi, value.scope, value.window): told(row_of_value(value)) for value in values}
    wanted = {(one.kpi, one.scope, one.window): told(row_of_reading(one)) for one in readings}
    lines = [f"{' '.join(key)}: only the core has it: {found[key]}" for key in sorted(found.keys() - wanted.keys())]
    lines += [f"{' '.join(key)}: only the reference has it: {wanted[key]}" for key in sorted(wanted.keys() - found)]
    for key in sorted(found.keys() & wanted.keys()):
        mine, theirs = found[key], wanted[key]
        lines += [
            f"{' '.join(key)} {name}: core {mine.get(name)}, reference {theirs.get(name)}"
            for name in sorted(mine.keys() | theirs.keys())
            if name not in mine or name not in theirs or not agrees(name, mine[name], theirs[name])
        ]
    return lines
