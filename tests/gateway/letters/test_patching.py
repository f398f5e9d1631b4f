"""Patches change what they name, in a fixed order, and say no where JSON could not carry the outcome."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from gateway.letters.patching import NEXT, Patch, Unpatchable, merged, patch_from
from tests.gateway.making import raw

# The examples of RFC 7396, appendix A.
RFC_7396: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("target", "patch", "wanted"), RFC_7396)
def test_a_merge_is_that_of_the_rfc(target: Any, patch: Any, wanted: Any) -> None:
    assert merged(target, patch) == wanted


def test_an_empty_patch_leaves_every_byte() -> None:
    spaced = b' {"a" : 1e2}\n'
    assert Patch().apply(spaced) is spaced
    assert patch_from({}).is_empty


def test_values_are_set_by_path() -> None:
    before = b'{"data":{"lines":[{"qty":0},{"qty":2}]},"id":"\xc3\xa9"}'
    patch = Patch(sets=(("data.lines[0].qty", 1), ("data.location.city", "Berlin"), ("tenant", "acme")))
    assert json.loads(patch.apply(before)) == {
        "data": {"lines": [{"qty": 1}, {"qty": 2}], "location": {"city": "Berlin"}},
        "id": "é",
        "tenant": "acme",
    }
    assert "é".encode() in patch.apply(before)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("data.lines[7].qty", "there is a list of 1 where [7] is wanted"),
        ("data[0]", "there is no list where [0] is wanted"),
        ("id.x", 'there is no object where "x" is wanted'),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, text: str) -> None:
    with pytest.raises(Unpatchable, match=re.escape(text)):
        Patch(sets=((path, 1),)).apply(b'{"id":"1","data":{"lines":[{}]}}')


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[x]", "[0]", "a]["])
def test_what_is_no_path_is_said_to_be_none(path: str) -> None:
    with pytest.raises(Unpatchable, match="is none"):
        patch_from({"set": {path: 1}})


def test_the_next_revision_hangs_on_the_letter_alone() -> None:
    assert json.loads(Patch(revision=NEXT).apply(raw()))["revision"] == 1
    assert json.loads(Patch(revision=NEXT).apply(raw(revision=4)))["revision"] == 5
    assert json.loads(Patch(revision=NEXT, whole=raw(revision=9)).apply(raw(revision=4)))["revision"] == 5
    assert json.loads(Patch(revision=NEXT, whole=raw()).apply(b"{"))["revision"] == 1
    assert json.loads(Patch(revision=7).apply(raw(revision=4)))["revision"] == 7


def test_a_whole_event_takes_the_place_of_what_can_t_be_read() -> None:
    assert Patch(whole=b"anything").apply(b"\xff") == b"anything"
    with pytest.raises(Unpatchable, match="these bytes are no JSON"):
        Patch(merge={"a": 1}).apply(b"\xff")


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "1e999", "-1e999"])
def test_a_number_that_would_change_is_not_written(number: str) -> None:
    with pytest.raises(Unpatchable, match="written again exactly"):
        Patch(merge={"id": "2"}).apply(b'{"id":"1","extension":%s}' % number.encode())


def test_numbers_that_can_be_kept_are() -> None:
    before = b'{"id":"1","a":9223372036854775807,"b":-1.5e-7,"c":0.1}'
    assert json.loads(Patch(merge={"id": "2"}).apply(before)) == json.loads(before) | {"id": "2"}


@pytest.mark.parametrize("value", ["\ud800", float("nan")])
def test_what_json_can_t_hold_is_not_written(value: object) -> None:
    with pytest.raises(Unpatchable, match="no JSON in UTF-8"):
        Patch(sets=(("id", value),)).apply(b"{}")


@pytest.mark.parametrize(
    "given", [{"patch": 1}, {"set": []}, {"event": "x"}, {"revision": -1}, {"revision": True}, {"revision": "first"}]
)
def test_members_of_another_shape_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Unpatchable, match="must be"):
        patch_from(given)


def test_a_patch_that_names_the_tenant_is_known() -> None:
    assert [patch_from(given).names_tenant for given in ({"patch": {"tenant": "a"}}, {"set": {"tenant": "a"}})] == [
        True
    ] * 2
    assert patch_from({"event": {}}).names_tenant
    assert not patch_from({"set": {"id": "a"}, "patch": {"data": {}}}).names_tenant
