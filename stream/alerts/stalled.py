"""What an alert says of stalled deals: where they stand, and what they are worth."""

from __future__ import annotations

from schemas.kpi import KpiValue
from schemas.money import exponent

STAGE = "stage:"


def words(value: KpiValue, currency: str | None) -> dict[str, str]:
    """``stages`` with how many stand in each, most first, ``stage`` the first of them, and ``worth`` in the tenant's
    currency; nothing if none has stalled.
    """
    counts = {name.removeprefix(STAGE): count for name, count in value.facets.items() if name.startswith(STAGE)}
    ordered = sorted(counts, key=lambda stage: (-counts[stage], stage))
    if not ordered:
        return {}
    said = {"stage": ordered[0], "stages": ", ".join(f"{stage} {counts[stage]}" for stage in ordered)}
    amount = value.facets.get("amount")
    if amount is not None and currency is not None:
        digits = exponent(currency)
        said["worth"] = f"{amount / 10**digits:,.{digits}f} {currency}"
    return said
