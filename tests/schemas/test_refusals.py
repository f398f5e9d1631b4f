"""What each fault is called and what the publisher reads."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.contract import decode_by_contract
from schemas.event import Event, decode
from schemas.verdicts import Code, Refusal
from tests.schemas.samples import DATA, Literally, envelope, written

WON, TOUCH, REFUND, ANSWER = "sales.deal.won", "sales.touch.logged", "sales.order.refunded", "sales.survey.answered"
ORDER, TENANT, RATE, ROSTER = "sales.order.placed", "sales.tenant.configured", "sales.rate.set", "sales.roster.changed"


def judged(raw: bytes) -> Event | Refusal:
    verdict = decode(raw)
    assert verdict == decode_by_contract(raw)
    return verdict


def refused(raw: bytes) -> Refusal:
    verdict = judged(raw)
    assert isinstance(verdict, Refusal), verdict
    return verdict


def with_data(type_name: str, **fields: Any) -> bytes:
    return written(envelope(type_name, data=DATA[type_name] | fields))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "character 0: Expecting value"),
        (b"{", "character 1: Expecting property name enclosed in double quotes"),
        (b'{"a":"\xff"}', "byte 6 is not UTF-8"),
        (b"\xef\xbb\xbf{}", "character 0: Unexpected UTF-8 BOM (decode using utf-8-sig)"),
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (rb'{"a":["\ud800"]}', r"a \u escape is half of a surrogate pair"),
        (rb'{"\udc00":1}', r"a \u escape is half of a surrogate pair"),
        (b"[" * 33 + b"]" * 33, "nests 33 levels deep; must be at most 32"),
        (b"[" * 60_000, "nests 60000 levels deep; must be at most 32"),
    ],
)
def test_malformed_json(raw: bytes, why: str) -> None:
    verdict = refused(raw)
    assert verdict.code is Code.MALFORMED_JSON
    assert verdict.detail == f"event: malformed JSON: {why} (docs/publishing.md#json)"


def test_brackets_in_strings_nest_nothing() -> None:
    assert isinstance(judged(with_data(TOUCH, outcome='"' + "[{" * 100)), Event)


def test_depth_counts_from_the_outermost_object() -> None:
    deepest = Literally("[" * 30 + "]" * 30)
    assert isinstance(judged(with_data(TOUCH, extra=deepest)), Event)
    assert refused(with_data(TOUCH, extra=Literally("[" * 31 + "]" * 31))).code is Code.MALFORMED_JSON


def test_size_comes_first_and_counts_every_byte() -> None:
    raw = written(envelope(TOUCH))
    assert isinstance(judged(raw.ljust(65_536)), Event)
    verdict = refused(raw.ljust(65_537))
    assert verdict.code is Code.TOO_LARGE
    assert verdict.detail == "event: size is 65537 bytes; must be at most 65536 (docs/publishing.md#size)"
    assert refused(b"\xff" * 65_537).code is Code.TOO_LARGE


@pytest.mark.parametrize("raw", [b"[]", b"3", b"null", b'"x"'])
def test_json_that_is_no_object(raw: bytes) -> None:
    assert refused(raw).code is Code.NOT_CLOUDEVENT
    assert refused(raw).detail == f"event: it is {raw.decode()}; must be an object (docs/publishing.md#envelope)"


NAME = "a non-empty string of at most 256 characters, without NUL (docs/publishing.md#identifiers)"
TIME = "an RFC 3339 instant with offset, from the year 1900 to 2999 (docs/publishing.md#time)"
SUBJECT = "a non-empty string of at most 256 characters, without control characters (docs/publishing.md#subject)"
TENANT_NAME = "1 to 64 of the characters A-Z a-z 0-9 . _ - (docs/publishing.md#tenant)"
REVISION = "an integer from 0 to 2147483647 (docs/publishing.md#revisions)"


@pytest.mark.parametrize(
    ("attribute", "value", "text"),
    [
        ("specversion", "0.3", 'specversion is "0.3"; must be "1.0" (docs/publishing.md#envelope)'),
        ("source", "", f'source is ""; must be {NAME}'),
        ("id", 7, f"id is 7; must be {NAME}"),
        ("type", None, f"type is null; must be {NAME}"),
        ("time", "2026-11-22", f'time is "2026-11-22"; must be {TIME}'),
        ("time", "2026-11-22T10:15:00", f'time is "2026-11-22T10:15:00"; must be {TIME}'),
        ("time", "0001-01-01T00:00:00Z", f'time is "0001-01-01T00:00:00Z"; must be {TIME}'),
        ("time", "3000-01-01T00:00:00Z", f'time is "3000-01-01T00:00:00Z"; must be {TIME}'),
        ("subject", "A\n7", rf'subject is "A\n7"; must be {SUBJECT}'),
        ("tenant", "a/b", f'tenant is "a/b"; must be {TENANT_NAME}'),
        ("tenant", "", f'tenant is ""; must be {TENANT_NAME}'),
        ("revision", 1.0, f"revision is 1.0; must be {REVISION}"),
        ("revision", True, f"revision is true; must be {REVISION}"),
        ("revision", 2**31, f"revision is 2147483648; must be {REVISION}"),
        ("voided", 1, "voided is 1; must be true or false (docs/publishing.md#values)"),
        ("receivedat", 5, f"receivedat is 5; must be {TIME}"),
        (
            "datacontenttype",
            "text/xml",
            'datacontenttype is "text/xml"; must be application/json, or absent (docs/publishing.md#envelope)',
        ),
        (
            "data_base64",
            "e30=",
            'data_base64 is "e30="; must be absent: data are JSON, under data (docs/publishing.md#envelope)',
        ),
    ],
)
def test_envelope(attribute: str, value: Any, text: str) -> None:
    verdict = refused(written(envelope(TOUCH, **{attribute: value})))
    assert verdict.code is Code.NOT_CLOUDEVENT
    assert verdict.detail.partition(": ")[2] == text


def test_a_missing_attribute() -> None:
    event = envelope(TOUCH)
    del event["time"]
    assert refused(written(event)).detail == f"event crm/eu#01JD: time is missing; must be {TIME}"


def test_types() -> None:
    unknown = refused(written(envelope(TOUCH, type="sale.won")))
    assert unknown.code is Code.UNKNOWN_TYPE
    rule = "must be one of the 56 types of this version (docs/publishing.md#types)"
    assert unknown.detail == f'event crm/eu#01JD: type is "sale.won"; {rule}'


AMOUNT = "an integer ≥ 0 in minor units, below 2^63 (docs/publishing.md#amounts)"
CURRENCY = "an ISO 4217 code of three upper-case letters (docs/publishing.md#amounts)"
SCORE = "within its scale, 0 to 10 (docs/publishing.md#surveys)"
ONE_SPLIT = [{"rep": "R-4", "share_bp": 10_000}]


@pytest.mark.parametrize(
    ("type_name", "fields", "text"),
    [
        (WON, {"amount_minor": -5}, f"data.amount_minor is -5; must be {AMOUNT}"),
        (WON, {"amount_minor": 12.5}, f"data.amount_minor is 12.5; must be {AMOUNT}"),
        (WON, {"amount_minor": "5"}, f'data.amount_minor is "5"; must be {AMOUNT}'),
        (WON, {"amount_minor": 2**63}, f"data.amount_minor is 9223372036854775808; must be {AMOUNT}"),
        (WON, {"currency": "eur"}, f'data.currency is "eur"; must be {CURRENCY}'),
        (WON, {"splits": ONE_SPLIT * 2}, "data.splits is shares that sum to 20000; must be shares that sum to 10000"),
        (
            WON,
            {"splits": [{"rep": "R-4", "share_bp": 5000}] * 2},
            "data.splits is a list that names a rep twice; must be a list that names each rep once",
        ),
        (WON, {"splits": []}, "data.splits is []; must be an array of 1 to 100 splits {rep, share_bp}"),
        (WON, {"splits": [{"rep": "R-4"}]}, "data.splits[0].share_bp is missing; must be an integer from 1 to 10000"),
        (WON, {"location": {"city": 7}}, "data.location.city is 7; must be a string of at most 256 characters"),
        (
            TOUCH,
            {"kind": "fax"},
            'data.kind is "fax"; must be one of call, email, video_meeting, meeting, demo, sms, chat',
        ),
        (TOUCH, {"rep": None}, "data.rep is missing; must be a non-empty string"),
        (TOUCH, {"rep": "R\0"}, r'data.rep is "R\u0000"; must be a non-empty string'),
        (ANSWER, {"score": 11}, f"data.score is 11; must be {SCORE}"),
        (ANSWER, {"score": Literally("1e999")}, "data.score is 1e999; must be a number between"),
        (WON, {"amount_minor": Literally("9" * 30)}, f"data.amount_minor is {'9' * 30}; must be an integer"),
        (WON, {"amount_minor": Literally(f"1{'0' * 400}")}, f"data.amount_minor is 1{'0' * 79}…; must be an integer"),
        (WON, {"amount_minor": Literally("-" + "7" * 6000)}, f"data.amount_minor is -{'7' * 79}…; must be an integer"),
        (
            ANSWER,
            {"score": 5, "scale": {"min": 5, "max": 5}},
            "data.scale is from 5 to 5; must be an object {min, max}",
        ),
        (ANSWER, {"scale": None}, "data.scale is null; must be an object {min, max} with min < max"),
        (
            REFUND,
            {"lines": None, "amount_minor": None},
            "data.amount_minor is missing; must be there, unless lines are",
        ),
        (ORDER, {"lines": []}, "data.lines is []; must be an array of 1 to 1000 lines"),
        (
            ORDER,
            {"lines": [{"product": "P", "qty": 0, "unit_price_minor": 1}]},
            "data.lines[0].qty is 0; must be an integer ≥ 1",
        ),
        (TENANT, {"time_zone": "Europe/Berln"}, 'data.time_zone is "Europe/Berln"; must be a name of the IANA'),
        (TENANT, {"time_zone": "localtime"}, 'data.time_zone is "localtime"; must be a name of the IANA'),
        (TENANT, {"week_starts_on": 0}, "data.week_starts_on is 0; must be an English day name or 1 (Monday) to 7"),
        (
            TENANT,
            {"fiscal_year_starts_in": "Foo"},
            'data.fiscal_year_starts_in is "Foo"; must be an English month name',
        ),
        (
            RATE,
            {"base_per_unit": "0.00"},
            'data.base_per_unit is "0.00"; must be a decimal string > 0 of at most 30 digits',
        ),
        (RATE, {"base_per_unit": 1.1}, "data.base_per_unit is 1.1; must be a decimal string > 0"),
        (RATE, {"base_per_unit": "1" * 31}, "must be a decimal string > 0 of at most 30 digits"),
        (
            ROSTER,
            {"ramp": {"starts_on": "2026-02-30", "months": 1}},
            'data.ramp.starts_on is "2026-02-30"; must be a date',
        ),
    ],
)
def test_data(type_name: str, fields: dict[str, Any], text: str) -> None:
    verdict = refused(with_data(type_name, **fields))
    assert verdict.code is Code.INVALID_DATA
    assert text in verdict.detail
    assert verdict.detail.startswith("event crm/eu#01JD: data.")
    assert (verdict.source, verdict.id, verdict.tenant, verdict.subject) == ("crm/eu", "01JD", "acme", "A-17")


def test_a_long_value_is_cut() -> None:
    assert len(refused(with_data(TOUCH, kind="x" * 50_000)).detail) < 300


def test_identity_as_far_as_it_can_be_read() -> None:
    verdict = refused(written({"id": "7f3a", "source": 3, "subject": "A\n1"}))
    assert (verdict.source, verdict.id, verdict.tenant, verdict.subject) == ("", "7f3a", "default", "")


@pytest.mark.parametrize("data", [None, {}, {"deal": 7}, {"x": {"y": [1]}}])
def test_the_data_of_a_void_are_not_read(data: Any) -> None:
    verdict = judged(written(envelope(WON, voided=True, data=data)))
    assert isinstance(verdict, Event)
    assert verdict.voided
    assert verdict.data is None


@pytest.mark.parametrize("voided", [True, False])
def test_data_that_are_no_object(voided: bool) -> None:
    verdict = refused(written(envelope(WON, voided=voided, data=[])))
    assert verdict.code is Code.INVALID_DATA
    assert verdict.detail.endswith("data is []; must be an object (docs/publishing.md#objects)")
