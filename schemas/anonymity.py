"""Answers to a staff survey name nobody: one that does is refused, and its bytes are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.binary_mode import PREFIX, FromBinary
from schemas.verdicts import Code, Refusal

NAMING = frozenset({"rep", "reps", "rep_id"})
"""Names of fields that hold a person, in any case."""

_ANSWER, _NAMED = b"staff_survey.answered", b'"rep'


def naming_field(found: dict[str, Any]) -> str | None:
    """The dotted name of the first field of an answer's envelope or data, at any depth, that names a person."""
    return next(_naming(found, ""), None)


def _naming(found: Any, path: str) -> Iterator[str]:
    if isinstance(found, dict):
        for name, held in found.items():
            step = f"{path}.{name}" if path else name
            if name.lower() in NAMING and held not in (None, "", [], {}):
                yield step
            else:
                yield from _naming(held, step)
    elif isinstance(found, list):
        for element in found:
            yield from _naming(element, f"{path}[]")


def may_be_kept(refused: Refusal, raw: bytes) -> bool:
    """Whether a dead letter may hold the bytes: not of an answer that names a person, whatever else is wrong with it.

    Told by the text alone, since it may be no JSON; in doubt the bytes go.
    """
    if refused.code is Code.NOT_ANONYMOUS:
        return False
    text = bytes(raw)
    if isinstance(raw, FromBinary):
        text += b"".join(b'"%s":%s' % (name.removeprefix(PREFIX).encode(), held) for name, held in raw.headers)
    return not (_ANSWER in text and _NAMED in text.lower())
