"""Which letters are asked for: filters from parameters, and the cursor that a page ends with."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from gateway.letters.letter import Letter, Mark
from gateway.query import BadQuery
from schemas.instants import milliseconds_of
from schemas.verdicts import Code

FILTERS = ("tenant", "reason", "source", "id", "since", "until", "text", "state")
REASONS = tuple(code.value for code in Code if code not in ("taken", "accepted", "duplicate", "superseded", "rekeyed"))
OFFSET_MAX = 2**63 - 1
PARTITIONS_MAX = 1_024
_AGO = re.compile(r"(\d{1,5})([smhd])", re.ASCII)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class State(StrEnum):
    """What has become of a letter."""

    OPEN = "open"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters, all of which a letter has to pass; None and () let everything through.

    ``since_ms`` and ``until_ms`` (exclusive) are about when it was refused; ``tenant`` "" asks for nobody's letters.
    """

    tenant: str | None = None
    reasons: tuple[str, ...] = ()
    source: str | None = None
    id: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    text: str | None = None
    state: State | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no filter is set."""
        return self == Selection()

    def takes(self, letter: Letter, mark: Mark | None) -> bool:
        """Whether a letter, with its bytes, passes."""
        if self.tenant is not None and letter.tenant != self.tenant:
            return False
        if self.reasons and letter.reason not in self.reasons:
            return False
        if self.source is not None and letter.told("source") != self.source:
            return False
        if self.id is not None and letter.told("id") != self.id:
            return False
        if self.since_ms is not None and letter.refused_ms < self.since_ms:
            return False
        if self.until_ms is not None and letter.refused_ms >= self.until_ms:
            return False
        if self.state is not None and (self.state is State.SENT) is not (mark is not None):
            return False
        return self.text is None or _contains(letter, self.text.casefold())


def _contains(letter: Letter, folded: str) -> bool:
    """Whether a folded text stands in the bytes, however JSON escapes it there, in the key or in the detail."""
    raw = letter.raw.decode(errors="replace")
    texts = [raw, letter.told("detail"), (letter.key or b"").decode(errors="replace")]
    if "\\u" in raw:
        texts.append(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), raw))
    return any(folded in text.casefold() for text in texts)


def parse_filters(given: Mapping[str, Sequence[str]], now_ms: int) -> Selection:
    """The selection that named texts spell; only a reason may be given several times. Raises BadQuery."""
    reasons = tuple(part.strip() for text in given.get("reason", ()) for part in text.split(","))
    for reason in reasons:
        if reason not in REASONS:
            raise BadQuery(f'reason is "{reason}"; allowed are {", ".join(REASONS)}')
    state = one(given, "state")
    if state is not None and state not in [known.value for known in State]:
        raise BadQuery(f'state is "{state}"; allowed are {", ".join(State)}')
    return Selection(
        one(given, "tenant"),
        reasons,
        one(given, "source"),
        one(given, "id"),
        _moment(one(given, "since"), "since", now_ms),
        _moment(one(given, "until"), "until", now_ms),
        one(given, "text") or None,
        None if state is None else State(state),
    )


def one(given: Mapping[str, Sequence[str]], name: str) -> str | None:
    """The single text of a parameter, or None. Raises BadQuery."""
    texts = given.get(name, ())
    if len(texts) > 1:
        raise BadQuery(f"{name} is given {len(texts)} times; at most one is allowed")
    return texts[0] if texts else None


def _moment(text: str | None, name: str, now_ms: int) -> int | None:
    if text is None:
        return None
    if (ago := _AGO.fullmatch(text)) is not None:
        return now_ms - int(ago[1]) * _UNIT_MS[ago[2]]
    # A plus sign that was not escaped reaches us as a space.
    at_ms = milliseconds_of(re.sub(r" (?=\d\d:?\d\d\Z)", "+", text))
    if at_ms is None:
        raise BadQuery(
            f'{name} is "{text}"; it must be an RFC 3339 instant with offset, such as 2026-11-22T10:15:00Z, '
            "or a time ago, such as 90m, 12h or 7d"
        )
    return at_ms


class Order(StrEnum):
    """In which order letters are given, by the time at which they were refused."""

    NEWEST = "newest"
    OLDEST = "oldest"


class Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: by partition the first offset that is still to come, or (newest first) the one after it."""

    order: Order
    offsets: dict[int, int]


def spell(cursor: Cursor) -> str:
    """The cursor as a text to be handed back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).rstrip(b"=").decode()


def read_cursor(text: str, order: Order) -> Cursor:
    """The cursor in ``text``. Raises BadQuery if it is none of ours, or of the other order."""
    try:
        padded = text + "=" * (-len(text) % 4)
        found = msgspec.json.decode(base64.b64decode(padded, altchars=b"-_", validate=True), type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        raise BadQuery("cursor is none that a page ended with; leave it out to begin anew") from None
    in_range = all(0 <= p < PARTITIONS_MAX and 0 <= offset <= OFFSET_MAX for p, offset in found.offsets.items())
    if found.order is not order or not in_range:
        raise BadQuery("cursor belongs to another question; leave it out to begin anew")
    return found
