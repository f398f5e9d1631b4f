"""Records in binary mode through both stages: the same state, cells and letters' reasons as their structured twins."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from schemas.binary_mode import structured_record
from schemas.event import Event, decode
from schemas.records import Headers, Output, RecordBatch, Snapshot
from stream.accounts.stage import AccountsStage
from stream.board.stage import BoardStage
from tests.schemas.samples import envelope, written
from tests.schemas.test_binary_mode import headers_of

RECEIVED_MS = 1_795_342_500_500


class Sent(NamedTuple):
    """A record as published."""

    key: bytes
    value: bytes
    headers: Headers


def sent(event: dict[str, Any], *, key: bytes, is_binary: bool) -> Sent:
    if is_binary:
        return Sent(key, written(event["data"]), headers_of(event))
    return Sent(key, written(event), ())


def batch(source: str, records: list[Sent]) -> RecordBatch:
    return RecordBatch(
        source,
        0,
        start=0,
        next_offset=len(records),
        keys=[record.key for record in records],
        values=[record.value for record in records],
        offsets=list(range(len(records))),
        received_ms=[RECEIVED_MS] * len(records),
        headers={n: record.headers for n, record in enumerate(records) if record.headers},
    )


def accounts() -> AccountsStage:
    return AccountsStage(0, partitions=1, cells_partitions=1)


def folded(stage: AccountsStage | BoardStage, source: str, records: list[Sent]) -> Snapshot:
    stage.fold(batch(source, records))
    ends = dict.fromkeys(stage.sources, 0) | {source: len(records)}
    return stage.snapshot(ends, flush_before=dict.fromkeys(stage.sources, len(records)))


def letters(snapshot: Snapshot) -> list[Output]:
    return [output for output in snapshot.outputs if output.topic == "dead_letters"]


ACTIVITY = [
    envelope("sales.lead.created", id="1"),
    envelope("sales.touch.logged", id="2", unknown_extension="x"),
    envelope("sales.deal.won", id="3"),
    envelope("sales.deal.won", id="3", revision=1, voided=True),
    envelope("sales.touch.logged", id="2"),
]


@pytest.mark.parametrize("is_mixed", [False, True])
def test_accounts_make_the_same_of_both_modes(is_mixed: bool) -> None:
    for event in ACTIVITY:
        event.pop("datacontenttype", None)
    plain = folded(accounts(), "activity", [sent(event, key=b"acme/A-17", is_binary=False) for event in ACTIVITY])
    modes = [n % 2 == 0 if is_mixed else True for n in range(len(ACTIVITY))]
    records = [sent(event, key=b"acme/A-17", is_binary=mode) for event, mode in zip(ACTIVITY, modes, strict=True)]
    assert folded(accounts(), "activity", records) == plain
    again = accounts()
    again.refold(batch("activity", records))
    again.finish_restore()
    assert again.shelf.live.keys() == {b"acme/A-17"}


def test_board_makes_the_same_of_both_modes() -> None:
    events = [envelope("sales.roster.changed", id="1"), envelope("sales.target.set", id="2")]
    both = [
        folded(
            BoardStage(0, partitions=1),
            "organisation",
            [sent(event, key=b"acme", is_binary=is_binary) for event in events],
        )
        for is_binary in (False, True)
    ]
    assert both[0].position == both[1].position
    assert [key for key, _ in both[0].rows] == [key for key, _ in both[1].rows]
    events_in_rows = [[decode(bytes(row[8:])) for _, row in snapshot.rows if row] for snapshot in both]
    assert [event for event in events_in_rows[0] if isinstance(event, Event)]
    assert events_in_rows[0] == events_in_rows[1]


def test_a_letter_holds_what_came_with_its_headers() -> None:
    event = envelope("sales.deal.won", data={"deal": "D-1"})
    record = sent(event, key=b"acme/A-17", is_binary=True)
    (letter,) = letters(folded(accounts(), "activity", [record]))
    assert letter.value == record.value
    assert set(record.headers) <= set(letter.headers)
    # Whoever sends it again puts it together anew: the verdict is the same.
    (twin,) = letters(folded(accounts(), "activity", [sent(event, key=b"acme/A-17", is_binary=False)]))
    assert [pair for pair in letter.headers if pair not in record.headers] == list(twin.headers)
    assert decode(structured_record(letter.headers, letter.value)) == decode(written(event))


def test_a_stray_record_goes_home_as_a_structured_event() -> None:
    event = envelope("sales.touch.logged")
    (home,) = folded(accounts(), "activity", [sent(event, key=b"acme/other", is_binary=True)]).outputs
    assert (home.topic, home.key) == ("activity", b"acme/A-17")
    assert [name for name, _ in home.headers] == ["received-at", "rekeyed-from"]
    assert home.value is not None
    assert decode(home.value) == decode(written(event))


@pytest.mark.parametrize("value", [b'{"rep":"R-4","survey":', b'{"rep":"R-4"}', b'{"who":[{"Rep_Id":"R-4"}]}'])
@pytest.mark.parametrize("attribute", ["ce_rep", "ce_x"])
def test_nothing_is_left_of_an_answer_that_names_a_person(value: bytes, attribute: str) -> None:
    headers = (*headers_of(envelope("sales.staff_survey.answered")), (attribute, b"R-4"))
    (letter,) = letters(folded(BoardStage(0, partitions=1), "organisation", [Sent(b"acme", value, headers)]))
    assert letter.value == b""
    assert b"R-4" not in b"".join(text for _, text in letter.headers)
    assert not [name for name, _ in letter.headers if name.startswith("ce_")]


def test_vast_headers_are_kept_in_the_structured_form() -> None:
    headers = (*headers_of(envelope("sales.touch.logged")), ("ce_x", b"x" * 70_000))
    (letter,) = letters(folded(accounts(), "activity", [Sent(b"acme/A-17", b"{}", headers)]))
    assert letter.value is not None
    assert letter.value.startswith(b'{"specversion"')
    assert dict(letter.headers)["reason"] == b"too_large"


def test_a_letter_of_no_json_is_found_under_the_identity_in_its_headers() -> None:
    record = Sent(b"acme/A-1", b"{no json", headers_of(envelope("sales.touch.logged", id="no-json", source="crm/eu")))
    (letter,) = letters(folded(accounts(), "activity", [record]))
    named = dict(letter.headers)
    assert (named["reason"], named["source"], named["id"]) == (b"malformed_json", b"crm/eu", b"no-json")
    assert letter.value == b"{no json"
