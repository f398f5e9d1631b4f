"""What became of each record of an identity, told after the fact: from its place, its letter and those before it.

Only refusals are written anywhere, as letters; the other verdicts follow from the order of the log, as they did for the
workers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from gateway.letters.letter import Letter
from gateway.verdicts.identity import Identity
from schemas.binary_mode import Headers
from schemas.event import Event, Kind, decode, encode_key, home_partition
from schemas.receipt import REKEYED_FROM
from schemas.verdicts import Code, Refusal
from stream.intake import key_tenant

ACTIVITY, ORGANISATION = "activity", "organisation"
_STRAYED = re.compile(rb"(\d{1,6})-(\d{1,18})")
NOT_YET = "the broker has it; its fold is still to come"
WENT_HOME = "its key or partition was not its account's; it was published once more where it belongs"


class Delivery(msgspec.Struct, frozen=True):
    """A record that bears the identity, as it lies in the log."""

    role: str
    partition: int
    offset: int
    received_ms: int
    event: Event | Refusal
    is_home: bool
    was_put_home: bool = False


class Told(msgspec.Struct, frozen=True):
    """A record and its verdict. A refusal over HTTP has no ``offset``: no topic had it."""

    verdict: Code
    received_ms: int
    detail: str = ""
    event: Event | None = None
    topic: str = ""
    partition: int = 0
    offset: int | None = None
    letter: str = ""


def delivery_of(
    wanted: Identity, place: tuple[str, int], offset: int, key: bytes | None, raw: bytes, received_ms: int, count: int
) -> Delivery | None:
    """A record if it bears the identity and by its key, too, is the tenant's. ``count``: partitions of its topic."""
    event = decode(raw)
    if not _bears(event, wanted):
        return None
    role, partition = place
    claimed = key_tenant(key, is_whole=role == ORGANISATION)
    if claimed is not None and claimed != wanted.tenant:
        return None  # nobody's: either of the two might read the other's facts in it
    home_key = key_of(wanted, role)
    is_home = key == home_key and home_partition(home_key, count) == partition
    return Delivery(role, partition, offset, received_ms, event, is_home)


def strayed_to(headers: Headers) -> tuple[int, int] | None:
    """Partition and offset at which a record lay before it was put home, by its headers; None if they don't say."""
    told = _STRAYED.fullmatch(dict(headers).get(REKEYED_FROM, b""))
    return None if told is None else (int(told[1]), int(told[2]))


def _bears(event: Event | Refusal, wanted: Identity) -> bool:
    """Whether it is this event's; of one that is refused the tenant or the subject may be unreadable."""
    found = (event.tenant, event.subject, event.source, event.id)
    if isinstance(event, Event):
        return found == (wanted.tenant, wanted.subject, wanted.source, wanted.id)
    return all(name in ("", own) for name, own in zip(found, msgspec.structs.astuple(wanted), strict=True))


def key_of(wanted: Identity, role: str) -> bytes:
    """The record key under which an identity's events belong on a topic."""
    return encode_key(wanted.tenant, wanted.subject) if role == ACTIVITY else wanted.tenant.encode()


def judged(
    deliveries: Sequence[Delivery], letters: Sequence[Letter], folded: Mapping[str, int], topics: Mapping[str, str]
) -> list[Told]:
    """The records of one role, in order. ``folded``: by role, the next offset to be folded, as it was before
    ``letters`` were read. ``topics``: names by role, which is what letters call their origin.
    """
    by_origin = {_origin(letter): letter for letter in letters}
    told: list[Told] = []
    highest: int | None = None
    for delivery in deliveries:
        origin = (topics[delivery.role], str(delivery.partition), str(delivery.offset))
        letter = by_origin.get(origin)
        code, detail = _verdict(delivery, letter, highest, folded.get(delivery.role, 0))
        event = delivery.event if isinstance(delivery.event, Event) else None
        if code is Code.ACCEPTED and event is not None:
            highest = event.revision
        address = "" if letter is None or not letter.tenant else str(letter.address)
        place = (origin[0], delivery.partition, delivery.offset)
        told.append(Told(code, delivery.received_ms, detail, event, *place, address))
    return told


def _verdict(delivery: Delivery, letter: Letter | None, highest: int | None, folded: int) -> tuple[Code, str]:
    event = delivery.event
    if delivery.was_put_home:
        return Code.REKEYED, WENT_HOME
    if delivery.offset >= folded:
        return Code.TAKEN, NOT_YET
    if letter is not None:
        return Code(letter.reason), letter.told("detail")
    if isinstance(event, Refusal):
        return event.code, event.detail
    if not delivery.is_home:
        return Code.REKEYED, WENT_HOME
    # A heartbeat is no fact to be kept: each counts.
    if highest is None or event.revision > highest or event.kind == Kind.SOURCE_HEARTBEAT:
        return Code.ACCEPTED, ""
    return (Code.DUPLICATE if event.revision == highest else Code.SUPERSEDED), ""


def refused_at_once(letters: Sequence[Letter], wanted: Identity) -> list[Told]:
    """The refusals over HTTP: letters of this identity that no topic had, whose key, if any, is the account's."""
    account = encode_key(wanted.tenant, wanted.subject)
    return [
        Told(Code(letter.reason), letter.received_ms, letter.told("detail"), letter=str(letter.address))
        for letter in letters
        if not letter.told("origin-topic")
        and letter.tenant == wanted.tenant
        and (letter.told("source"), letter.told("id")) == (wanted.source, wanted.id)
        and letter.key in (None, account)
    ]


def in_order(told: Sequence[Told], refused: Sequence[Told]) -> list[Told]:
    """Records as the log has them, and refusals over HTTP among them by their receipt: what is sent again keeps its."""
    latest, ranked = 0, []
    for each in told:
        latest = max(latest, each.received_ms)
        ranked.append((latest, 1, each))
    ranked += [(each.received_ms, 0, each) for each in refused]
    return [each for _, _, each in sorted(ranked, key=lambda row: row[:2])]


def standing(told: Sequence[Told]) -> Told | None:
    """The record that stands: the last that was accepted, which may be one that takes the event back."""
    return next((each for each in reversed(told) if each.verdict is Code.ACCEPTED), None)


def _origin(letter: Letter) -> tuple[str, str, str]:
    return letter.told("origin-topic"), letter.told("origin-partition"), letter.told("origin-offset")
