"""A letter is judged by the contract of today and by its own receipt; what the fold is bound to refuse is not sent."""

from __future__ import annotations

import pytest

from gateway.keyring import Publisher
from gateway.letters.judging import Rules
from gateway.letters.letter import Letter
from gateway.letters.patching import NEXT, Patch
from gateway.letters.sending import Outcome, prepare
from gateway.records import Outgoing, Router
from schemas.verdicts import Code, Refusal
from tests.gateway.letters.paper import letter_of, over_http, over_kafka, refused_by_the_fold
from tests.gateway.making import NOW_MS, PARTITIONS, at, raw

YEAR_MS = 365 * 86_400_000
AS_IT_CAME = Patch()
DEFAULT = Publisher("default", may_backfill=False)


def rules(publisher: Publisher | None = None, *, keeps_receipt: bool = True, backfill: tuple[str, ...] = ()) -> Rules:
    """An operator's, or a publisher's."""
    return Rules("somebody", publisher, keeps_receipt, lambda tenant: tenant in backfill)


def outcome(letter: Letter, patch: Patch = AS_IT_CAME, under: Rules | None = None, now_ms: int = NOW_MS) -> Outcome:
    """What would become of it."""
    return prepare(letter, patch, under or rules(), now_ms).outcome


BAD_AMOUNT = raw(data={"deal": "D-9", "amount_minor": -5, "currency": "EUR"})
MENDED = Patch(sets=(("data.amount_minor", 500),))


def test_as_it_came_it_is_refused_again_and_patched_it_is_not() -> None:
    letter = letter_of(over_http(BAD_AMOUNT))
    told = outcome(letter)
    assert (told.code, told.id) == ("invalid_data", "W-1")
    assert "amount_minor is -5" in told.detail
    assert outcome(letter, MENDED).code == "acceptable"
    assert outcome(letter, Patch(merge={"data": {"amount_minor": "x"}})).code == "invalid_data"


def test_a_letter_that_today_s_contract_takes_is_acceptable_as_it_is() -> None:
    refused = Refusal(Code.UNKNOWN_TYPE, "not yet", "crm/eu", "W-1", "default", "A-17")
    assert outcome(letter_of(over_kafka(raw(), b"default/A-17", refused=refused))).code == "acceptable"


def test_the_receipt_is_the_first_one_where_it_can_be_proven() -> None:
    letter = letter_of(over_http(BAD_AMOUNT))
    assert outcome(letter, MENDED, now_ms=NOW_MS + YEAR_MS).code == "acceptable"
    told = outcome(letter, MENDED, rules(keeps_receipt=False), NOW_MS + YEAR_MS)
    assert told.code == "too_old"


def test_what_lay_ahead_of_its_receipt_still_does() -> None:
    letter = letter_of(over_http(raw(time=at(NOW_MS + 400_000))))
    assert outcome(letter, now_ms=NOW_MS + YEAR_MS).code == "too_far_ahead"
    assert outcome(letter, Patch(sets=(("time", at(NOW_MS)),)), now_ms=NOW_MS + YEAR_MS).code == "acceptable"


def test_history_needs_the_sender_s_right() -> None:
    letter = letter_of(over_http(raw(time=at(NOW_MS - YEAR_MS))))
    history = Patch(sets=(("backfill", True),))
    assert outcome(letter, history).code == "too_old"
    assert outcome(letter, history, rules(backfill=("default",))).code == "acceptable"
    assert outcome(letter, history, rules(DEFAULT, backfill=("default",))).code == "too_old"


def test_a_publisher_sends_only_its_own_tenant_s_events() -> None:
    letter = letter_of(over_http(BAD_AMOUNT))
    foreign = Patch(sets=(("data.amount_minor", 5), ("tenant", "globex")))
    assert outcome(letter, foreign, rules(DEFAULT)).code == "not_allowed"
    assert outcome(letter, foreign).code == "acceptable", "an operator may"


def test_a_conflict_needs_a_higher_revision() -> None:
    letter = letter_of(refused_by_the_fold(raw(revision=3), "conflict"))
    told = outcome(letter)
    assert told.code == "conflict"
    assert "--revision next" in told.detail
    assert outcome(letter, MENDED).code == "conflict", "other content at the same revision would be one as well"
    next_one = outcome(letter, Patch(revision=NEXT))
    assert (next_one.code, next_one.revision) == ("acceptable", 4)
    assert outcome(letter, Patch(sets=(("id", "W-2"),))).code == "acceptable", "another identity is another event"


def test_what_sorts_before_settled_touches_stays_refused() -> None:
    touch = raw(type="sales.touch.logged", data={"rep": "R-4", "kind": "call"})
    letter = letter_of(refused_by_the_fold(touch, "too_old"))
    assert outcome(letter).code == "too_old"
    assert outcome(letter, Patch(revision=NEXT)).code == "too_old"
    assert outcome(letter, Patch(sets=(("time", at(NOW_MS + 1_000)),))).code == "acceptable"


def test_where_the_tenant_was_in_doubt_somebody_has_to_say_it() -> None:
    letter = letter_of(over_kafka(raw(tenant="globex"), b"acme/A-17", refused=_foreign()))
    assert letter.tenant == ""
    assert outcome(letter).code == "not_allowed"
    assert outcome(letter, Patch(sets=(("tenant", "globex"),))).code == "acceptable"


def _foreign() -> Refusal:
    return Refusal(Code.NOT_ALLOWED, "tenant is globex, but its key is acme's", "crm/eu", "W-1", "globex", "A-17")


def test_bytes_that_were_not_kept_can_t_be_sent_whatever_is_put_in_their_place() -> None:
    refused = Refusal(Code.NOT_ANONYMOUS, "names a person", "hr", "1", "default")
    dropped = raw(type="sales.staff_survey.answered", data={"rep": "R-4"})
    foreign = Refusal(Code.NOT_ALLOWED, "another tenant's", "hr", "1", "globex")
    for why in (refused, foreign):
        letter = letter_of(Router(PARTITIONS, b"").letter(why, dropped, NOW_MS, tenant="default"))
        assert [outcome(letter, patch).code for patch in (Patch(), Patch(whole=raw()), MENDED)] == ["not_anonymous"] * 3


def test_an_empty_body_was_kept() -> None:
    letter = letter_of(over_http(b""))
    assert [outcome(letter, patch).code for patch in (Patch(), Patch(whole=raw()))] == ["malformed_json", "acceptable"]


@pytest.mark.parametrize("record", [over_http(b"{"), over_kafka(b"\xff", b"default/A-17")])
def test_bytes_that_are_no_json_take_a_whole_event(record: Outgoing) -> None:
    letter = letter_of(record)
    assert outcome(letter).code == "malformed_json"
    assert outcome(letter, MENDED).code == "unpatchable"
    assert outcome(letter, Patch(whole=raw())).code == "acceptable"


def test_an_event_of_the_other_topic_is_acceptable_since_it_will_go_to_its_own() -> None:
    roster = raw(type="sales.roster.changed", data={"rep": "R-4"})
    refused = Refusal(Code.UNKNOWN_TYPE, "an organisation event", "crm/eu", "W-1", "default", "A-17")
    assert outcome(letter_of(over_kafka(roster, b"default/A-17", refused=refused))).code == "acceptable"
