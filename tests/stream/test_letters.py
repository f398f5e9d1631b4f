"""Whose letter a refused record becomes, over Kafka."""

import pytest

from schemas.records import Headers, RecordBatch
from schemas.verdicts import Code, Refusal
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from stream.intake import owner

SOUND = (
    b'{"specversion":"1.0","id":"1","source":"crm","type":"sales.lead.created","time":"2026-11-22T10:00:00Z",'
    b'"subject":"A","tenant":"globex","data":{"lead":"L"}}'
)
ROSTER = SOUND.replace(b"sales.lead.created", b"sales.roster.changed")

OWNERS = [
    ("both agree", Code.INVALID_DATA, "acme", "acme", "acme"),
    ("only the bytes say", Code.INVALID_DATA, "acme", None, "acme"),
    ("only the key says", Code.MALFORMED_JSON, "", "acme", "acme"),
    ("neither says", Code.MALFORMED_JSON, "", None, ""),
    ("they disagree", Code.UNKNOWN_TYPE, "globex", "acme", ""),
    ("not allowed", Code.NOT_ALLOWED, "globex", None, ""),
]


@pytest.mark.parametrize(
    ("code", "told", "claimed", "wanted"), [case[1:] for case in OWNERS], ids=[c[0] for c in OWNERS]
)
def test_a_letter_is_shown_to_the_one_tenant_it_names(code: Code, told: str, claimed: str | None, wanted: str) -> None:
    assert owner(Refusal(code, "", "crm", "1", told), claimed) == wanted


def letters(
    stage: AccountsStage | BoardStage, source: str, *records: tuple[bytes | None, bytes]
) -> list[dict[str, str]]:
    """The headers of the letters that a stage writes for (key, value) records."""
    count = len(records)
    batch = RecordBatch(
        source,
        0,
        start=0,
        next_offset=count,
        keys=[key for key, _ in records],
        values=[value for _, value in records],
        offsets=list(range(count)),
        received_ms=[1_795_342_500_000] * count,
    )
    stage.fold(batch)
    offsets = {name: count if name == source else 0 for name in stage.sources}
    outputs = stage.snapshot(offsets, flush_before=dict.fromkeys(offsets, 0)).outputs
    return [text_of(output.headers) for output in outputs if output.topic == "dead_letters"]


def text_of(headers: Headers) -> dict[str, str]:
    """Headers as text."""
    return {name: value.decode() for name, value in headers}


def test_accounts_says_whose_letter_and_which_event_it_is() -> None:
    stage = AccountsStage(0, partitions=1, cells_partitions=4)
    found = letters(
        stage, "activity", (b"acme/A", b"{"), (None, b"{"), (b"acme/A", SOUND), (b"globex/A", SOUND.replace(b"L", b""))
    )
    assert [(letter["reason"], letter["tenant"], letter["id"]) for letter in found] == [
        ("malformed_json", "acme", ""),
        ("malformed_json", "", ""),
        ("not_allowed", "", "1"),
        ("invalid_data", "globex", "1"),
    ]


def test_an_organisation_s_event_under_a_known_account_s_key_is_refused() -> None:
    """Its kind has no place in an account's rows: an account that held it could not be read back."""
    sign = SOUND.replace(b"sales.lead.created", b"sales.source.heartbeat").replace(b'{"lead":"L"}', b"{}")
    (found,) = letters(
        AccountsStage(0, partitions=1, cells_partitions=4), "activity", (b"globex/A", SOUND), (b"globex/A", sign)
    )
    assert (found["reason"], found["tenant"]) == ("unknown_type", "globex")


def test_the_key_of_an_organisation_s_event_is_its_tenant_and_judged_before_the_data() -> None:
    stage = BoardStage(0, partitions=1)
    found = letters(stage, "organisation", (b"acme", b"{"), (b"acme", ROSTER), (b"globex", ROSTER), (b"globex", SOUND))
    assert [(letter["reason"], letter["tenant"]) for letter in found] == [
        ("malformed_json", "acme"),
        ("not_allowed", ""),
        ("invalid_data", "globex"),
        ("unknown_type", "globex"),
    ]
