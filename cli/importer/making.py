"""A mapping's specs, compiled against a file's header: from then on a row becomes values by plain calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from cli.importer import reading
from cli.importer.mapping import BadMapping, Constant, Mapping, Picked
from cli.importer.reading import Unreadable, Value

Row = Sequence[str]
Made = Value | dict[str, "Made"] | list["Made"]
Make = Callable[[Row], "Made"]
TextOf = Callable[[Row], str]

ROW_COLUMN = "_row"
"""Beside the header's columns: the row's number in the file, from 1. Stable only while an export keeps its order."""
_PIECES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


class BadValue(ValueError):
    """A row's value that can't be used; the text names the path in the mapping and what was found."""


@dataclass(frozen=True)
class Maker:
    """Compiles specs of one file. ``where`` prefixes complaints about the mapping."""

    mapping: Mapping
    columns: dict[str, int]
    where: str

    def index_of(self, column: str, path: str) -> int:
        """Where a column stands in a row. Raises BadMapping if the file has no such column."""
        if column not in self.columns:
            known = ", ".join(name for name in self.columns if name != ROW_COLUMN)
            raise BadMapping(f"{self.where}: {path}: there is no column {column!r}; the file has: {known}")
        return self.columns[column]

    def text(self, template: str, path: str) -> TextOf:
        """A text with ``{columns}`` filled in; empty as soon as one of them is. ``{{`` is a plain brace."""
        pieces: list[str | int] = []
        for match in _PIECES.finditer(template):
            piece, column = match.group(), match.group(1)
            if column is not None:
                pieces.append(self.index_of(column, path))
            elif piece in "{}":
                raise BadMapping(f"{self.where}: {path}: {template!r} has a lone brace; double it for a plain one")
            else:
                pieces.append({"{{": "{", "}}": "}"}.get(piece, piece))
        return _filled(pieces)

    def value(self, spec: object, path: str) -> Make:
        """What a spec makes of a row. Empty cells make None."""
        if isinstance(spec, Picked):
            return self._picked(spec, path)
        if isinstance(spec, dict):
            fields = [(name, self.value(inner, f"{path}.{name}")) for name, inner in spec.items()]
            return lambda row: _present({name: make(row) for name, make in fields})
        if isinstance(spec, list):
            parts = [self.value(inner, f"{path}[{n}]") for n, inner in enumerate(spec)]
            return lambda row: [made for make in parts if (made := make(row)) is not None] or None
        if isinstance(spec, str):
            text = self.text(spec, path)
            return lambda row: text(row) or None
        return _constant(spec)

    def _picked(self, spec: Picked, path: str) -> Make:
        text = self.text("{" + spec.column + "}" if spec.column is not None else spec.template or "", path)
        read = self._reader(spec, path)
        strip, table, unmapped, default = spec.strip, spec.map, spec.unmapped, spec.default

        def make(row: Row) -> Made:
            found = text(row)
            if strip:
                found = found.strip(strip)
            if table is not None:
                if found in table:
                    return table[found]
                if found and unmapped == "refuse":
                    raise BadValue(f"{path}: {found!r} is not in the map; it has {', '.join(map(repr, table))}")
                if unmapped == "drop":
                    return default
            if not found:
                return default
            try:
                return read(row, found)
            except Unreadable as exc:
                raise BadValue(f"{path}: {exc}") from None

        return make

    def _reader(self, spec: Picked, path: str) -> Callable[[Row, str], Value]:
        if spec.as_ == "money":
            return self._money_reader(spec, path)
        if spec.as_ in ("time", "date"):
            zone = ZoneInfo(spec.time_zone or self.mapping.time_zone)
            instant = reading.instant_reader(spec.formats or self.mapping.formats, zone)
            if spec.as_ == "time":
                return lambda _row, text: reading.instant_text(instant(text))
            return lambda _row, text: reading.date_text(instant(text))
        one: Callable[[str], Value]
        if spec.as_ == "integer":
            one = partial(reading.read_integer, decimal=spec.decimal, thousands=spec.thousands)
        elif spec.as_ == "number":
            one = partial(_read_number, decimal=spec.decimal, thousands=spec.thousands)
        elif spec.as_ == "boolean":
            one = reading.read_boolean
        else:
            one = str
        return lambda _row, text: one(text)

    def _money_reader(self, spec: Picked, path: str) -> Callable[[Row, str], Value]:
        currency = spec.currency or self.mapping.currency
        if currency is None:
            raise BadMapping(f"{self.where}: {path}: money needs a currency, here or for the whole mapping")
        currency_of = self.text(currency, f"{path}.currency")
        decimal, thousands = spec.decimal, spec.thousands

        def read(row: Row, text: str) -> Value:
            return reading.read_money(text, currency_of(row).upper(), decimal=decimal, thousands=thousands)

        return read


def _read_number(text: str, *, decimal: str, thousands: str) -> float:
    return float(reading.read_decimal(text, decimal=decimal, thousands=thousands))


def _constant(value: object) -> Make:
    fixed: Constant = value if isinstance(value, (bool, int, float)) else None
    return lambda _row: fixed


def _present(fields: dict[str, Made]) -> Made:
    """An object without its empty fields; None if nothing is left."""
    return {name: value for name, value in fields.items() if value is not None} or None


def _filled(pieces: list[str | int]) -> TextOf:
    if len(pieces) == 1:
        only = pieces[0]
        return (lambda row: row[only]) if isinstance(only, int) else (lambda _row: only)

    def fill(row: Row) -> str:
        parts = []
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(piece)
            elif row[piece]:
                parts.append(row[piece])
            else:
                return ""
        return "".join(parts)

    return fill
