"""The mapping file of an import: which columns make which events. docs/importing.md explains it by example."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    Tag,
    ValidationError,
    model_validator,
)
from typing_extensions import TypeAliasType

from cli.importer.fields import faults_of
from cli.importer.yaml_text import BadYaml, load_yaml

Constant = StrictBool | StrictInt | StrictFloat | str | None
PICKED_MARKS = frozenset({"column", "template", "as", "map", "unmapped", "formats"})
"""An object with one of these is meant as a Picked; no field of an event's data has such a name."""
As = Literal["text", "integer", "number", "boolean", "money", "time", "date"]


class BadMapping(Exception):
    """A mapping that can't be used; one line per fault: file, path, what was found, what is allowed."""


def _existing_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; use a name such as Europe/Berlin") from None
    return name


Zone = Annotated[str, AfterValidator(_existing_zone)]
Formats = Annotated[tuple[str, ...], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Picked(_Strict):
    """A value of the row: one ``column`` or a ``template`` over several, then mapped and read ``as`` a type."""

    column: str | None = None
    template: str | None = None
    as_: As = Field("text", alias="as")
    strip: str = ""
    map: dict[str, Constant] | None = None
    unmapped: Literal["refuse", "keep", "drop"] = "refuse"
    default: Constant = None
    formats: Formats | None = None
    time_zone: Zone | None = None
    currency: str | None = None
    decimal: str = Field(".", min_length=1, max_length=1)
    thousands: str = Field("", max_length=1)

    @model_validator(mode="after")
    def _one_origin(self) -> Picked:
        if (self.column is None) == (self.template is None):
            raise ValueError("give either column or template")
        if self.thousands == self.decimal:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        return self


def _shape(spec: Any) -> str:
    if isinstance(spec, Picked):
        return "picked"
    if isinstance(spec, Map):
        return "picked" if PICKED_MARKS & spec.keys() else "fields"
    return "list" if isinstance(spec, list) else "constant"


if TYPE_CHECKING:
    Spec = Picked | dict[str, Any] | list[Any] | Constant
else:
    Spec = TypeAliasType(
        "Spec",
        Annotated[
            Annotated[Picked, Tag("picked")]
            | Annotated[dict[str, "Spec"], Tag("fields")]
            | Annotated[list["Spec"], Tag("list")]
            | Annotated[Constant, Tag("constant")],
            Discriminator(_shape),
        ],
    )
"""How a value is made: a constant, a text with {columns}, a Picked, or objects and lists of those."""


class EventTemplate(_Strict):
    """One event that a row may yield. ``only_when`` and ``skip_when`` compare a column with the texts listed."""

    type: str = Field(min_length=1)
    id: Spec
    subject: Spec
    time: Spec
    source: str | None = None
    revision: Spec = 0
    voided: Spec = False
    receivedat: Spec = None
    skip_when_empty: tuple[str, ...] = ()
    only_when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    skip_when: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    data: dict[str, Spec] = Field(default_factory=dict)


class FileSection(_Strict):
    """The events of the files whose name matches ``match``, and how those files are written."""

    match: str = "*"
    delimiter: str = Field(",", min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    skip_lines: int = Field(0, ge=0)
    events: tuple[EventTemplate, ...] = Field(min_length=1)


class Mapping(_Strict):
    """A whole mapping. ``formats``, ``time_zone`` and ``currency`` are what a value uses that names none of its own."""

    source: str = Field(min_length=1)
    tenant: str | None = Field(None, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    backfill: bool = True
    time_zone: Zone = "UTC"
    formats: Formats = ("iso",)
    currency: str | None = None
    files: tuple[FileSection, ...] = Field(min_length=1)

    def section_for(self, file: Path) -> FileSection:
        """The first section whose ``match`` fits the file's name. Raises BadMapping if there is none."""
        for section in self.files:
            if fnmatch(file.name, section.match):
                return section
        patterns = ", ".join(section.match for section in self.files)
        raise BadMapping(f"{file}: no section of the mapping matches the name {file.name}; sections match: {patterns}")


def load_mapping(path: Path) -> Mapping:
    """The mapping in a YAML file. Raises BadMapping with every fault found."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise BadMapping(f"{path}: can't be read: {exc.strerror}") from None
    except UnicodeDecodeError as exc:
        raise BadMapping(f"{path}: is not UTF-8: {exc.reason} at byte {exc.start}") from None
    try:
        mapping = Mapping.model_validate(load_yaml(text))
    except BadYaml as exc:
        raise BadMapping(f"{path}: {exc}") from None
    except ValidationError as exc:
        raise BadMapping("\n".join(f"{path}: {_fault(error)}" for error in _causes(exc))) from None
    unknown = [f"{path}: {fault}" for fault in _unknown_names(mapping)]
    if unknown:
        raise BadMapping("\n".join(unknown))
    return mapping


def _unknown_names(mapping: Mapping) -> Iterator[str]:
    """What the templates name and the contract doesn't know, each with its place."""
    for number, section in enumerate(mapping.files):
        for n, template in enumerate(section.events):
            yield from (f"files[{number}].events[{n}]: {fault}" for fault in faults_of(template.type, template.data))


def _causes(exc: ValidationError) -> list[Any]:
    """The faults without those that only follow from others: a list whose elements are bad also counts as too short."""
    errors: list[Any] = list(exc.errors())
    causes = [error for error in errors if error["type"] != "too_short"]
    return causes or errors


def _fault(error: Any) -> str:
    tags = ("picked", "fields", "list", "constant", "bool", "int", "float", "str", "none")
    path = ""
    for part in error["loc"]:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in tags:
            path += f".{part}" if path else str(part)
    found = (
        "" if error["type"] == "missing" or isinstance(error["input"], (dict, list)) else f" (found {error['input']!r})"
    )
    return f"{path or 'mapping'}: {error['msg'].removeprefix('Value error, ')}{found}"
