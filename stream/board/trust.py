"""How far to believe a value: the one status word, and what is said beside it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from msgspec import UNSET, UnsetType

from schemas.kpi import KpiDefinition, Status
from stream.board.forms.forms import FORMS
from stream.board.forms.reading import Number, Reading, shortest, shown
from stream.board.moment import Moment, punctual_of
from stream.board.reference.roster import NOBODY, rosters_of
from stream.board.sources import silent_feeders, silent_sources
from stream.board.sums import latest_receipt, sum_term
from stream.board.windows import Window
from stream.catalogue.catalogue import Catalogue

NAMED_MAX = 20
"""Unrostered ids that are named; the others are counted."""


@dataclass(frozen=True)
class Trust:
    """What is said about a value; ``receipt_s`` is the newest receipt (UTC s) among late contributions, 0: none."""

    status: Status
    receipt_s: int
    restated_by: Number | UnsetType = UNSET
    missing: list[str] | UnsetType = UNSET
    maturing: Number | UnsetType = UNSET
    unrostered: list[str] | UnsetType = UNSET


def trust_of(
    moment: Moment, catalogue: Catalogue, definition: KpiDefinition, scope: str, window: Window, reading: Reading
) -> Trust:
    """The trust in a reading. Never stale: that is for whoever knows how far the log has been read."""
    receipt_s = latest_receipt(moment, reading.terms, scope, window)
    missing = set(reading.missing)
    if silent_sources(moment):
        # A rank is made of everybody's numbers.
        fed = "company" if definition.ranks is not None else scope
        silent = silent_feeders(moment, measures_read(catalogue, definition, reading), fed, window)
        missing |= {f"source:{name}" for name in silent}
    return Trust(
        _status(moment, definition, reading, is_partial=bool(missing), is_restated=receipt_s > 0),
        receipt_s,
        restated_by=_restated_by(moment, catalogue, definition, scope, window, reading) if receipt_s else UNSET,
        missing=sorted(missing) or UNSET,
        maturing=shortest(reading.maturing) if reading.maturing else UNSET,
        unrostered=(unrostered(moment, reading, window) if scope == "company" else []) or UNSET,
    )


def measures_read(catalogue: Catalogue, definition: KpiDefinition, reading: Reading) -> set[str]:
    """The measures a reading is made of."""
    ranked = catalogue.find(definition.ranks).measures if definition.ranks is not None else set()
    return ranked | definition.measures | {term.measure for term in reading.terms}


def is_insufficient(moment: Moment, definition: KpiDefinition, reading: Reading) -> bool:
    """Whether a quotient rests on too few; nothing at all is not too few."""
    if reading.is_insufficient:
        return True
    least = definition.min_n if moment.min_n is None else moment.min_n
    return bool(definition.denominator) and 0 < reading.n < least


def unrostered(moment: Moment, reading: Reading, window: Window) -> list[str]:
    """The reps who count in a reading of the company without ever having been rostered, NAMED_MAX at most, then "+n".

    Nobody is unrostered where there is no roster at all.
    """
    rosters = rosters_of(moment.board.organisation, moment.cut_ms)
    if not rosters:
        return []
    found = set[str]()
    for term in reading.terms:
        strangers = _strangers(moment, term.measure, rosters.keys()) - found
        found |= {rep for rep in strangers if sum_term(moment, term, f"rep:{rep}", window).amount}
    named = sorted(found)
    return named if len(named) <= NAMED_MAX else [*named[:NAMED_MAX], f"+{len(named) - NAMED_MAX}"]


def _strangers(moment: Moment, measure: str, rostered: AbstractSet[str]) -> set[str]:
    """Whom a measure names that the roster doesn't know."""
    found = moment.readings.get(("strangers", measure))
    if not isinstance(found, set):
        found = moment.readings["strangers", measure] = (
            set(moment.board.all_of(measure, "rep").keys()) - rostered - {NOBODY}
        )
    return found


def _restated_by(
    moment: Moment, catalogue: Catalogue, definition: KpiDefinition, scope: str, window: Window, reading: Reading
) -> Number | UnsetType:
    """By how much late contributions changed the value as it is shown; nothing is said where one of both is missing."""
    before = FORMS[definition.form].read(punctual_of(moment), catalogue, definition, scope, window)
    if reading.value is None or before.value is None:
        return UNSET
    if reading.is_money and reading.denominator is None:
        return shown(reading.value, is_money=True) - shown(before.value, is_money=True)
    return shortest(reading.value - before.value)


def _status(
    moment: Moment, definition: KpiDefinition, reading: Reading, *, is_partial: bool, is_restated: bool
) -> Status:
    if is_partial:
        return "partial"
    if reading.is_suppressed:
        return "suppressed"
    if is_insufficient(moment, definition, reading):
        return "insufficient"
    if reading.maturing:
        return "maturing"
    return "restated" if is_restated else "live"
