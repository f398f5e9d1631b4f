"""What an alert says of stalled deals: where they stand, and what they are worth."""

from __future__ import annotations

from msgspec import UnsetType

from schemas.kpi import KpiValue
from stream.alerts.texts import money_text

STAGE = "stage:"
RATE = "rate:"


def _unpriced(value: KpiValue) -> str:
    """What the amount leaves out, as far as a rate is missing."""
    missing = [] if isinstance(value.missing, UnsetType) else value.missing
    currencies = [name.removeprefix(RATE) for name in missing if name.startswith(RATE)]
    return f" and what is in {', '.join(currencies)}, without a rate" if currencies else ""


def words(value: KpiValue, currency: str | None) -> dict[str, str]:
    """``stages`` with how many stand in each, most first, ``stage`` the first of them, and ``worth`` in the tenant's
    currency; nothing if none has stalled.
    """
    found = {name.removeprefix(STAGE): count for name, count in value.facets.items() if name.startswith(STAGE)}
    pipelines = {stage.rpartition("|")[0] for stage in found}
    counts = {_named(stage, is_alone=len(pipelines) == 1): count for stage, count in found.items()}
    ordered = sorted(counts, key=lambda stage: (-counts[stage], stage))
    if not ordered:
        return {}
    said = {"stage": ordered[0], "stages": ", ".join(f"{stage} {counts[stage]}" for stage in ordered)}
    amount = value.facets.get("amount")
    if amount is not None and currency is not None:
        said["worth"] = money_text(amount, currency) + _unpriced(value)
    return said


def _named(stage: str, *, is_alone: bool) -> str:
    """A stage as people call it, "proposal", and of which pipeline it is where there are several: "proposal (b2b)"."""
    pipeline, _, name = stage.rpartition("|")
    plain = name.replace("_", " ")
    return plain if is_alone or not pipeline else f"{plain} ({pipeline})"
