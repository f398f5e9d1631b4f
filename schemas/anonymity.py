"""Answers to a staff survey name nobody: one that does is refused, and its bytes are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.binary_mode import PREFIX, FromBinary
from schemas.verdicts import Code, Refusal

NAMING = frozenset({"rep", "reps", "rep_id"})
"""Names of fields that hold a person, in any case."""

_ANSWER, _NAMED, _ESCAPED = b"staff_survey.answered", b'"rep', b"\\u00"


def naming_field(found: dict[str, Any]) -> str | None:
    """Where an answer's envelope or data name a person, at any depth: `rep`, `data.rep` or `data.….rep`, else None.

    What stands in between is not told: it is anybody's text, and may be the name.
    """
    data = found.get("data")
    if (name := _named(found)) is not None:
        return name
    if isinstance(data, dict) and (name := _named(data)) is not None:
        return f"data.{name}"
    return next((f"data.….{name}" for name in _deep(list(found.values()))), None)


def _named(found: dict[str, Any]) -> str | None:
    names = (name.lower() for name, held in found.items() if held not in (None, "", [], {}))
    return next((name for name in names if name in NAMING), None)


def _deep(found: Any) -> Iterator[str]:
    if isinstance(found, dict):
        name = _named(found)
        if name is not None:
            yield name
    for part in found.values() if isinstance(found, dict) else found if isinstance(found, list) else ():
        yield from _deep(part)


def may_be_kept(refused: Refusal, raw: bytes) -> bool:
    """Whether a dead letter may hold the bytes: not of an answer that names a person, whatever else is wrong with it.

    Told by the text alone, since it may be no JSON; in doubt, as where letters are escaped, the bytes go.
    """
    if refused.code is Code.NOT_ANONYMOUS:
        return False
    text = bytes(raw)
    if isinstance(raw, FromBinary):
        text += b"".join(b'"%s":%s' % (name.removeprefix(PREFIX).encode(), held) for name, held in raw.headers)
    return _ANSWER not in text or not (_NAMED in text.lower() or _ESCAPED in text)
