"""What else is on a topic besides ordinary events: other forms of the same event, and records that are none."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

from schemas.records import Headers
from tests.strategies.authors import EXOTIC, TYPE_NAMES, optional_fields

Said = dict[str, Any]
"""An event before it is written down."""

SUBJECTS = ("", "a\x01", "a\0b", "x" * 257, "a\u200b", "A 1", "a\x7f", "\ud800", "\ue000", "\u0378")
TIMES = (
    *("2026-02-30T00:00:00Z", "2026-03-20T24:00:00Z", "2026-03-20T23:59:60Z", "1899-12-31T23:59:59Z", "now", ""),
    *("3000-01-01T00:00:00Z", "2999-12-31T23:59:59.999Z", "1900-01-01T00:00:00Z", "2026-03-20T10:00Z", "2026-03-20"),
    *("1900-01-01T00:00:00+00:01", "2999-12-31T23:59:59-00:01", "2026-03-20T10:00:00", "2026-03-20T10:00:00+24:00"),
    *(
        "2026-03-20T10:00:00.Z",
        "2026-03-20T10:00:00,5Z",
        " 2026-03-20T10:00:00Z",
        "2026-03-20T10:00:00.٣Z",
        "٢026-01-01",
    ),
)
TENANTS = ("", "ä", "a/b", "x" * 64, "x" * 65, "a b", None, "default", "A.b_c-9", 7)
ATTRIBUTES: tuple[tuple[str, tuple[Any, ...]], ...] = (
    ("subject", SUBJECTS),
    ("time", TIMES),
    ("tenant", TENANTS),
    ("specversion", ("1.1", 1, None, "1.0 ")),
    ("revision", (-1, 2**31 - 1, 2**31, "1", 1.0, 1.5, None, True, 2**70)),
    ("voided", ("true", 1, None, False)),
    ("backfill", ("true", 0, None, False)),
    ("receivedat", ("2026-03-20T10:00:00Z", "2026-03-20t10:00:00+02:00", "nonsense", None, 5)),
    (
        "datacontenttype",
        ("application/json", "application/json; charset=utf-8", "text/plain", None, "Application/JSON"),
    ),
    ("dataschema", ("x", None, 5)),
    ("traceparent", ("00-x", "")),
    ("data_base64", (None, "eA==")),
    ("id", ("", None, 5, "x" * 257, "a\0b")),
    ("source", ("", None, "x" * 257, "a\0b", "ß" * 256)),
    ("type", ("sales.touch", "", None, 5, "sales.lead.created ", "SALES.TOUCH.LOGGED")),
    ("data", (None, {}, [], "text", 5, {"deal": None})),
    ("extension", ("x", None, {"deep": [1, {"deeper": 1}]})),
    ("kind", ("touch",)),
)
GARBAGE = (
    *(b"", b" ", b"{}", b"[]", b"null", b"5", b'"x"', b"{", b"\xff\xfe", b"\xef\xbb\xbf{}", b"nonsense", b"\0" * 9),
    *(b"x" * 65_537, b"[" * 40 + b"]" * 40, b'{"a":' * 33 + b"1" + b"}" * 33, b'{"specversion":"1.0"}', b"{}{}"),
)
ORGANISATION: tuple[tuple[str, Said], ...] = (
    ("sales.tenant.configured", {"time_zone": "Europe/Berlin", "base_currency": "EUR"}),
    ("sales.roster.changed", {"rep": "R-1", "team": "T-1"}),
    ("sales.source.heartbeat", {}),
    ("sales.staff_survey.answered", {"survey": "S", "kind": "enps", "score": 5, "scale": {"min": 0, "max": 10}}),
    ("sales.staff_survey.answered", {"survey": "S", "kind": "enps", "score": 5, "rep": "R-1"}),
    ("sales.rate.set", {"currency": "USD", "base_per_unit": "0.9"}),
)


class Written(NamedTuple):
    """A record's key, value and headers."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()


def key_of(said: Said) -> bytes:
    """The key under which an event is at home."""
    tenant, subject = said.get("tenant", "default"), said.get("subject", "")
    return f"{tenant}/{subject}".encode(errors="surrogatepass")


def written(said: Said, random: Random) -> bytes:
    """An event as JSON, the attributes and the blanks in one of many ways."""
    draw = random.random()
    if draw < 0.85:
        return json.dumps(said, ensure_ascii=draw < 0.2, separators=(",", ":")).encode(errors="surrogatepass")
    shuffled = dict(random.sample(list(said.items()), len(said)))
    return json.dumps(shuffled, indent=1 if draw < 0.88 else None).encode()


def _bent(said: Said, random: Random) -> Said:
    """With an attribute that is unusual, or wrong."""
    name, values = random.choice(ATTRIBUTES)
    return said | {name: random.choice(values)}


def _incomplete(said: Said, random: Random) -> Said:
    gone = random.choice(sorted(said))
    return {name: held for name, held in said.items() if name != gone}


