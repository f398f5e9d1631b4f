"""Whatever comes wrong and in whatever order it is mended and sent again, however often: accounts end as if all had
come right, and every record has its verdict.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.letters.judging import Rules
from gateway.letters.letter import Letter
from gateway.letters.patching import Patch
from gateway.letters.sending import Redriver, prepare
from gateway.records import Outgoing
from schemas.event import encode_key
from schemas.receipt import verified_ms
from schemas.records import Output, RecordBatch
from schemas.verdicts import Code
from stream.accounts.contributions import contributions
from stream.accounts.options import AccountsOptions
from stream.accounts.stage import AccountsStage
from tests.gateway.letters.paper import letter_of
from tests.gateway.making import Paper
from tests.strategies.drafts import BASE_MS, DAY_MS, MIX, Draft, moments, raw_of
from tests.strategies.worlds import sent_events

SECRET = b"secret"
RECEIVED_MS, LATER_MS = BASE_MS + 500 * DAY_MS, BASE_MS + 1_000 * DAY_MS
FOREVER_MS = 2**62
RULES = Rules("operator", None, keeps_receipt=True, lets_backfill=lambda _tenant: True)
ONE = {"activity": 1, "organisation": 1, "dead_letters": 1, "redrives": 1}

streams = sent_events(MIX, ["A", "B"], at=moments, most=12, least=1).flatmap(st.permutations)


class Accounts:
    """ACCOUNTS over one partition, fed record by record."""

    def __init__(self) -> None:
        options = AccountsOptions(may_backfill=True, settle_after_ms=FOREVER_MS)
        self.stage = AccountsStage(0, partitions=1, cells_partitions=1, options=options)
        self.letters: list[Output] = []
        self.records = 0

    def fold(self, key: bytes | None, value: bytes | None, received_ms: int) -> None:
        """One more record."""
        offset, self.records = self.records, self.records + 1
        batch = RecordBatch(
            "activity",
            0,
            start=offset,
            next_offset=offset + 1,
            keys=[key],
            values=[value],
            offsets=[offset],
            received_ms=[received_ms],
        )
        self.stage.fold(batch)
        outputs = self.stage.snapshot({"activity": offset + 1}, flush_before={"activity": 0}).outputs
        self.letters += [output for output in outputs if output.topic == "dead_letters"]

    def says(self) -> dict[bytes, Any]:
        """What each account adds to cells."""
        found = {key: contributions(account) for key, account in self.stage.shelf.live.items()}
        return {key: cells for key, cells in found.items() if cells}


def wrong(raw: bytes, how: int) -> tuple[bytes, Patch]:
    """An event gone wrong in one of several ways, and what mends it."""
    event = json.loads(raw)
    if how == 0:
        return raw[:-1], Patch(whole=raw)
    if how == 1:
        return _with(event, type=event["type"] + "s"), Patch(sets=(("type", event["type"]),))
    if how == 2:
        return _with(event, time=None), Patch(merge={"time": event["time"]})
    if how == 3:
        return _with(event, specversion="0.3"), Patch(merge={"specversion": "1.0"})
    return _with(event, data=[]), Patch(whole=raw)


def _with(event: dict[str, Any], **changes: Any) -> bytes:
    return json.dumps(event | changes).encode()


def send(accounts: Accounts, letter: Letter, patch: Patch) -> None:
    """Send a letter again and fold what was sent."""
    paper = Paper()
    paper.confirmed_topics.add("redrives")
    redriver = Redriver(paper, SECRET)
    redriver.learn_partitions(ONE)
    prepared = prepare(letter, patch, RULES, LATER_MS)
    assert prepared.event is not None, prepared.outcome
    (outcome,) = asyncio.run(redriver.send([prepared], {}, by="operator", now_ms=LATER_MS))
    assert outcome.code == "taken"
    (record,) = paper.of("activity")
    received_ms = verified_ms(record.headers, record.value, SECRET)
    assert received_ms == letter.received_ms
    accounts.fold(record.key, record.value, received_ms)


def distinct(drafts: list[Draft]) -> list[Draft]:
    """One of each identity and revision: which of two contents stands is a question of order, letters or not."""
    return list({(draft["subject"], draft["id"], draft.get("revision", 0)): draft for draft in drafts}.values())


@given(streams, st.data())
@settings(max_examples=120, deadline=None)
def test_mended_letters_leave_accounts_as_if_all_had_come_right(drafts: list[Draft], data: st.DataObject) -> None:
    right = [(draft, raw_of({**draft, "backfill": True})) for draft in distinct(drafts)]
    wanted, accounts = Accounts(), Accounts()
    mendings: list[Patch] = []
    for draft, raw in right:
        key = encode_key(json.loads(raw).get("tenant", "default"), draft["subject"])
        wanted.fold(key, raw, RECEIVED_MS)
        how = data.draw(st.integers(-2, 4))
        if how < 0:
            accounts.fold(key, raw, RECEIVED_MS)
        else:
            bad, patch = wrong(raw, how)
            accounts.fold(key, bad, RECEIVED_MS)
            mendings.append(patch)
    assert len(accounts.letters) == len(mendings)
    letters = [letter_of(Outgoing(*output)) for output in accounts.letters]
    for number in data.draw(st.permutations(range(len(letters)))):
        send(accounts, letters[number], mendings[number])
    assert accounts.says() == wanted.says()
    before = accounts.stage.tallies.total()
    for letter, patch in zip(letters, mendings, strict=True):
        send(accounts, letter, patch)
    again = accounts.stage.tallies.total() - before
    assert accounts.says() == wanted.says()
    assert set(again) <= {Code.DUPLICATE, Code.SUPERSEDED}
    assert again.total() == len(letters) == len(accounts.letters), "no sending became a letter"
    assert accounts.stage.tallies.total().total() == accounts.records, "every record has one verdict"
