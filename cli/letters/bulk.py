"""Sending many letters: one after the other through the log, in chunks that the broker confirms."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cli.letters.session import Session, now_ms
from gateway.ingest import NOT_TAKEN
from gateway.letters.lanes import Ranges
from gateway.letters.letter import Address, Letter
from gateway.letters.patching import Patch
from gateway.letters.selection import Selection
from gateway.letters.sending import Outcome, Prepared, prepare

CHUNK_LETTERS, CHUNK_BYTES = 200, 4 * 1024 * 1024

Step = Callable[[int], None]


@dataclass(frozen=True)
class Errand:
    """What is to be done with which letters: those at the addresses, or those of a selection within ranges."""

    addresses: tuple[Address, ...]
    selection: Selection
    ranges: Ranges
    patch: Patch
    dry: bool

    @property
    def places(self) -> int:
        """How many letters have to be looked at."""
        return len(self.addresses) or sum(max(0, end - begin) for begin, end in self.ranges.values())


async def run(session: Session, errand: Errand, step: Step) -> AsyncIterator[Outcome]:
    """What becomes of each letter. Ends early, after the outcomes of a chunk that the broker did not confirm."""
    chunk: list[Letter] = []
    size = 0
    async for letter in _letters(session, errand, step):
        chunk.append(letter)
        size += letter.size
        if len(chunk) >= CHUNK_LETTERS or size >= CHUNK_BYTES:
            outcomes = await _deal(session, errand, chunk)
            for outcome in outcomes:
                yield outcome
            if any(outcome.code == NOT_TAKEN for outcome in outcomes):
                return
            chunk, size = [], 0
    for outcome in await _deal(session, errand, chunk):
        yield outcome


async def count(session: Session, errand: Errand) -> int:
    """How many letters an errand is about."""
    found = 0
    async for _ in _letters(session, errand, lambda _looked: None):
        found += 1
    return found


async def _letters(session: Session, errand: Errand, step: Step) -> AsyncIterator[Letter]:
    log = session.log
    if errand.addresses:
        for address in errand.addresses:
            yield await session.letter(address)
            step(1)
        return
    async for letter in log.between(errand.ranges):
        step(1)
        if errand.selection.takes(letter, log.marks.get(letter.address)):
            yield letter


async def _deal(session: Session, errand: Errand, chunk: list[Letter]) -> list[Outcome]:
    present_ms = now_ms()
    prepared: list[Prepared] = [prepare(letter, errand.patch, session.rules, present_ms) for letter in chunk]
    if errand.dry:
        return [one.outcome for one in prepared]
    return await session.redriver.send(prepared, session.log.marks, by=session.rules.name, now_ms=present_ms)


def summed(codes: Counter[str]) -> str:
    """How many met which end."""
    told = ", ".join(f"{times:,} {code}" for code, times in codes.most_common())
    return f"{codes.total():,} letters: {told}" if codes else "no letter matches"


@contextmanager
def progress(places: int) -> Iterator[Step]:
    """A progress bar over the letters looked at; silent where standard error is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _looked: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("letters"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("letters", total=places)
        yield lambda looked: bar.update(task, advance=looked)
