"""`POST /v1/events`: judge each event, write the good to the log, the refused to the dead letters, answer verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from gateway.bodies import Form, TooManyEvents, UnreadableBody, events_of
from gateway.keyring import Publisher
from gateway.log_writer import LogUnavailable, LogWriter
from gateway.records import Router
from schemas.event import Event, decode, judge_time
from schemas.verdicts import Code, Refusal
from stream.intake import JUDGED_AFTER_TENANT, foreign

NOT_TAKEN = "not_taken"
RETRY_AFTER_S = 2
_NOT_TAKEN_DETAIL = "the broker has not confirmed this event; send it again, a repeat changes nothing"


class Verdict(msgspec.Struct, omit_defaults=True):
    """What became of the event at ``index`` of a request."""

    index: int
    source: str
    id: str
    code: str
    detail: str = ""


class Answer(NamedTuple):
    """An HTTP answer: status and verdicts in the order of the events."""

    status: int
    verdicts: list[Verdict]


def unread(detail: str) -> Answer:
    """One verdict for a whole request that is too large. Nothing of it is judged, counted or kept as a letter."""
    return Answer(413, [Verdict(0, "", "", Code.TOO_LARGE, detail)])


def judge(raw: bytes, publisher: Publisher, received_ms: int) -> Event | Refusal:
    """The event in ``raw``, or why it is refused: size, JSON, envelope, type, tenant, data, time, in this order."""
    event = decode(raw)
    if isinstance(event, Refusal):
        is_foreign = event.tenant not in ("", publisher.tenant)
        return _of_another(event, publisher) if is_foreign and event.code in JUDGED_AFTER_TENANT else event
    if event.tenant != publisher.tenant:
        return _of_another(event, publisher)
    return judge_time(event, received_ms, may_backfill=publisher.may_backfill) or event


class Ingest:
    """Takes request bodies apart, judges what is in them and writes both outcomes."""

    def __init__(self, writer: LogWriter, signing_key: bytes, count_verdict: Callable[[str, int], None]) -> None:
        """``count_verdict`` is told each code met and how often."""
        self._writer = writer
        self._signing_key = signing_key
        self._count_verdict = count_verdict
        self._router: Router | None = None

    def learn_partitions(self, partitions: Mapping[str, int]) -> None:
        """Take the cluster's partition counts by role; before the first time nothing can be written."""
        self._router = Router(partitions, self._signing_key)

    async def take(
        self, form: Form, body: bytes, headers: Mapping[str, str], publisher: Publisher, received_ms: int
    ) -> Answer:
        """Judge and write the events of a body. A retry after any answer is safe."""
        try:
            raws = events_of(form, body, headers)
        except UnreadableBody as exc:
            refused = Refusal(Code.MALFORMED_JSON, str(exc))
            return await self._answer([refused], [body], publisher, received_ms, single=True)
        except TooManyEvents as exc:
            return unread(str(exc))
        judged = [judge(raw, publisher, received_ms) for raw in raws]
        return await self._answer(judged, raws, publisher, received_ms, single=form in (Form.ONE, Form.BINARY))

    async def _answer(
        self,
        judged: Sequence[Event | Refusal],
        raws: Sequence[bytes],
        publisher: Publisher,
        received_ms: int,
        *,
        single: bool,
    ) -> Answer:
        confirmed = await self._write(judged, raws, publisher, received_ms)
        verdicts = [_verdict(index, outcome, confirmed[index]) for index, outcome in enumerate(judged)]
        for code, times in Counter(verdict.code for verdict in verdicts).items():
            self._count_verdict(code, times)
        if not all(confirmed):
            return Answer(503, verdicts)
        # A body that can't be taken apart is one refused event; a batch, even of one, is answered event by event.
        return Answer(400 if single and isinstance(judged[0], Refusal) else 200, verdicts)

    async def _write(
        self, judged: Sequence[Event | Refusal], raws: Sequence[bytes], publisher: Publisher, received_ms: int
    ) -> list[bool]:
        """Which of the records the broker has."""
        router = self._router
        if router is None:
            return [False] * len(judged)
        records = [
            router.letter(outcome, raw, received_ms, tenant=publisher.tenant)
            if isinstance(outcome, Refusal)
            else router.event(outcome, raw, received_ms)
            for outcome, raw in zip(judged, raws, strict=True)
        ]
        try:
            return await self._writer.append(records)
        except LogUnavailable:
            return [False] * len(judged)


def _verdict(index: int, outcome: Event | Refusal, confirmed: bool) -> Verdict:
    """A refusal stands whether or not its letter could be written; an event is taken only with the broker's word."""
    if isinstance(outcome, Refusal):
        return Verdict(index, outcome.source, outcome.id, outcome.code, outcome.detail)
    if confirmed:
        return Verdict(index, outcome.source, outcome.id, Code.TAKEN)
    return Verdict(index, outcome.source, outcome.id, NOT_TAKEN, _NOT_TAKEN_DETAIL)


def _of_another(event: Event | Refusal, publisher: Publisher) -> Refusal:
    """In the words of the worker; the record key would be the publisher's tenant's."""
    return foreign(event.source, event.id, event.tenant, event.subject, publisher.tenant)
