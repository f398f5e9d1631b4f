"""Write the exported contracts: `make contracts`. A diff of what it writes is a wire change.

contracts/schemas: a JSON Schema for each type and for the envelope · contracts/asyncapi.json: topics, keys, headers,
all in one · docs/publishing.md: the part about types, from the models and contracts/examples.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from config.topics import Role, Topics
from schemas.asyncapi import asyncapi
from schemas.envelope import is_activity
from schemas.exported import envelope_schema, event_schema
from schemas.findings import wire_fields
from schemas.meanings import MEANINGS
from schemas.types import TYPES, EventType

WIRE_VERSION = "1.1.0"
"""Of the publisher contract: the third number for words, the second for what is added, the first for what breaks."""

FOLDER, PAGE = Path("contracts"), Path("docs/publishing.md")
BEGIN = "<!-- written by `make contracts` from the models and contracts/examples -->"
END = "<!-- end of what is written -->"

_WORDS = """{count} types, bold fields required. Any other is refused as `unknown_type`. The same for tools,
a JSON Schema for each type, an example of each and one AsyncAPI 3 document, is in [contracts](../contracts/README.md).
"""

_HEADINGS = {
    True: "### Activity: topic `{topic}`, key `tenant/subject`",
    False: "### Settings of an organisation: topic `{topic}`, key `tenant`",
}


def exported(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file as it has to be, with its path from ``root``, whose examples and page are read."""
    topics = Topics(prefix="", generation=1, activity_partitions=1, cells_partitions=1)
    names = {str(role): topics.name_of(role) for role in (Role.ACTIVITY, Role.ORGANISATION, Role.DEAD_LETTERS)}
    examples = {row.name: json.loads(_example(root, row)) for row in TYPES}
    yield FOLDER / "asyncapi.json", _written(asyncapi(names, WIRE_VERSION, examples))
    yield FOLDER / "schemas/envelope.json", _written(envelope_schema())
    for row in TYPES:
        yield FOLDER / f"schemas/{row.name}.json", _written(event_schema(row))
    page = (root / PAGE).read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    yield PAGE, f"{before}{BEGIN}\n\n{_types(root, names)}{END}{after}"


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _types(root: Path, names: dict[str, str]) -> str:
    parts = [_WORDS.format(count=len(TYPES)), "\n"]
    for activity, topic in ((True, names["activity"]), (False, names["organisation"])):
        parts.append(f"{_HEADINGS[activity].format(topic=topic)}\n\n")
        rows = sorted((row for row in TYPES if is_activity(row.kind) == activity), key=_family)
        parts += [_section(root, row) for row in rows]
    return "".join(parts)


def _family(row: EventType) -> int:
    """Types of one family stand together, in the order of their first."""
    family = row.name.split(".")[1]
    return next(at for at, other in enumerate(TYPES) if other.name.split(".")[1] == family)


def _section(root: Path, row: EventType) -> str:
    fields = wire_fields(row.model).items()
    names = [f"**{name}**" for name, held in fields if held.is_required()]
    names += [name for name, held in fields if not held.is_required()]
    example = _example(root, row).replace(',"data":', ',\n "data":', 1)
    return f"**{row.name}**: {MEANINGS[row.name]} Fields: {', '.join(names)}\n\n```json\n{example}\n```\n\n"


def _example(root: Path, row: EventType) -> str:
    return (root / FOLDER / f"examples/{row.name}.json").read_text("utf-8").strip()


def write(root: Path) -> None:
    """Write what differs and remove schemas of types that are gone."""
    wanted = dict(exported(root))
    for stale in set((root / FOLDER / "schemas").glob("*.json")) - {root / path for path in wanted}:
        stale.unlink()
    for path, text in wanted.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(__file__).parents[1])
