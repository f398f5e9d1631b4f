"""Pages over partitions: in order, nothing twice, nothing left out, within a budget."""

from __future__ import annotations

from random import Random

import pytest

from gateway.letters.lanes import narrowed
from gateway.letters.letter import Address, Mark, encode_mark
from gateway.letters.log import UNBOUNDED, Budget, LetterLog, Marks
from gateway.letters.selection import Cursor, Order, Selection, State, parse_filters, read_cursor, spell
from gateway.query import BadQuery
from gateway.records import Outgoing
from tests.gateway.letters.paper import PaperReader, over_http, over_kafka
from tests.gateway.making import NOW_MS, raw

TENANTS = ("acme", "globex", "")
MINUTE_MS = 60_000


def crowd(seed: int, count: int) -> PaperReader:
    """Letters of several tenants and reasons in several partitions, some at the same moment."""
    random, reader = Random(seed), PaperReader()
    for n in range(count):
        tenant = random.choice(TENANTS)
        key = f"{tenant}/A".encode() if tenant else None
        body = b"{%d" % n if random.random() < 0.5 else raw(id=f"W-{n}", type="sales.no", tenant=tenant or "acme")
        record = over_kafka(body, key, partition=random.randrange(4))
        reader.append(record, NOW_MS + MINUTE_MS * (n // 3))
    return reader


async def walk(log: LetterLog, selection: Selection, order: Order, limit: int, budget: Budget) -> list[Address]:
    """All pages of a selection, each asked for with the cursor of the one before."""
    found: list[Address] = []
    cursor: Cursor | None = None
    for _ in range(10_000):
        ranges = await log.ranges(selection)
        page = await log.page(
            selection,
            ranges if cursor is None else narrowed(ranges, read_cursor(spell(cursor), order)),
            order,
            limit=limit,
            budget=budget,
        )
        assert len(page.letters) <= limit
        found += [letter.address for letter in page.letters]
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the pages don't end")


@pytest.mark.parametrize("order", list(Order))
@pytest.mark.parametrize("budget", [UNBOUNDED, Budget(1, 1e9)], ids=["free", "poor"])
@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_pages_hold_each_letter_once_and_in_order(
    order: Order, budget: Budget, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.letters.lanes.FIRST_CHUNK", 2)
    monkeypatch.setattr("gateway.letters.lanes.LONGEST_CHUNK", 5)
    reader = crowd(limit, 90)
    log = LetterLog(reader)
    everything = [letter async for letter in log.between(await log.ranges(Selection()))]
    assert len(everything) == 90
    for selection in (Selection(), Selection(tenant="acme", reasons=("unknown_type",)), Selection(text="w-8")):
        wanted = [letter for letter in everything if selection.takes(letter, None)]
        wanted.sort(key=lambda letter: (letter.refused_ms, *letter.address), reverse=order is Order.NEWEST)
        assert await walk(log, selection, order, limit, budget) == [letter.address for letter in wanted]


async def test_a_poor_budget_ends_a_page_early_and_the_next_goes_on() -> None:
    reader = crowd(1, 2_000)
    log, nothing = LetterLog(reader), Selection(text="not to be found")
    ranges = await log.ranges(nothing)
    page = await log.page(nothing, ranges, Order.NEWEST, limit=5, budget=Budget(300, 1e9))
    assert (page.letters, page.cursor is not None) == ([], True)
    assert reader.looked < 2_000


@pytest.mark.parametrize("order", list(Order))
async def test_heavy_letters_are_read_a_few_at_a_time(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("lanes", "log"):
        monkeypatch.setattr(f"gateway.letters.{module}.CHUNK_BYTES", 5_000)
    reader = PaperReader()
    for n in range(200):
        reader.append(over_kafka(b"{%d" % n + b" " * (3_000 if 50 < n < 150 else 0), None), NOW_MS + n)
    log, every = LetterLog(reader), Selection()
    wanted = [Address(0, n) for n in range(200)]
    found = await walk(log, every, order, 20, Budget(1, 1e9))
    assert found == (wanted if order is Order.OLDEST else wanted[::-1])


async def test_a_span_of_time_is_found_without_reading_the_rest() -> None:
    reader = crowd(2, 300)
    log = LetterLog(reader)
    span = Selection(since_ms=NOW_MS + 20 * MINUTE_MS, until_ms=NOW_MS + 22 * MINUTE_MS)
    page = await log.page(span, await log.ranges(span), Order.OLDEST, limit=500)
    assert [letter.refused_ms for letter in page.letters] == [NOW_MS + 20 * MINUTE_MS] * 3 + [
        NOW_MS + 21 * MINUTE_MS
    ] * 3
    assert reader.looked < 30
    later = Selection(since_ms=NOW_MS + 10**9)
    assert (await log.page(later, await log.ranges(later), Order.NEWEST, limit=5)).letters == []


async def test_what_the_broker_no_longer_has_is_not_asked_for() -> None:
    reader = PaperReader()
    for n in range(6):
        reader.append(over_kafka(b"{%d" % n, None), NOW_MS + n)
    reader.first["dead_letters", 0] = 4
    log = LetterLog(reader)
    assert [letter.address.offset async for letter in log.between(await log.ranges(Selection()))] == [4, 5]
    assert await log.get(Address(0, 3)) is None
    assert [await log.get(Address(*place)) for place in ((0, 6), (7, 0), (99, 0))] == [None] * 3
    found = await log.get(Address(0, 5))
    assert found is not None
    assert found.raw == b"{5"


async def test_marks_are_learnt_as_they_come_and_a_stranger_s_are_left() -> None:
    reader = PaperReader()
    letter = over_http(b"{")
    reader.append(letter, NOW_MS)
    log = LetterLog(reader)
    await log.read_marks()
    assert log.marks == {}
    address = Address(letter.partition, 0)
    first = Mark(str(address), NOW_MS, 1, "operator", "crm/eu", "W-1", 0, is_patched=True)
    for key, value in ((None, b"{}"), (b"x", encode_mark(first)), (str(address).encode(), encode_mark(first))):
        reader.append(Outgoing("redrives", 0, key, value, ()), NOW_MS)
    await log.read_marks()
    assert log.marks == {address: first}
    for state, wanted in ((State.SENT, [address]), (State.OPEN, [])):
        chosen = Selection(state=state)
        page = await log.page(chosen, await log.ranges(chosen), Order.NEWEST, limit=5)
        assert [found.address for found in page.letters] == wanted


async def test_text_is_found_however_it_is_written() -> None:
    written = [
        over_kafka(b'{"name":"M\\u00fcller",', None),
        over_kafka("{Müller".encode(), None),
        over_kafka(b"{", b"acme/M\xc3\xbcller"),
        over_kafka(b"\xff\xfe M\xc3\xbcLLER", None),
        over_kafka(b"{Muller", None),
    ]
    reader = PaperReader()
    for record in written:
        reader.append(record, NOW_MS)
    log, asked = LetterLog(reader), Selection(text="müller")
    found = [letter.address.offset async for letter in log.matching(asked, await log.ranges(asked))]
    assert found == [0, 1, 2, 3]


async def test_marks_that_were_read_are_kept_when_a_reader_is_given_up() -> None:
    reader, known = PaperReader(), Marks()
    for offset in range(10):
        mark = Mark(f"0-{offset}", NOW_MS, 1, "operator", "crm/eu", "W-1", 0, is_patched=False)
        reader.append(Outgoing("redrives", 0, mark.address.encode(), encode_mark(mark), ()), NOW_MS)
    await LetterLog(reader, known).read_marks()
    assert len(known.by_address) == known.next_offset == 10
    looked = reader.looked
    await LetterLog(reader, known).read_marks()
    assert reader.looked == looked


def test_filters_are_read_from_texts() -> None:
    given = {
        "tenant": ["acme"],
        "reason": ["conflict,too_old", "not_allowed"],
        "since": ["90m"],
        "until": ["2026-11-22T11:15:00 01:00"],
        "state": ["open"],
        "text": [""],
    }
    assert parse_filters(given, NOW_MS) == Selection(
        "acme",
        ("conflict", "too_old", "not_allowed"),
        since_ms=NOW_MS - 90 * MINUTE_MS,
        until_ms=NOW_MS,
        state=State.OPEN,
    )
    assert parse_filters({}, NOW_MS).is_everything


@pytest.mark.parametrize(
    ("name", "text"), [("reason", "taken"), ("reason", ""), ("state", "lost"), ("since", "yesterday"), ("until", "7w")]
)
def test_a_filter_that_is_none_is_named(name: str, text: str) -> None:
    with pytest.raises(BadQuery, match=f'{name} is "{text}"'):
        parse_filters({name: [text]}, NOW_MS)


def test_a_filter_given_twice_is_refused() -> None:
    with pytest.raises(BadQuery, match="source is given 2 times"):
        parse_filters({"source": ["a", "b"]}, NOW_MS)


@pytest.mark.parametrize("text", ["", "x", "é", "W10=", "WyJuZXdlc3QiLHsiLTEiOjB9XQ", "A" * 5_000])
def test_a_cursor_that_is_none_of_ours_is_refused(text: str) -> None:
    with pytest.raises(BadQuery, match="cursor"):
        read_cursor(text, Order.NEWEST)


def test_a_cursor_belongs_to_its_order() -> None:
    spelled = spell(Cursor(Order.OLDEST, {0: 1}))
    assert read_cursor(spelled, Order.OLDEST).offsets == {0: 1}
    with pytest.raises(BadQuery, match="another question"):
        read_cursor(spelled, Order.NEWEST)
