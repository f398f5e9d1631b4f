"""The lines of one metric in text format 0.0.4, written fast: what stands before the number is kept from one scrape to
the next, and all numbers are written at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import compress
from math import isfinite
from typing import Generic, TypeVar

import orjson

from views.families import Family

Number = int | float | None
"""None, NaN and infinity are no series."""
RowT = TypeVar("RowT", bound=Hashable)

NULL = b"null"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def escape(text: str) -> str:
    """A label's text as the format wants it."""
    return text.translate(_ESCAPES)


class Lines(Generic[RowT]):
    """The lines of a family, or of one tenant's part of it. ``spell`` says what the labels of a row are, in the order
    in which the family declares them; it is asked once for each row.
    """

    __slots__ = ("_family", "_layout", "_prefixes", "_spell", "count")

    def __init__(self, family: Family, spell: Callable[[RowT], Sequence[str]]) -> None:
        self._family, self._spell = family, spell
        self._layout: object = None
        self._prefixes: dict[RowT, bytes] = {}
        self.count = 0  # lines in the last text

    def render(self, rows: Sequence[RowT], numbers: Sequence[Number]) -> bytes:
        """A line for each row that has a number, each behind a newline. A row is whatever names it, once."""
        return self.render_laid_out(rows, lambda: rows, numbers)

    def render_laid_out(self, layout: object, rows: Callable[[], Iterable[RowT]], numbers: Sequence[Number]) -> bytes:
        """The same, where ``rows`` are asked for only if the ``layout`` isn't what it was the last time."""
        if layout is not self._layout and layout != self._layout:
            known = self._prefixes
            self._prefixes = {row: known.get(row) or self._prefix(row) for row in rows()}
        self._layout = layout
        prefixes, texts = list(self._prefixes.values()), digits(numbers) if numbers else []
        if NULL in texts:
            present = [text != NULL for text in texts]
            prefixes, texts = list(compress(prefixes, present)), list(compress(texts, present))
        self.count = len(texts)
        lines = [b""] * (2 * len(texts))
        lines[0::2], lines[1::2] = prefixes, texts
        return b"".join(lines)

    def _prefix(self, row: RowT) -> bytes:
        pairs = zip(self._family.labels, self._spell(row), strict=True)
        labels = ",".join(f'{name}="{escape(text)}"' for name, text in pairs)
        return f"\n{self._family.name}{{{labels}}} ".encode() if labels else f"\n{self._family.name} ".encode()


def digits(numbers: Sequence[Number]) -> list[bytes]:
    """Numbers as texts: integers with every digit, fractions as short as they can be told apart; else NULL."""
    try:
        text = orjson.dumps(numbers)
    except orjson.JSONEncodeError:  # an integer beyond 64 bits
        text = orjson.dumps([None if each is None or not isfinite(each) else float(each) for each in numbers])
    return text[1:-1].split(b",")


def block(family: Family, parts: Sequence[bytes]) -> bytes:
    """A family with the lines of all its parts; nothing if there are none."""
    lines = b"".join(parts)
    return b"%b%b\n" % (family.head, lines) if lines else b""


def table(family: Family, numbers: Mapping[tuple[str, ...], Number]) -> bytes:
    """A family of few series: its numbers by what its labels say."""
    return block(family, [Lines(family, lambda row: row).render(list(numbers), list(numbers.values()))])
