"""What became of one event: the desk says of every record what the workers' stages decided."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.keyring import Publisher
from gateway.letters.letter import address_of
from schemas.event import decode
from tests.gateway.making import NOW_MS, at, raw
from tests.gateway.verdicts.newsroom import COUNTS, TOPICS, Newsroom
from tests.strategies.worlds import VERY_LATE, World, worlds

WIN = {"source": "crm/eu", "subject": "A-17", "id": "W-1"}
DEAL = {"deal": "D-9", "currency": "EUR", "rep": "R-4"}
DAY_MS = 86_400_000


def win(revision: int = 0, amount: int = 100, **more: object) -> bytes:
    """A revision of a win."""
    return raw(revision=revision, data=DEAL | {"amount_minor": amount}, **more)


async def test_a_life_of_an_event() -> None:
    room = Newsroom()
    assert (await room.ask(**WIN))[0] == 404
    room.refuse(raw(data=DEAL | {"amount_minor": -5}))
    room.publish(win())
    status, answer = await room.ask(**WIN)
    assert (status, answer["verdict"], answer["pending"], answer["standing"]) == (200, "taken", True, None)
    assert [record["verdict"] for record in answer["records"]] == ["invalid_data", "taken"]
    room.work()
    for body in (win(), win(2, 300), win(1, 200), win(2, 400)):
        room.publish(body)
    room.work()
    status, answer = await room.ask(**WIN)
    said = ["invalid_data", "accepted", "duplicate", "accepted", "superseded", "conflict"]
    assert [record["verdict"] for record in answer["records"]] == said
    assert (answer["verdict"], answer["pending"], answer["complete"]) == ("conflict", False, True)
    assert answer["standing"] == {"revision": 2, "voided": False, "received_at": "2026-11-22T10:15:00.000Z"}
    assert "the first stands" in answer["detail"]
    newest = answer["records"][-1]
    assert newest["origin"]["topic"] == "sales.activity.v1"
    assert (newest["origin"]["offset"], newest["type"]) == (4, "sales.deal.won")
    address = address_of(newest["letter"])
    assert address is not None
    assert room.log.records["dead_letters", address.partition][address.offset][2] == win(2, 400)
    room.publish(raw(revision=3, voided=True, data=None))
    room.work()
    _, answer = await room.ask(**WIN)
    assert (answer["verdict"], answer["standing"]["voided"]) == ("accepted", True)


async def test_a_touch_that_has_settled_is_too_old_to_come_again() -> None:
    room = Newsroom()
    call = {"rep": "R-4", "kind": "call", "lead": "L-1"}
    first = raw(type="sales.touch.logged", data=call)
    room.publish(first)
    later = NOW_MS + 80 * DAY_MS
    room.publish(raw(id="T-2", type="sales.touch.logged", time=at(later), data=call), at_ms=later)
    room.publish(first, at_ms=later)
    room.work()
    assert await room.verdicts(**WIN) == ["accepted", "too_old"]


async def test_a_record_that_strayed_counts_where_it_was_put_home() -> None:
    room = Newsroom()
    room.publish(win(), key=b"default/A-18")
    room.publish(win(id="W-2"), partition=(home(room) + 1) % COUNTS["activity"])
    room.work()
    assert await room.verdicts(**WIN) == ["rekeyed", "accepted"]
    assert await room.verdicts(**WIN | {"id": "W-2"}) == ["rekeyed", "accepted"]


def home(room: Newsroom) -> int:
    """Where the account's records lie."""
    return next(number for role, number in room.log.records if role == "activity")


async def test_an_organisation_s_event_needs_no_subject() -> None:
    room = Newsroom()
    rate = raw(type="sales.rate.set", subject=None, data={"currency": "USD", "base_per_unit": "0.9"})
    room.publish(rate)
    room.publish(rate)
    assert await room.verdicts(source="crm/eu", id="W-1") == ["taken", "taken"]
    room.work()
    assert await room.verdicts(source="crm/eu", id="W-1") == ["accepted", "duplicate"]
    assert (await room.ask(**WIN))[0] == 404
    assert (await room.ask(**WIN | {"subject": "default"}))[0] == 200


