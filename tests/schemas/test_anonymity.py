"""Answers to a staff survey that name a person: refused in words that don't, and nothing of them is kept."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.anonymity import may_be_kept
from schemas.contract import decode_by_contract
from schemas.event import Event, decode
from schemas.verdicts import Code, Refusal
from tests.schemas.samples import DATA, envelope, written

ANSWERED = "sales.staff_survey.answered"
SOMEBODY = "R-4711"


def answer(attributes: dict[str, Any], **fields: Any) -> bytes:
    return written(envelope(ANSWERED, data=DATA[ANSWERED] | fields) | attributes)


@pytest.mark.parametrize(
    ("attributes", "fields", "where"),
    [
        ({}, {"rep": SOMEBODY}, "data.rep"),
        ({}, {"rep": 4711}, "data.rep"),
        ({}, {"REP_ID": SOMEBODY}, "data.rep_id"),
        ({}, {"reps": [SOMEBODY]}, "data.reps"),
        ({}, {"who": {SOMEBODY: [{"rep": SOMEBODY}]}}, "data.….rep"),
        ({}, {"rep": SOMEBODY, "score": 99}, "data.rep"),
        ({"rep": SOMEBODY}, {}, "rep"),
        ({"voided": True}, {"rep": SOMEBODY}, "data.rep"),
    ],
)
def test_a_name_is_refused_and_not_repeated(attributes: dict[str, Any], fields: dict[str, Any], where: str) -> None:
    raw = answer(attributes, **fields)
    verdict = decode(raw)
    assert isinstance(verdict, Refusal)
    assert verdict == decode_by_contract(raw)
    assert verdict.code is Code.NOT_ANONYMOUS
    allowed = "absent: an answer names nobody (docs/publishing.md#anonymity)"
    assert verdict.detail == f"event crm/eu#01JD: {where} is there; must be {allowed}"
    assert SOMEBODY not in repr(verdict)
    assert not may_be_kept(verdict, raw)


@pytest.mark.parametrize("nobody", [None, "", [], {}])
def test_an_empty_field_names_nobody(nobody: Any) -> None:
    assert isinstance(decode(answer({}, rep=nobody)), Event)


@pytest.mark.parametrize("name", [name for name in DATA if name != ANSWERED])
def test_every_other_type_may_name_reps(name: str) -> None:
    assert isinstance(decode(written(envelope(name, data=DATA[name] | {"reps": [SOMEBODY]}))), Event)


@pytest.mark.parametrize(
    ("raw", "is_kept"),
    [
        (answer({"time": "yesterday"}, rep=SOMEBODY), False),
        (answer({"time": "yesterday"}, rep=SOMEBODY)[:-3], False),
        (answer({"time": "yesterday"}, rep=SOMEBODY).replace(b'"rep"', b'"\\u0072ep"'), False),
        (answer({"time": "yesterday"}), True),
        (written(envelope("sales.touch.logged", time="yesterday")), True),
    ],
)
def test_bytes_that_are_refused_for_something_else(raw: bytes, is_kept: bool) -> None:
    verdict = decode(raw)
    assert isinstance(verdict, Refusal)
    assert verdict.code is not Code.NOT_ANONYMOUS
    assert may_be_kept(verdict, raw) == is_kept
