"""What settings may be, and the words for it: addresses that are checked, and limits as a person would say them."""

from __future__ import annotations

import re
from typing import Any, get_origin
from urllib.parse import urlsplit

_MAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+")
_NUMBERS = {int: "a whole number", float: "a number"}


def web_address(text: str) -> str:
    """An address of the web, or nothing. Raises ValueError."""
    return _address(text, ("http", "https"), "has to be an address such as http://127.0.0.1:8080")


def web_address_needed(text: str) -> str:
    """An address of the web. Raises ValueError."""
    return web_address(text or "-")


def mail_server(text: str) -> str:
    """The address of a mail server, or nothing. Raises ValueError, without the text: it may hold a password."""
    return _address(text, ("smtp", "smtps"), "has to be an address such as smtp://user:password@mail.example.org:587")


def _address(text: str, schemes: tuple[str, ...], allowed: str) -> str:
    try:
        parts = urlsplit(text)
        sound = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if text and (not sound or re.search(r"\s", text)):
        raise ValueError(allowed)
    return text


def mail_address(text: str) -> str:
    """A bare address of mail. Raises ValueError."""
    if not _MAIL.fullmatch(text):
        raise ValueError("has to be an address of mail such as sales@example.org")
    return text


def allowed_by(annotation: Any, limits: list[Any]) -> str | None:
    """What a setting of this type may be, in words; None where the type has none of its own."""
    if annotation is bool:
        return "has to be true or false"
    if get_origin(annotation) is dict:
        return "has to be a JSON object"
    if annotation not in _NUMBERS:
        return None
    bounds = {name: getattr(limit, name) for limit in limits for name in ("ge", "gt", "le") if hasattr(limit, name)}
    parts = [f"from {bounds['ge']:,}"] if "ge" in bounds else []
    parts += [f"above {bounds['gt']:,}"] if "gt" in bounds else []
    parts += [f"to {bounds['le']:,}" if "ge" in bounds else f"up to {bounds['le']:,}"] if "le" in bounds else []
    return " ".join([f"has to be {_NUMBERS[annotation]}", *parts])


def said_of(error: Any, annotation: Any, limits: list[Any]) -> str:
    """What is wrong in one error of pydantic's: what is allowed, where the whole setting is of another type or size."""
    whole = len(error["loc"]) == 1 and error["type"] != "value_error"
    words = allowed_by(annotation, limits) if whole else None
    text = words or error["msg"].removeprefix("Value error, ")
    return str(text[:1].lower() + text[1:])