def _wordy(said: Said, random: Random) -> Said:
    """With fields that nobody knows, at any depth."""
    if random.random() < 0.3:
        said = said | {random.choice(("colour", "shape", "ä" * 70)): random.choice((1, None, [1], {"a": 1}))}
    held = said.get("data")
    if isinstance(held, dict):
        held = dict(held) | {random.choice(("mood", "weather", "deal_", "x" * 65)): random.choice((1, "a", None, {}))}
        for name, inner in held.items():
            if isinstance(inner, list) and inner and isinstance(inner[0], dict):
                held[name] = [part | {"extra": n} for n, part in enumerate(inner)]
        said = said | {"data": held}
    return said


def _explicit(said: Said, random: Random) -> Said:
    """With a null, an empty text or another type where a field may be left out."""
    held = said.get("data")
    if not isinstance(held, dict) or said.get("type") not in TYPE_NAMES:
        return said
    left = optional_fields(said["type"])
    name = random.choice(left or ["nothing"])
    return said | {
        "data": held | {name: random.choice((None, None, "", 5, -1, 0.5, [], {}, True, "EUR", 2**63, "1e3"))}
    }


def _worded_otherwise(said: Said, random: Random) -> Said:
    """With a strange text in its data."""
    held = said.get("data")
    if not isinstance(held, dict) or not held:
        return said
    name = random.choice(sorted(held))
    return said | {"data": held | {name: random.choice((*EXOTIC, "", "x" * 257, "a\0b", "\ud800", None))}}


def _organisational(said: Said, random: Random) -> Said:
    name, held = random.choice(ORGANISATION)
    return said | {"type": name, "data": held}


def _parted_elsewhere(said: Said, random: Random) -> Said:
    """With a part of a subject that has a slash as the tenant's: the key stays the same."""
    first, slash, rest = str(said.get("subject", "")).partition("/")
    return said | {"tenant": f"{said.get('tenant', 'default')}/{first}", "subject": rest} if slash else said


CHANGES: tuple[Callable[[Said, Random], Said], ...] = (
    *(_bent, _bent, _bent, _incomplete, _wordy, _wordy, _explicit, _explicit),
    *(_worded_otherwise, _organisational, _parted_elsewhere),
)


def odd_record(said: Said, random: Random) -> Written:
    """A record that is odd in one respect; often still a valid event."""
    draw = random.random()
    if draw < 0.5:
        changed = random.choice(CHANGES)(said, random)
        return Written(key_of(changed) if random.random() < 0.7 else key_of(said), written(changed, random))
    if draw < 0.62:
        return Written(_wrong_key(said, random), written(said, random))
    if draw < 0.72:
        return Written(key_of(said), _damaged(written(said, random), random))
    if draw < 0.8:
        return in_binary_mode(said, random)
    if draw < 0.85:
        return Written(random.choice((key_of(said), None)), random.choice((None, *GARBAGE)))
    return Written(key_of(said), _twice(written(said, random), random))


def _wrong_key(said: Said, random: Random) -> bytes | None:
    home = key_of(said)
    tenant, _, subject = home.partition(b"/")
    return random.choice(
        (
            None,
            b"",
            b"nokey",
            b"other/" + subject,
            tenant + b"/other",
            tenant,
            home + b"x",
            b"\xff\xfe/x",
            tenant + b"/",
        )
    )


def _damaged(raw: bytes, random: Random) -> bytes:
    """With a few bytes changed, gone or added."""
    found = bytearray(raw)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        found = found or bytearray(b"{")
        at = random.randrange(len(found))
        turn = random.random()
        if turn < 0.4:
            found[at] = random.choice(b'{}[]",:\\019 .-+eE\x00\x7f\xc3\xed\xff')
        elif turn < 0.6:
            del found[at]
        elif turn < 0.8:
            found.insert(at, random.choice(b'{}[]",:\\019 \n\t\x00\xc3'))
        elif turn < 0.9:
            found = found[: at + 1]
        else:
            found = bytearray(bytes(found).replace(b'"', b"\\u0022", 1) if random.random() < 0.3 else raw + b" ")
    return bytes(found)


def _twice(raw: bytes, random: Random) -> bytes:
    """With an attribute given twice: the last stands."""
    name, values = random.choice(ATTRIBUTES)
    extra = json.dumps({name: random.choice(values)})[1:-1].encode()
    return b"{" + extra + b"," + raw[1:] if random.random() < 0.5 else raw[:-1] + b"," + extra + b"}"


def in_binary_mode(said: Said, random: Random) -> Written:
    """The same event with its attributes in headers."""
    headers: list[tuple[str, bytes]] = [("content-type", random.choice((b"application/json", b"text/x")))]
    for name, held in said.items():
        if name != "data":
            text = held if isinstance(held, str) else json.dumps(held)
            headers.append((f"ce_{name}", text.encode(errors="surrogatepass")))
    if random.random() < 0.1:
        headers.append(random.choice((("ce_extra", b"\xff"), ("other", b"x"), ("ce_id", b"again"))))
    value = json.dumps(said["data"]).encode() if said.get("data") is not None else None
    if value is not None and random.random() < 0.1:
        value = random.choice((b"{", b" ", b'{"a":1},"id":"b"', value + b" ", b"null"))
    return Written(key_of(said), value, tuple(headers))
