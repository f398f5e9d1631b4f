"""Events as values: what decoding makes of them, their age, their sameness, their key, their ignored fields."""

from __future__ import annotations

import random
from typing import Any

import pytest
from aiokafka.partitioner import murmur2

from schemas.data import BASIS_POINTS, DealWon, OrderLine, RateSet, TenantConfigured, Touch
from schemas.envelope import AGE_MS, AHEAD_MS, said
from schemas.event import (
    NAME_OF,
    Event,
    Kind,
    decode,
    encode_key,
    home_partition,
    judge_time,
    same_content,
    unknown_fields,
)
from schemas.instants import milliseconds_at, milliseconds_of
from schemas.money import exponent
from schemas.types import TYPES
from schemas.verdicts import Code, Refusal
from tests.schemas.samples import DATA, envelope, written

TOUCH, WON = "sales.touch.logged", "sales.deal.won"
AT_MS = 1_795_342_500_123


def event(type_name: str = TOUCH, **attributes: Any) -> Event:
    decoded = decode(written(envelope(type_name, **attributes)))
    assert isinstance(decoded, Event), decoded
    return decoded


def test_a_touch() -> None:
    touch = Touch("call", "R-4", False, "D-9", "L-1", "outbound", "pre_sale", "reached", 310, "price")
    expected = Event(Kind.TOUCH, AT_MS, "crm/eu", "01JD", 0, False, False, "acme", "A-17", 1_795_342_501_000, touch)
    assert event() == expected


def test_defaults() -> None:
    bare = {
        name: held
        for name, held in envelope(TOUCH).items()
        if name in {"specversion", "id", "source", "type", "time", "subject", "data"}
    }
    plain = decode(written(bare))
    nulls = decode(
        written(bare | dict.fromkeys(("tenant", "revision", "voided", "backfill", "receivedat", "dataschema")))
    )
    assert isinstance(plain, Event)
    assert (plain.tenant, plain.revision, plain.voided, plain.backfill, plain.receivedat_ms) == (
        "default",
        0,
        False,
        False,
        None,
    )
    assert nulls == plain


def test_an_empty_label_is_absent() -> None:
    touch = event(data=DATA[TOUCH] | {"outcome": "", "objection": ""}).data
    assert isinstance(touch, Touch)
    assert (touch.outcome, touch.objection) == (None, None)


def test_nested_data_are_structs() -> None:
    won = event(WON).data
    assert isinstance(won, DealWon)
    assert won.splits is not None
    assert sum(split.share_bp for split in won.splits) == BASIS_POINTS
    order = event("sales.order.placed", extra=1).data
    assert isinstance(getattr(order, "lines")[0], OrderLine)  # noqa: B009 - the union has no common fields


@pytest.mark.parametrize(("day", "month"), [("sunday", "APRIL"), (7, 4), ("SunDay", "april")])
def test_day_and_month_become_numbers(day: str | int, month: str | int) -> None:
    data = event("sales.tenant.configured", data={"week_starts_on": day, "fiscal_year_starts_in": month}).data
    assert data == TenantConfigured(week_starts_on=7, fiscal_year_starts_in=4)


def test_organisation_types_without_required_fields_need_no_data() -> None:
    assert event("sales.tenant.configured", data=None).data == TenantConfigured()
    assert event("sales.rate.set", data={"currency": "USD", "base_per_unit": "0.92"}).data == RateSet("USD", "0.92")


def test_only_organisation_events_may_leave_the_subject_out() -> None:
    assert event("sales.rate.set", subject=None).subject == "acme"
    verdict = decode(written(envelope(TOUCH, subject=None)))
    assert isinstance(verdict, Refusal)
    assert verdict.code is Code.NOT_CLOUDEVENT
    assert "subject is missing; must be a non-empty string" in verdict.detail


def test_kinds_are_never_renumbered() -> None:
    assert {row.name: int(row.kind) for row in TYPES} == dict(zip(DATA, [*range(1, 36), *range(64, 85)], strict=True))
    assert set(NAME_OF) == {int(kind) for kind in Kind}


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("2026-11-22T10:15:00.1239999999Z", AT_MS),
        ("2026-11-22T11:15:00.123+01:00", AT_MS),
        ("2026-11-22t10:15:00.123z", AT_MS),
        ("2026-11-22T23:59:59.9999999Z", 1_795_391_999_999),
        ("2026-11-22T09:15:00.123456-01:00", AT_MS),
        ("2016-12-31T23:59:60Z", None),
        ("2026-11-22T10:15:00", None),
        ("2026-02-29T10:15:00Z", None),
        ("1899-12-31T23:59:59.999Z", None),
        ("3000-01-01T00:59:59+01:00", 32_503_679_999_000),
        ("3000-01-01T00:00:00Z", None),
    ],
)
def test_instants(text: str, ms: int | None) -> None:
    assert milliseconds_of(text) == milliseconds_at(text) == ms


