"""CloudEvents in binary mode: attributes in headers, data as the value, put together into the structured form.

Everything behind this judges structured events only, so both modes have the same verdicts in the same words. What a
record came as is kept beside its structured form: a dead letter holds it as it came.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Self

import msgspec

from schemas.limits import MAX_BYTES
from schemas.plain_json import MalformedJson, parse

Headers = tuple[tuple[str, bytes], ...]
Given = tuple[tuple[str, bytes | None], ...]
"""Headers as Kafka has them, which know null."""

PREFIX, CONTENT_TYPE = "ce_", "content-type"
_VERSION = PREFIX + "specversion"
_STRUCTURED = "application/cloudevents"
_JSON = "application/json"
_WHITESPACE = b" \t\r\n"
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_INTEGER_DIGITS = 20

_one_value = msgspec.json.Decoder(msgspec.Raw).decode


class FromBinary(bytes):
    """The structured form of a record that came in binary mode, and what it came as."""

    value: bytes | None
    headers: Headers

    @classmethod
    def of(cls, structured: bytes, value: bytes | None, headers: Headers) -> Self:
        """``headers``: those that belong to the event, not to its way here."""
        made = cls(structured)
        made.value, made.headers = value, headers
        return made


def is_binary(headers: Given) -> bool:
    """Whether the headers of a Kafka record are those of an event in binary mode."""
    for name, _ in headers:
        if name == _VERSION:
            return not _text(dict(headers).get(CONTENT_TYPE)).lower().startswith(_STRUCTURED)
    return False


def structured_record(headers: Given, value: bytes | None) -> FromBinary:
    """The structured form of a Kafka record in binary mode. Of a header given twice the last stands; null is none."""
    own = tuple(
        (name, held) for name, held in headers if held is not None and (name.startswith(PREFIX) or name == CONTENT_TYPE)
    )
    given = {name: _text(held) for name, held in own}
    content_type = given.pop(CONTENT_TYPE, "")
    attributes = {name[len(PREFIX) :]: text for name, text in given.items()}
    if content_type and content_type.lower() != _JSON:
        attributes["datacontenttype"] = content_type
    return FromBinary.of(structured(attributes, value or b""), value, own)


def structured(attributes: Mapping[str, str], data: bytes) -> bytes:
    """One structured event of attributes and the bytes of its data.

    Data that are not one JSON value by themselves come back alone, to be refused as malformed JSON: put in between,
    they could bring attributes that stand against the given ones.
    """
    written = {name: _valued(name, text) for name, text in attributes.items() if name != "data"}
    # What is no UTF-8 in a header is none in the event, and refused for that.
    envelope = json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    held = data.strip(_WHITESPACE)
    if not held:
        return envelope
    # What is too large is refused for its size, whatever it holds.
    if len(held) <= MAX_BYTES and not _is_one_value(held):
        return data
    return envelope[:-1] + (b',"data":' if written else b'"data":') + held + b"}"


def _is_one_value(data: bytes) -> bool:
    try:
        _one_value(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        try:
            parse(data)
        except MalformedJson:
            return False
    return True


def _valued(name: str, text: str) -> str | int | bool:
    """An attribute's text as its JSON value; text that doesn't fit stays text, for the contract to refuse."""
    if name in ("voided", "backfill") and text in ("true", "false"):
        return text == "true"
    if name == "revision" and len(text) <= _INTEGER_DIGITS and _INTEGER.match(text):
        return int(text)
    return text


def _text(held: bytes | None) -> str:
    return (held or b"").decode("utf-8", "surrogateescape")
