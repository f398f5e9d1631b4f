"""What reading a KPI finds, exact, before it is judged and rounded."""

from __future__ import annotations

from dataclasses import dataclass, field

from schemas.kpi import Term
from stream.board.moment import Amount

Number = int | float


@dataclass(slots=True)
class Reading:
    """A KPI's numbers for a scope and a window.

    ``is_money``: numerator and denominator are minor units of the base currency, rounded once where they are shown;
    so is the value where nothing divides it. ``missing`` says what had to be left out ("rate:USD"). ``terms`` are
    those whose late contributions restate the value. ``is_listed``: worth a row when everything is asked for.
    """

    value: Amount | None
    n: int
    numerator: Amount | None = None
    denominator: Amount | None = None
    is_money: bool = False
    facets: dict[str, Number] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    terms: tuple[Term, ...] = ()
    is_suppressed: bool = False
    is_insufficient: bool = False
    maturing: Amount | None = None
    is_listed: bool = False


def shortest(amount: Amount) -> Number:
    """An integer where it is one, else the nearest float."""
    return amount.numerator if amount.denominator == 1 else float(amount)


def round_half_even(amount: Amount) -> int:
    """Minor units, rounded once, half to even."""
    return round(amount)


def shown(amount: Amount, *, is_money: bool) -> Number:
    """An amount as it is shown."""
    return round_half_even(amount) if is_money else shortest(amount)
