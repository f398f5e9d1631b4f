"""How far to believe a value: the one status word, and what is said beside it."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from schemas.kpi import KpiDefinition, Status
from stream.board.forms.reading import Number, Reading, shortest
from stream.board.sums import Moment, latest_receipt
from stream.board.windows import Window


@dataclass(frozen=True)
class Trust:
    """What is said about a value; ``receipt_s`` is the newest receipt (UTC s) among late contributions, 0: none."""

    status: Status
    receipt_s: int
    restated_by: Number | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    maturing: Number | UnsetType = UNSET
    unrostered: list[str] | UnsetType = UNSET


def trust_of(moment: Moment, definition: KpiDefinition, scope: str, window: Window, reading: Reading) -> Trust:
    """The trust in a reading. Never stale: that is for whoever knows how far the log has been read."""
    receipt_s = latest_receipt(moment, reading.terms, scope, window)
    status = _status(reading, receipt_s, is_insufficient=is_insufficient(moment, definition, reading))
    return Trust(
        status,
        receipt_s,
        missing=sorted(reading.missing) or UNSET,
        maturing=shortest(reading.maturing) if reading.maturing else UNSET,
    )


def is_insufficient(moment: Moment, definition: KpiDefinition, reading: Reading) -> bool:
    """Whether a quotient rests on too few; nothing at all is not too few."""
    if reading.is_insufficient:
        return True
    least = definition.min_n if moment.min_n is None else moment.min_n
    return reading.denominator is not None and 0 < reading.n < least


def _status(reading: Reading, receipt_s: int, *, is_insufficient: bool) -> Status:
    if reading.missing:
        return "partial"
    if reading.is_suppressed:
        return "suppressed"
    if is_insufficient:
        return "insufficient"
    if reading.maturing:
        return "maturing"
    return "restated" if receipt_s else "live"
