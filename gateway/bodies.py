"""Request bodies to events: the raw bytes of each event, exactly as they came.

Four forms are taken: one structured CloudEvent, a JSON array of them, one per line (NDJSON), and CloudEvents' binary
mode, whose attributes travel in ``ce-`` headers; its envelope is put together around the body's bytes, so that what is
written to the log is a structured event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import unquote_to_bytes

import msgspec

from schemas.binary_mode import structured
from schemas.rules import PAGE

MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_EVENTS = 20_000
OVERSIZE = f"body: it is longer than {MAX_BODY_BYTES} bytes; send less in one request ({PAGE}#size)"


class Form(StrEnum):
    """How a body holds its events; the value is the media type that says so."""

    ONE = "application/cloudevents+json"
    BATCH = "application/cloudevents-batch+json"
    LINES = "application/x-ndjson"
    BINARY = "application/json"


class UnreadableBody(Exception):
    """A body out of which no events can be told apart. The text is for the sender."""


class TooManyEvents(Exception):
    """A body that holds more events than are taken at once. The text is for the sender."""


_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
# A string or one structural character: all that finding the commas between elements needs.
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{},"]', re.DOTALL)
_WHITESPACE = b" \t\r\n"
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def form_of(content_type: str, headers: Mapping[str, str]) -> Form | None:
    """The form a `Content-Type` announces, or None. Plain JSON is one only together with ``ce-`` headers."""
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if any(
        part.startswith("charset=") and part.removeprefix("charset=").strip('"') not in ("utf-8", "us-ascii")
        for part in parameters
    ):
        return None
    try:
        form = Form(media)
    except ValueError:
        return None
    return form if form is not Form.BINARY or "ce-specversion" in headers else None


def events_of(form: Form, body: bytes, headers: Mapping[str, str]) -> list[bytes]:
    """The events of a body, in order. Blank lines of NDJSON are none. Raises UnreadableBody or TooManyEvents."""
    if form is Form.ONE:
        return [body]
    if form is Form.BINARY:
        return [_from_headers(body, headers)]
    if form is Form.LINES:
        events = [line for line in body.split(b"\n") if line.strip(_WHITESPACE)]
    else:
        events = _elements_of(body)
    if len(events) > MAX_EVENTS:
        raise TooManyEvents(
            f"body: it has {len(events)} events; must be at most {MAX_EVENTS} in one request ({PAGE}#size)"
        )
    return events


def _elements_of(body: bytes) -> list[bytes]:
    try:
        return [bytes(element) for element in _elements(body)]
    except (msgspec.MsgspecError, RecursionError):
        # Something in the array is not JSON, which must not cost the other events their verdict.
        return _elements_by_commas(body)


def _elements_by_commas(body: bytes) -> list[bytes]:
    """The pieces between the commas of the outermost array, sound or not. Raises UnreadableBody."""
    depth, begin = 0, -1
    elements: list[bytes] = []
    for token in _TOKEN.finditer(body):
        sign = token[0]
        if depth == 0 and (sign != b"[" or begin >= 0 or body[: token.start()].strip(_WHITESPACE)):
            break
        if sign in (b"[", b"{"):
            depth += 1
            begin = token.end() if begin < 0 else begin
        elif sign in (b"]", b"}"):
            depth -= 1
        elif sign == b'"':
            break
        if (sign == b"," and depth == 1) or depth == 0:
            elements.append(body[begin : token.start()].strip(_WHITESPACE))
            begin = token.end()
        if depth == 0:
            if body[begin:].strip(_WHITESPACE):
                break
            return [] if elements == [b""] else elements
    raise UnreadableBody("the body is not a JSON array of events")


def _from_headers(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The structured form of an event in binary mode: its attributes from the headers, the body's bytes as its data."""
    attributes = {name[3:]: _decoded(text) for name, text in headers.items() if name.startswith("ce-")}
    return structured(attributes, body)


def _decoded(text: str) -> str:
    """A header's text as CloudEvents write it into HTTP: in quotes if they like, and percent-encoded."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = _ESCAPED.sub(r"\1", text[1:-1])
    return unquote_to_bytes(text.encode("latin-1", "replace")).decode("utf-8", "surrogateescape")
