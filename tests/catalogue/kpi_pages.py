"""The pages of the KPIs: heads and index written from the catalogue, worked examples read from them.

Run as a module it writes the heads and the index anew: ``python -m tests.catalogue.kpi_pages``.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from config.catalogue import load_definitions
from schemas.kpi import KpiDefinition

FOLDER = Path("docs/kpis")
HEAD = re.compile(r"(<!-- from the catalogue: (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
TIMELINE = re.compile(r"^```timeline\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TABLE_HEAD = "| as of |"
NONE = "–"
BETTER = {"up": "higher", "down": "lower"}
ALL_WINDOWS = "all"


def page_of(slug: str) -> Path:
    """The page of a KPI; cohorts of any age share that of their rate."""
    return FOLDER / f"{re.sub(r'_[0-9]+d$', '', slug)}.md"


def head_of(definition: KpiDefinition) -> str:
    """What the catalogue says of a KPI, as a table."""
    shown = [*definition.named_facets, *definition.facet_names]
    rows = {
        "slug": f"`{definition.slug}`, definition {definition.definition}",
        "unit": definition.unit,
        "better": BETTER[definition.direction],
        "scopes": ", ".join(definition.scopes),
        "windows": ", ".join(definition.windows) or ALL_WINDOWS,
        "least n": str(definition.min_n) if definition.divides else "any",
        **({"facets": ", ".join(f"`{name}`" for name in shown)} if shown else {}),
        "late events": definition.late.strip(),
    }
    lines = [f"| {definition.title} | |", "| --- | --- |", *(f"| {name} | {text} |" for name, text in rows.items())]
    return "\n".join(lines) + "\n"


def with_heads(text: str, definitions: dict[str, KpiDefinition]) -> str:
    """A page with its heads as the catalogue has them now."""
    return HEAD.sub(lambda found: found[1] + head_of(definitions[found[2]]) + found[3], text)


def index(definitions: dict[str, KpiDefinition]) -> str:
    """The page that lists all others."""
    lines = [
        "# KPIs",
        "",
        "Each page gives the formula, an example worked out by hand, and what late events do. This table and the head",
        "of each page are written from the catalogue; the tests run every example, through the engine and beside it.",
        "",
        "| KPI | slug | unit | better | scopes | windows |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for slug, one in sorted(definitions.items()):
        windows = ", ".join(one.windows) or ALL_WINDOWS
        link = f"[{one.title}]({page_of(slug).name})"
        lines.append(
            f"| {link} | `{slug}` | {one.unit} | {BETTER[one.direction]} | {', '.join(one.scopes)} | {windows} |"
        )
    return "\n".join(lines) + "\n"


class Expected(NamedTuple):
    """One row of an example's table. ``facets`` None: not told; ``more_facets``: others may be there."""

    kpi: str
    as_of_ms: int
    scope: str
    window: str
    value: Fraction | None
    n: int
    facets: dict[str, Fraction]
    more_facets: bool
    status: str


class Example(NamedTuple):
    """A timeline as lines of a file, and what is expected of it."""

    lines: list[bytes]
    rows: list[Expected]


def examples(page: Path) -> list[Example]:
    """Every timeline of a page, with the tables that follow it up to the next one."""
    text = page.read_text(encoding="utf-8")
    found = list(TIMELINE.finditer(text))
    ends = [other.start() for other in found[1:]] + [len(text)]
    return [
        Example(
            [event_of(number, line) for number, line in enumerate(lines_of(one[1]), 1)],
            rows_of(text[one.end() : end], page.stem),
        )
        for one, end in zip(found, ends, strict=True)
    ]


def lines_of(timeline: str) -> list[str]:
    """The lines that are events, without what stands behind a #."""
    return [line for line in (line.partition(" #")[0].strip() for line in timeline.splitlines()) if line]


def event_of(number: int, line: str) -> bytes:
    """``2026-03-02 10:00  A-17  deal.won  deal=D-9 …  @revision=1`` as a CloudEvent; times are UTC, - is no account."""
    day, clock, subject, name, *fields = line.split()
    seconds = "" if clock.count(":") > 1 else ":00"
    event: dict[str, Any] = {"specversion": "1.0", "id": f"e{number}", "source": "crm", "type": f"sales.{name}"}
    event |= {"time": f"{day}T{clock}{seconds}Z", "tenant": "acme"} | ({"subject": subject} if subject != "-" else {})
    data: dict[str, Any] = {}
    for field in fields:
        key, _, said = field.partition("=")
        (event if key.startswith("@") else data)[key.removeprefix("@")] = value_of_field(said)
    return json.dumps({**event, "data": data}).encode()


def value_of_field(said: str) -> Any:
    """JSON if it is, else text."""
    try:
        return json.loads(said)
    except json.JSONDecodeError:
        return said


def rows_of(text: str, kpi: str) -> list[Expected]:
    """The rows of every table whose first column is `as of`."""
    rows: list[Expected] = []
    names: list[str] | None = None
    for line in text.splitlines():
        if line.startswith(TABLE_HEAD):
            names = cells_of(line)
        elif not line.startswith("|"):
            names = None
        elif names is not None and not line.startswith("| ---"):
            rows.append(row_of(dict(zip(names, cells_of(line), strict=True)), kpi))
    return rows


def cells_of(line: str) -> list[str]:
    """The cells of a line of a table."""
    return [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]


def row_of(cells: dict[str, str], kpi: str) -> Expected:
    """A row by the names of its columns."""
    as_of = dt.datetime.fromisoformat(cells["as of"].replace(" ", "T")).replace(tzinfo=dt.UTC)
    facets = [part.strip() for part in cells.get("facets", "…").split(",")]
    named = dict(part.rsplit(" ", 1) for part in facets if part not in {"…", NONE, ""})
    return Expected(
        cells.get("kpi", kpi),
        int(as_of.timestamp() * 1000),
        cells["scope"],
        cells["window"],
        None if cells["value"] == NONE else Fraction(cells["value"]),
        int(cells["n"]),
        {name: Fraction(number) for name, number in named.items()},
        "…" in facets,
        cells["status"],
    )


def write() -> None:
    """Write the heads and the index anew."""
    definitions = {one.slug: one for one in load_definitions()}
    for page in sorted({page_of(slug) for slug in definitions}):
        page.write_text(with_heads(page.read_text(encoding="utf-8"), definitions), encoding="utf-8")
    (FOLDER / "index.md").write_text(index(definitions), encoding="utf-8")


if __name__ == "__main__":
    write()
