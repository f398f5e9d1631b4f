"""The exported JSON Schemas are sound, refuse nothing that the contract takes, and hold the examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from schemas.contract import decode_by_contract
from schemas.envelope import is_activity
from schemas.event import NAME_OF, Event, decode
from schemas.exported import envelope_schema, event_schema
from schemas.findings import wire_fields
from schemas.meanings import MEANINGS
from schemas.ordinary import decode_ordinary
from schemas.plain_json import parse
from schemas.types import BY_NAME, TYPES
from tests.schemas.samples import DATA, envelope, without
from tests.schemas.test_agreement import mutated

EXAMPLES = Path(__file__).parents[2] / "contracts/examples"
JUDGES = {row.name: Draft202012Validator(event_schema(row)) for row in TYPES}
ENVELOPE = Draft202012Validator(envelope_schema())


def test_schemas_are_schemas() -> None:
    for schema in [envelope_schema(), *map(event_schema, TYPES)]:
        Draft202012Validator.check_schema(schema)


def test_every_type_has_a_meaning() -> None:
    assert list(MEANINGS) == [row.name for row in TYPES]


@pytest.mark.parametrize("name", DATA)
def test_an_example_is_taken_by_everybody_who_judges(name: str) -> None:
    raw = (EXAMPLES / f"{name}.json").read_bytes().strip()
    event = decode(raw)
    assert isinstance(event, Event)
    assert NAME_OF[event.kind] == name
    assert event == decode_by_contract(raw)
    if is_activity(event.kind):
        assert decode_ordinary(raw) == event
    assert not list(JUDGES[name].iter_errors(json.loads(raw)))
    assert not list(ENVELOPE.iter_errors(json.loads(raw)))


def test_there_is_no_other_example() -> None:
    assert {path.stem for path in EXAMPLES.iterdir()} == set(DATA)


@pytest.mark.parametrize("name", DATA)
def test_full_samples_are_valid_and_nothing_required_may_be_missing(name: str) -> None:
    judge, full = JUDGES[name], envelope(name)
    assert judge.is_valid(full)
    assert judge.is_valid(full | {"stranger": 1, "data": full["data"] | {"stranger": 1}})
    assert judge.is_valid(full | {"voided": True, "data": None})
    assert not judge.is_valid(full | {"type": "sales.other"})
    required = [field for field, held in wire_fields(BY_NAME[name].model).items() if held.is_required()]
    for path in [("id",), ("time",), *(("data", field) for field in required)]:
        assert not judge.is_valid(without(full, path)), path


@settings(max_examples=400)
@given(mutated())
def test_what_the_contract_takes_is_valid(raw: bytes) -> None:
    event = decode(raw)
    if isinstance(event, Event):
        found: Any = parse(raw)
        assert not list(JUDGES[NAME_OF[event.kind]].iter_errors(found))
        assert ENVELOPE.is_valid(found)


def test_an_answer_that_names_a_person_is_not_valid() -> None:
    answer = envelope("sales.staff_survey.answered")
    assert not JUDGES["sales.staff_survey.answered"].is_valid(answer | {"data": answer["data"] | {"rep": "R-4"}})