@pytest.mark.parametrize(
    ("received_ms", "attributes", "may_backfill", "code"),
    [
        (AT_MS - AHEAD_MS, {}, False, None),
        (AT_MS - AHEAD_MS - 1, {}, False, Code.TOO_FAR_AHEAD),
        (AT_MS - AHEAD_MS - 1, {"backfill": True}, True, Code.TOO_FAR_AHEAD),
        (AT_MS - AHEAD_MS - 1, {"revision": 1, "voided": True}, True, Code.TOO_FAR_AHEAD),
        (AT_MS + AGE_MS, {}, False, None),
        (AT_MS + AGE_MS + 1, {}, True, Code.TOO_OLD),
        (AT_MS + AGE_MS + 1, {"backfill": True}, True, None),
        (AT_MS + AGE_MS + 1, {"backfill": True}, False, Code.TOO_OLD),
        (AT_MS + AGE_MS + 1, {"revision": 1}, False, None),
        (AT_MS + AGE_MS + 1, {"voided": True}, False, None),
    ],
)
@pytest.mark.parametrize("type_name", [TOUCH, WON])
def test_time_against_receipt(
    type_name: str, received_ms: int, attributes: dict[str, Any], may_backfill: bool, code: Code | None
) -> None:
    verdict = judge_time(event(type_name, **attributes), received_ms, may_backfill=may_backfill)
    assert (None if verdict is None else verdict.code) == code
    if verdict is not None:
        assert verdict.detail.startswith("event crm/eu#01JD: time is ")
        assert verdict.subject == "A-17"


def test_organisation_events_lie_anywhere_in_time() -> None:
    for received_ms in (0, AT_MS * 2):
        assert judge_time(event("sales.rate.set"), received_ms, may_backfill=False) is None


def test_same_content() -> None:
    first = event()
    assert same_content(first, event(time="2026-11-22T11:15:00.1239+01:00", backfill=True, receivedat=None, stranger=1))
    assert not same_content(first, event(time="2026-11-22T10:15:00.124Z"))
    assert not same_content(first, event(data=DATA[TOUCH] | {"kind": "email"}))
    assert not same_content(event("sales.customer.onboarded"), event("sales.customer.churned"))
    assert not same_content(first, event(voided=True))
    assert same_content(event(voided=True, data=None), event(voided=True, time="2026-11-23T10:15:00Z"))
    assert not same_content(event(voided=True), event(WON, voided=True))


def test_home_partition_is_that_of_kafka() -> None:
    numbers = random.Random(1)
    for size in [*range(70), 300]:
        key = numbers.randbytes(size)
        assert home_partition(key, 8) == (murmur2(key) & 0x7FFFFFFF) % 8
    assert encode_key("acme", "Ä-17") == b"acme/\xc3\x84-17"


def test_unknown_fields_are_named() -> None:
    assert unknown_fields(written(envelope(WON, dataschema="x", traceparent=7))) == ()
    lines = [{"product": "P", "colour": "red"}, {"colour": "blue"}]
    data = DATA[WON] | {"lines": lines, "mood": 1, "location": {"planet": "Earth"}}
    raw = written(envelope(WON, partitionkey="x", data=data))
    assert isinstance(decode(raw), Event)
    assert unknown_fields(raw) == ("data.lines[].colour", "data.location.planet", "data.mood", "partitionkey")
    assert unknown_fields(written(envelope(WON, voided=True, data={"mood": 1}))) == ()


def test_exponents() -> None:
    assert [exponent(code) for code in ("EUR", "JPY", "KWD", "CLF", "XTS")] == [2, 0, 3, 4, 2]


def test_events_are_small() -> None:
    """What a ledger keeps: no collector header, repeated strings shared."""
    first, second = event(id="1"), event(id="2")
    assert first.source is second.source
    assert first.tenant is second.tenant
    assert type(first).__struct_config__.gc is False
    assert Touch.__struct_config__.gc is False


@pytest.mark.parametrize(
    ("span_ms", "words"),
    [
        (0, "0 s"),
        (1, "0.001 s"),
        (300_000, "5 min"),
        (35 * 86_400_000 + 1, "35 d 0.001 s"),
        (86_400_000 + 3_600_000 + 59_999, "1 d 1 h 59.999 s"),
    ],
)
def test_a_refused_age_is_said_as_people_say_it(span_ms: int, words: str) -> None:
    assert said(span_ms) == words
