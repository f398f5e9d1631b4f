"""What the type of a struct cannot express: by struct, whether its data are such that the contract takes them as is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from schemas import data as structs
from schemas.canonical import is_canonical_instant, is_date
from schemas.data import BASIS_POINTS, Data
from schemas.money import CURRENCIES


def _known(currency: str | None) -> bool:
    return currency is None or currency in CURRENCIES


def _opening(data: structs.DealOpened) -> bool:
    """An instant for `expected_close`, allowed too, is left to the contract."""
    return _known(data.currency) and (data.expected_close is None or is_date(data.expected_close))


def _win(data: structs.DealWon) -> bool:
    splits = data.splits
    if splits is not None:
        if sum([split.share_bp for split in splits]) != BASIS_POINTS:
            return False
        if len({split.rep for split in splits}) != len(splits):
            return False
    return data.currency in CURRENCIES


def _touch(data: structs.Touch) -> bool:
    return data.rep is not None or data.automated


def _refund(data: structs.OrderRefunded) -> bool:
    return (data.lines is not None or data.amount_minor is not None) and _known(data.currency)


def _answer(data: structs.SurveyAnswered) -> bool:
    scale = data.scale
    return scale.min < scale.max and scale.min <= data.score <= scale.max


def _priced(data: Any) -> bool:
    return data.currency is None or data.currency in CURRENCIES


def _start(data: Any) -> bool:
    return data.starts_at is None or is_canonical_instant(data.starts_at)


def _due(data: Any) -> bool:
    return data.due_at is None or is_canonical_instant(data.due_at)


CHECKS: dict[type[Data], Callable[[Any], bool]] = {
    structs.DealOpened: _opening,
    structs.AmountChanged: _priced,
    structs.DealWon: _win,
    structs.Touch: _touch,
    structs.AppointmentSet: _start,
    structs.AppointmentHeld: _start,
    structs.AppointmentNoShow: _start,
    structs.FollowUpDue: _due,
    structs.FollowUpDone: _due,
    structs.OrderPlaced: _priced,
    structs.OrderRefunded: _refund,
    structs.SurveyAnswered: _answer,
    structs.CustomerOnboarded: _priced,
    structs.CustomerChurned: _priced,
    structs.CustomerReactivated: _priced,
    structs.CustomerOwnerChanged: _priced,
    structs.MrrChanged: _priced,
    structs.RenewalDue: _due,
    structs.Renewed: _due,
}