async def test_nobody_learns_of_another_tenant_s_events() -> None:
    keys = {name: Publisher(name, may_backfill=False) for name in ("acme", "globex")}
    keys["root"] = Publisher("ops", may_backfill=False, operator=True)
    room = Newsroom(keys)
    room.publish(win(tenant="acme"))
    room.publish(win(tenant="globex", id="W-2"), key=b"acme/A-17")
    room.refuse(raw(tenant="globex", id="W-3", data={}), tenant="globex")
    room.work()
    assert (await room.ask(**WIN))[0] == 401
    assert (await room.ask("acme", **WIN))[0] == 200
    assert (await room.ask("root", tenant="acme", **WIN))[0] == 200
    assert (await room.ask("globex", **WIN))[0] == 404
    assert (await room.ask("globex", tenant="acme", **WIN))[0] == 403
    # Its bytes say globex, its key acme: it is shown to neither.
    for asker in ("acme", "globex"):
        assert (await room.ask(asker, **WIN | {"id": "W-2"}))[0] == 404
    assert (await room.ask("globex", **WIN | {"id": "W-3"}))[1]["verdict"] == "invalid_data"
    assert (await room.ask("acme", **WIN | {"id": "W-3"}))[0] == 404


@pytest.mark.parametrize(
    ("asked", "said"),
    [({}, "source and id"), (WIN | {"kpi": "x"}, "unknown"), (WIN | {"id": ""}, "0 characters")],
)
async def test_a_wrong_question(asked: dict[str, str], said: str) -> None:
    status, answer = await Newsroom().ask(**asked)
    assert (status, said in answer["detail"]) == (400, True)


async def test_a_broken_reader_is_replaced_and_what_was_read_is_kept() -> None:
    room = Newsroom()
    for number in range(20):
        room.publish(win(id=f"W-{number}"))
    room.work()
    assert await room.verdicts(**WIN) == ["accepted"]
    looked, room.log.failure = room.log.looked, OSError("away")
    status, answer = await room.ask(**WIN)
    assert (status, "away" in answer["detail"], room.log.is_open) == (503, True, False)
    room.log.failure = None
    assert await room.verdicts(**WIN) == ["accepted"]
    assert room.log.looked - looked < 20, "the log was read again from the beginning"


BODIES = st.tuples(
    st.sampled_from(("W-1", "W-2", "W-3")),
    st.integers(0, 2),
    st.sampled_from((100, 200)),
    st.sampled_from((None, b"default/A-18")),
    st.booleans(),
)


@given(st.lists(BODIES, max_size=25))
async def test_every_record_has_the_verdict_that_the_worker_counted(
    bodies: list[tuple[str, int, int, bytes | None, bool]],
) -> None:
    room = Newsroom()
    for number, (name, revision, amount, key, stops) in zip(count(), bodies, strict=False):
        room.publish(win(revision, amount, id=name, time=at(NOW_MS + number % 3)), key=key)
        if stops:
            room.work()
    room.work()
    told: Counter[str] = Counter()
    for name in {name for name, *_ in bodies}:
        told.update(await room.verdicts(**WIN | {"id": name}))
    counted: Counter[str] = Counter()
    for place in room.log.records:
        if place[0] == "activity":
            counted.update({str(code): n for code, n in room.stage(place).tallies.total().items()})
    assert told == counted


@given(worlds(delays=VERY_LATE))
@settings(max_examples=25)
async def test_so_it_is_for_whatever_comes_however_late(world: World) -> None:
    room = Newsroom()
    identities = set[tuple[str, str, str, str]]()
    for arrival in (*world.activity, *world.organisation):
        room.publish(arrival.raw, key=arrival.key, partition=arrival.partition, at_ms=arrival.received_ms)
        made = decode(arrival.raw)
        identities.add((made.tenant, made.subject, made.source, made.id))
    room.work()
    told: Counter[str] = Counter()
    for tenant, subject, source, event_id in identities:
        told.update(await room.verdicts(tenant=tenant, subject=subject, source=source, id=event_id))
    counted: Counter[str] = Counter()
    for place in room.log.records:
        if place[0] in TOPICS:
            counted.update({str(code): n for code, n in room.stage(place).tallies.total().items()})
    assert told == counted
