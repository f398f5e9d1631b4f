"""What the hot path decodes into: an envelope per activity type, by msgspec, and the checks that a type cannot express.

It only ever says "this is a valid event" or nothing. Whatever it declines, and every refusal, is the contract's
(`schemas.contract`); a property test holds that the contract agrees with each event accepted here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta

from schemas.data import TEXT_MAX, Data
from schemas.limits import REVISION_MAX, TENANT_MAX
from schemas.soundness import CHECKS
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


def _envelope_of(name: str, kind: int, data: type[Data]) -> type[_Envelope]:
    check = CHECKS.get(data)
    namespace = {"kind": int(kind), "is_sound": None if check is None else staticmethod(check)}
    fields = [("data", data | None, None)]
    made = msgspec.defstruct(f"{data.__name__}Envelope", fields, bases=(_Envelope,), namespace=namespace, tag=name)
    assert issubclass(made, _Envelope)
    return made


ENVELOPES: dict[int, type[_Envelope]] = {
    int(row.kind): _envelope_of(row.name, row.kind, row.struct) for row in ACTIVITY_TYPES
}
"""What an activity event of a kind decodes into."""

decode_envelope: Callable[[bytes], Any] = msgspec.json.Decoder(reduce(or_, ENVELOPES.values())).decode
