"""Sending letters again: judged anew, to the topic and partition their event belongs in, with the receipt they had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateway.ingest import NOT_TAKEN
from gateway.letters.judging import ACCEPTABLE, Rules, judge_again
from gateway.letters.letter import Address, Letter, Mark, encode_mark
from gateway.letters.patching import Patch, Unpatchable
from gateway.log_writer import LogUnavailable, LogWriter
from gateway.records import Outgoing, Router
from schemas.event import Event
from schemas.verdicts import Code, Refusal

REDRIVE_OF = "redrive-of"
UNPATCHABLE = "unpatchable"
WRITTEN_ROLES = ("activity", "organisation", "redrives")
_NOT_TAKEN_DETAIL = "the broker has not confirmed it; send it again, a repeat changes nothing"


class Outcome(msgspec.Struct, omit_defaults=True):
    """What became of a letter, or would: ``code`` is taken, acceptable, not_taken, unpatchable or a refusal's."""

    address: str
    code: str
    source: str = ""
    id: str = ""
    revision: int = 0
    detail: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it was sent, or can be."""
        return self.code in (Code.TAKEN, ACCEPTABLE)


class Prepared(NamedTuple):
    """A letter with the event that would be sent in its place; ``raw`` is None where the patch can't be laid on it."""

    letter: Letter
    raw: bytes | None
    event: Event | None
    outcome: Outcome


def prepare(letter: Letter, patch: Patch, rules: Rules, now_ms: int) -> Prepared:
    """A letter as patched, and what would become of it by the contract of today."""
    address, raw = str(letter.address), None
    try:
        raw = patch.apply(letter.raw) if letter.has_bytes else letter.raw
    except Unpatchable as exc:
        told = Outcome(address, UNPATCHABLE, letter.told("source"), letter.told("id"), detail=str(exc))
        return Prepared(letter, None, None, told)
    judged = judge_again(letter, patch, raw, rules, now_ms)
    if isinstance(judged, Refusal):
        told = Outcome(address, judged.code, judged.source, judged.id, detail=judged.detail)
        return Prepared(letter, raw, None, told)
    told = Outcome(address, ACCEPTABLE, judged.source, judged.id, judged.revision)
    return Prepared(letter, raw, judged, told)


class Redriver:
    """Sends prepared letters and marks them as sent."""

    def __init__(self, writer: LogWriter, signing_key: bytes) -> None:
        self._writer = writer
        self._signing_key = signing_key
        self._router: Router | None = None

    @property
    def keeps_receipt(self) -> bool:
        """Whether what is sent proves when it was received; without a signing key its arrival counts."""
        return bool(self._signing_key)

    def learn_partitions(self, partitions: Mapping[str, int]) -> None:
        """Take the cluster's partition counts by role; before the first time nothing can be sent."""
        self._router = Router(partitions, self._signing_key)

    async def send(
        self, prepared: Sequence[Prepared], marks: dict[Address, Mark], *, by: str, now_ms: int
    ) -> list[Outcome]:
        """What became of each, in order; what was not acceptable stays so. ``marks`` learns what was marked."""
        ready = [one for one in prepared if one.event is not None]
        confirmed = await self._write([self._record(one) for one in ready])
        made: list[tuple[Address, Mark]] = []
        outcomes = {}
        for one, is_confirmed in zip(ready, confirmed, strict=True):
            told = one.outcome
            if is_confirmed:
                made.append((one.letter.address, _mark(one, marks.get(one.letter.address), by=by, now_ms=now_ms)))
                outcomes[told.address] = msgspec.structs.replace(told, code=Code.TAKEN.value)
            else:
                outcomes[told.address] = msgspec.structs.replace(told, code=NOT_TAKEN, detail=_NOT_TAKEN_DETAIL)
        records = [Outgoing("redrives", 0, mark.address.encode(), encode_mark(mark), ()) for _, mark in made]
        for (address, mark), is_marked in zip(made, await self._write(records), strict=True):
            if is_marked:
                marks[address] = mark
        return [outcomes.get(one.outcome.address, one.outcome) for one in prepared]

    def _record(self, one: Prepared) -> Outgoing | None:
        if self._router is None or one.event is None or one.raw is None:
            return None
        record = self._router.event(one.event, one.raw, one.letter.received_ms)
        return record._replace(headers=(*record.headers, (REDRIVE_OF, one.outcome.address.encode())))

    async def _write(self, records: Sequence[Outgoing | None]) -> list[bool]:
        """Which of the records the broker has."""
        there = [record for record in records if record is not None]
        if not there or len(there) < len(records):
            return [False] * len(records)
        try:
            return await self._writer.append(there)
        except LogUnavailable:
            return [False] * len(records)


def _mark(one: Prepared, before: Mark | None, *, by: str, now_ms: int) -> Mark:
    told = one.outcome
    times = 1 if before is None else before.times + 1
    is_patched = one.raw != one.letter.raw
    return Mark(told.address, now_ms, times, by, told.source, told.id, told.revision, is_patched)
