"""What accounts contribute to cells changes only with a new generation: digests over checked-in events tell.

A test fails here because a contribution has changed: state and derived topics of the present generation would go on
with numbers that a rebuild from the log wouldn't give. Raise the setting `generation` and add the new digest under its
number, so that the next generation is built beside the present one.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from config.settings import Settings
from schemas.envelope import FIRST_ORGANISATION_KIND, Kind
from schemas.event import Event, decode
from stream.accounts.account import Account
from stream.accounts.contributions import contributions
from stream.accounts.fold import fold
from stream.board.measures import MEASURES

GOLDEN = Path(__file__).parent / "golden"
NEVER_MS = -(2**62)


def events() -> list[Event]:
    """The checked-in events, all of them valid."""
    found = [decode(line) for line in (GOLDEN / "activity.ndjson").read_bytes().splitlines()]
    assert all(isinstance(event, Event) for event in found)
    return [event for event in found if isinstance(event, Event)]


def lines() -> list[str]:
    """Every cell of every account with its amount, one a line, in order."""
    accounts: dict[str, Account] = {}
    for event in events():
        account = accounts.setdefault(event.subject, Account(event.tenant, event.subject))
        fold(account, event, event.time_ms, settle_before_ms=NEVER_MS)
    return sorted(
        json.dumps([subject, *cell, amount])
        for subject, account in accounts.items()
        for cell, amount in contributions(account).items()
    )


def test_the_events_hold_every_kind_and_make_every_measure() -> None:
    kinds = {kind for kind in map(int, Kind) if kind < FIRST_ORGANISATION_KIND}
    assert {event.kind for event in events()} == kinds
    assert {json.loads(line)[1] for line in lines()} == MEASURES


def test_contributions_are_those_of_the_default_generation() -> None:
    digests = json.loads((GOLDEN / "digests.json").read_text())
    generation = Settings.model_fields["generation"].default
    assert generation == max(map(int, digests)), "a digest without its generation"
    digest = sha256("\n".join(lines()).encode()).hexdigest()
    assert digests[str(generation)] == digest, "contributions have changed: see this module's first lines"
