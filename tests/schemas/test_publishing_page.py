"""docs/publishing.md is true: its examples decode, its verdicts are ours, every anchor a refusal names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from schemas.contract import decode_by_contract
from schemas.event import NAME_OF, Event, decode
from schemas.findings import rule_at, wire_fields
from schemas.types import TYPES
from schemas.verdicts import Code, Refusal
from tests.schemas.samples import DATA, Literally, changed, envelope, paths, without, written

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/publishing.md").read_text("utf-8")
SHORT: list[Any] = [
    None,
    5,
    -1,
    True,
    "",
    "\0",
    "a\n",
    "x" * 300,
    [],
    {},
    [1],
    "application/xml",
    Literally("1e999"),
    Literally("NaN"),
]


def test_there_is_an_example_of_each_type_and_it_decodes() -> None:
    events = [decode(block.encode()) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    assert not [verdict for verdict in events if not isinstance(verdict, Event)]
    assert {NAME_OF[event.kind] for event in events if isinstance(event, Event)} == {row.name for row in TYPES}


def test_the_table_of_verdicts_is_the_enum_with_its_docstrings() -> None:
    tree = ast.parse((ROOT / "schemas/verdicts.py").read_text("utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Code").body
    constants = [node.value for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    docstrings = [str(constant.value) for constant in constants[1:]]
    rows = [f"| `{code.value}` | {text} |" for code, text in zip(Code, docstrings, strict=True)]
    assert "\n".join(rows) in PAGE


def test_every_anchor_of_a_refusal_is_a_heading() -> None:
    headings = {heading.lower() for heading in re.findall(r"^#+ (\w+)$", PAGE, re.MULTILINE)}
    details = [refusal.detail for refusal in map(decode_by_contract, faulty()) if isinstance(refusal, Refusal)]
    anchors = {re.fullmatch(r".* \(docs/publishing\.md#(\w+)\)", detail, re.DOTALL) for detail in details}
    named = {match.group(1) for match in anchors if match}
    assert None not in anchors
    assert named <= headings
    assert len(named) >= 18


def faulty() -> list[bytes]:
    """An event with each short value in each place, and a few that are none."""
    found = [b"", b"[]", b" " * 65_537, written(envelope("sales.deal.won", type="x"))]
    for name in DATA:
        full = envelope(name)
        for path in [path for path in paths(full) if path]:
            found += [written(changed(full, path, value)) for value in SHORT]
            found.append(written(without(full, path)))
    return found


def test_every_field_has_a_rule_in_words_and_is_on_the_page() -> None:
    for row in TYPES:
        for field in wire_fields(row.model):
            rule = rule_at(row.model, (field,))
            assert rule.allowed
            assert re.search(rf"\b{field}\b", PAGE), f"{field} of {row.name} is not on the page"


def test_every_struct_has_the_fields_of_its_model() -> None:
    for row in TYPES:
        kept = [name for name, held in row.model.model_fields.items() if not held.exclude]
        assert row.struct.__struct_fields__ == tuple(kept), row.name
        assert row.struct.__struct_encode_fields__ == tuple(wire_fields(row.model))[: len(kept)], row.name
