"""What the hot path decodes into: an envelope per activity type, by msgspec, and the checks that a type cannot express.

It only ever says "this is a valid event" or nothing. Whatever it declines, and every refusal, is the contract's
(`schemas.contract`); a property test holds that the contract agrees with each event accepted here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from schemas.data import (
    BASIS_POINTS,
    TEXT_MAX,
    Currency,
    CustomerChurned,
    CustomerOnboarded,
    Data,
    DealOpened,
    DealWon,
    OrderPlaced,
    OrderRefunded,
    SurveyAnswered,
    Touch,
)
from schemas.limits import REVISION_MAX, TENANT_MAX
from schemas.money import CURRENCIES
from schemas.types import ACTIVITY_TYPES

_Name = Annotated[str, Meta(min_length=1, max_length=TEXT_MAX)]


class _Envelope(msgspec.Struct, tag_field="type", gc=False, forbid_unknown_fields=True):
    """The attributes that matter and those that are allowed and not read; `data` comes with the type."""

    kind: ClassVar[int]
    is_sound: ClassVar[Callable[[Any], bool] | None]

    specversion: Literal["1.0"]
    id: _Name
    source: _Name
    subject: _Name
    time: str
    tenant: Annotated[str, Meta(min_length=1, max_length=TENANT_MAX)] = "default"
    revision: Annotated[int, Meta(ge=0, le=REVISION_MAX)] = 0
    voided: bool = False
    backfill: bool = False
    receivedat: str | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: str | None = None
    traceparent: str | None = None
    tracestate: str | None = None


def _known(currency: Currency | None) -> bool:
    return currency is None or currency in CURRENCIES


def _sound_opening(data: DealOpened) -> bool:
    return _known(data.currency) and (data.expected_close is None or _is_date(data.expected_close))


def _is_date(text: str) -> bool:
    """Whether the text is YYYY-MM-DD; an instant, allowed too, is left to the contract."""
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _sound_win(data: DealWon) -> bool:
    splits = data.splits
    if splits is not None:
        if sum([split.share_bp for split in splits]) != BASIS_POINTS:
            return False
        if len({split.rep for split in splits}) != len(splits):
            return False
    return data.currency in CURRENCIES


def _sound_touch(data: Touch) -> bool:
    return data.rep is not None or data.automated


def _sound_order(data: OrderPlaced) -> bool:
    return data.currency in CURRENCIES


def _sound_refund(data: OrderRefunded) -> bool:
    return (data.lines is not None or data.amount_minor is not None) and _known(data.currency)


def _sound_answer(data: SurveyAnswered) -> bool:
    scale = data.scale
    return scale.min < scale.max and scale.min <= data.score <= scale.max


def _sound_customer(data: CustomerOnboarded | CustomerChurned) -> bool:
    return _known(data.currency)


_CHECKS: dict[type[Data], Callable[[Any], bool]] = {
    DealOpened: _sound_opening,
    DealWon: _sound_win,
    Touch: _sound_touch,
    OrderPlaced: _sound_order,
    OrderRefunded: _sound_refund,
    SurveyAnswered: _sound_answer,
    CustomerOnboarded: _sound_customer,
    CustomerChurned: _sound_customer,
}


def _envelope_of(name: str, kind: int, data: type[Data]) -> type[_Envelope]:
    check = _CHECKS.get(data)
    namespace = {"kind": int(kind), "is_sound": None if check is None else staticmethod(check)}
    fields = [("data", data | None, None)]
    made = msgspec.defstruct(f"{data.__name__}Envelope", fields, bases=(_Envelope,), namespace=namespace, tag=name)
    assert issubclass(made, _Envelope)
    return made


decode_envelope: Callable[[bytes], Any] = msgspec.json.Decoder(
    reduce(or_, [_envelope_of(row.name, row.kind, row.struct) for row in ACTIVITY_TYPES])
).decode
