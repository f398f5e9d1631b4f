"""A partition's publication: only what changed is written, by its owner alone, and the next one goes on from there."""

from __future__ import annotations

import pytest

from agents.epochs.port import Fenced
from agents.publishing.publication import Lost, Publication
from schemas.kpi import to_line
from schemas.publication import as_of_ms_of, decode_standing, place_of
from stream.board.tick import Tick
from tests.agents.memory_log import MemoryLog
from tests.agents.publishing.ticks import SCOPES, tick


async def opened(log: MemoryLog) -> Publication:
    publication = Publication(0, log, 2)
    await publication.open("kpis-0")
    return publication


async def publish(publication: Publication, *ticks: Tick) -> list[str]:
    """The scopes of which something was written, "-" before those that are gone; the standing as "*"."""
    written = await publication.publish(ticks, is_stale=False, is_ours=lambda: True)
    places = [(place_of(each.key or b""), each.value) for each in written]
    return ["*" if place is None else ("-" if value is None else "") + place.scope for place, value in places]


async def test_only_what_changed_is_written_and_as_of_alone_is_no_change() -> None:
    log = MemoryLog()
    publication = await opened(log)
    assert await publish(publication, tick(1_000, (1, 2, 3))) == [*SCOPES, "*"]
    assert await publish(publication, tick(61_000, (1, 2, 3))) == ["*"]
    assert await publish(publication, tick(62_000, (1, 5))) == ["team:North/East", "-rep:R-1", "*"]
    last = log.records["kpis"][-1]
    standing = decode_standing(last.value or b"")
    assert (standing.as_of_ms, standing.as_of, standing.values) == (62_000, "2026-11-23T10:16:00Z", 2)
    assert as_of_ms_of(last.headers) == 62_000
    first = log.records["kpis"][0]
    assert first.value == to_line(tick(1_000, (1,)).values[0])
    assert first.key == b"acme/revenue/company/today"


async def test_the_next_owner_writes_what_differs_and_the_former_nothing_more() -> None:
    log = MemoryLog()
    former = await opened(log)
    await publish(former, tick(1_000, (1, 2, 3)))
    owner = await opened(log)
    with pytest.raises(Fenced):
        await publish(former, tick(2_000, (9, 9, 9)))
    assert await publish(owner, tick(3_000, (1, 2, 4))) == ["rep:R-1", "*"]


async def test_nothing_older_follows_whoever_published_before() -> None:
    log = MemoryLog()
    await publish(await opened(log), tick(5_000, (1, 2)))
    owner = await opened(log)
    assert await publish(owner, tick(4_000, (7, 7))) == []
    assert await publish(owner, tick(5_000, (7, 7))) == []
    assert await publish(owner, tick(4_000, (1,), tenant="other"), tick(6_000, (1, 3))) == [
        "company",
        "*",
        "team:North/East",
        "*",
    ]


async def test_a_partition_that_is_lost_meanwhile_is_not_written() -> None:
    log = MemoryLog()
    publication = await opened(log)
    with pytest.raises(Lost):
        await publication.publish([tick(1_000, (1,))], is_stale=False, is_ours=lambda: False)
    assert not log.records["kpis"]
