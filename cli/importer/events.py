"""Rows become events: CloudEvents in JSON, each held to the publisher contract before it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import orjson

from cli.importer.making import BadValue, Made, Make, Maker, Row
from cli.importer.mapping import EventTemplate, FileSection, Mapping, Picked
from cli.importer.rows import Export
from schemas.event import Event, decode
from schemas.verdicts import Refusal

REMEMBERED_MAX = 2_000_000
"""Identities remembered to find an id that two different events share; a larger import goes on without this check."""


class BadRow(NamedTuple):
    """A row, or one event of it, that was left out."""

    line: int
    reason: str


class MadeEvent(NamedTuple):
    """An event that keeps the contract: its bytes and its decoded form."""

    raw: bytes
    event: Event


class _Template:
    """One event template, compiled."""

    def __init__(self, template: EventTemplate, mapping: Mapping, maker: Maker, path: str, tenant: str) -> None:
        self._path = path
        self._fixed: dict[str, Made] = {
            "specversion": "1.0",
            "type": template.type,
            "source": template.source or mapping.source,
        }
        if tenant != "default":
            self._fixed["tenant"] = tenant
        if mapping.backfill:
            self._fixed["backfill"] = True
        given = {"id": template.id, "subject": template.subject, "time": template.time}
        self._required = [(name, _attribute(maker, spec, name, f"{path}.{name}")) for name, spec in given.items()]
        others = {"revision": template.revision, "voided": template.voided, "receivedat": template.receivedat}
        self._optional = [
            (name, _attribute(maker, spec, name, f"{path}.{name}")) for name, spec in others.items() if spec
        ]
        self._data = maker.value(template.data, f"{path}.data")
        self._wanted = _condition(template, maker, path)

    def make(self, row: Row) -> MadeEvent | None:
        """The event of this row; None if the row is not to have one. Raises BadValue."""
        if not self._wanted(row):
            return None
        attributes = dict(self._fixed)
        for name, make in self._required:
            made = make(row)
            if made is None:
                raise BadValue(
                    f"{self._path}.{name}: is empty, an event needs it; skip_when_empty leaves such rows out"
                )
            attributes[name] = made
        for name, make in self._optional:
            made = make(row)
            if made is not None:
                attributes[name] = made
        attributes["data"] = self._data(row) or {}
        try:
            raw = orjson.dumps(attributes)
        except TypeError as exc:
            raise BadValue(f"{self._path}: can't be written as JSON ({exc}); another encoding?") from None
        event = decode(raw)
        if isinstance(event, Refusal):
            raise BadValue(f"{self._path}: {event.code}: {event.detail}")
        return MadeEvent(raw, event)


class EventMaker:
    """Makes the events of one export file. Files share ``identities``, so an id used twice is found across them."""

    def __init__(
        self, mapping: Mapping, section: FileSection, export: Export, *, file: Path, tenant: str, identities: Identities
    ) -> None:
        maker = Maker(mapping, export.columns, str(file))
        number = mapping.files.index(section)
        self._templates = [
            _Template(template, mapping, maker, f"files[{number}].events[{n}]", tenant)
            for n, template in enumerate(section.events)
        ]
        self._export = export
        self._identities = identities

    def made(self) -> Iterator[MadeEvent | BadRow]:
        """Every event of every row, in order, and what was wrong with the rest."""
        for line, cells, fault in self._export.rows():
            if fault:
                yield BadRow(line, fault)
                continue
            for template in self._templates:
                try:
                    made = template.make(cells)
                    if made is None:
                        continue
                    clash = self._identities.clash(made, line)
                except BadValue as exc:
                    yield BadRow(line, str(exc))
                    continue
                yield BadRow(line, clash) if clash else made


class Identities:
    """Which content each identity of this import has, as hashes: an id made of too few columns is noticed here."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}

    def clash(self, made: MadeEvent, line: int) -> str:
        """Why this event can't be sent; "" if its identity is new or stands for the same content."""
        event = made.event
        key = hash((event.source, event.id, event.tenant, event.subject, event.revision))
        content = hash(made.raw)
        first = self._seen.get(key)
        if first is None:
            if len(self._seen) < REMEMBERED_MAX:
                self._seen[key] = (content, line)
            return ""
        if first[0] == content:
            return ""
        used = f"id {event.id!r} was already used on line {first[1]} with other content"
        return f"{used}; make ids of columns that tell rows apart"


def _attribute(maker: Maker, spec: object, name: str, path: str) -> Make:
    """An envelope attribute: times are read as times and integers as integers without being told."""
    natural = {"time": "time", "receivedat": "time", "revision": "integer", "voided": "boolean"}.get(name)
    if natural and isinstance(spec, str):
        spec = Picked.model_validate({"template": spec, "as": natural})
    elif natural and isinstance(spec, Picked) and "as_" not in spec.model_fields_set:
        spec = spec.model_copy(update={"as_": natural})
    return maker.value(spec, path)


def _condition(template: EventTemplate, maker: Maker, path: str) -> Callable[[Row], bool]:
    filled = [maker.index_of(column, f"{path}.skip_when_empty") for column in template.skip_when_empty]
    only = _listed(template.only_when, maker, f"{path}.only_when")
    never = _listed(template.skip_when, maker, f"{path}.skip_when")

    def wanted(row: Row) -> bool:
        if not all(row[n] for n in filled):
            return False
        return all(row[n] in values for n, values in only) and not any(row[n] in values for n, values in never)

    return wanted


def _listed(given: dict[str, tuple[str, ...]], maker: Maker, path: str) -> list[tuple[int, frozenset[str]]]:
    return [(maker.index_of(column, path), frozenset(values)) for column, values in given.items()]
